using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.Compilation;

/// <summary>What became of a workflow file: a version, or every problem it has (P10).</summary>
/// <param name="Version">Null when there are problems.</param>
/// <param name="Problems">In the order of the file.</param>
/// <param name="Files">Script files the workflow names, present or not: path as written.</param>
internal sealed record CompiledWorkflow(WorkflowVersion? Version, IReadOnlyList<Problem> Problems, IReadOnlySet<string> Files);

/// <summary>Makes versions of workflow files. Holds nothing between calls; may be called by several threads.</summary>
/// <param name="steps">Known step types.</param>
/// <param name="triggers">Known trigger types.</param>
/// <param name="missingSecret">A sentence that says how to set a secret that is not there; null for one that is.</param>
/// <param name="checkScripts">Has the sandbox parse every script and expression of a program.</param>
internal sealed class WorkflowCompiler(
    StepCatalog steps,
    TriggerCatalog triggers,
    Func<string, string?> missingSecret,
    Func<SandboxProgram, CancellationToken, Task<IReadOnlyList<ScriptProblem>>> checkScripts)
{
    private static readonly ConfigShape Root = ConfigShape.Of(typeof(WorkflowProperties));
    private static readonly ConfigShape KeyShape = ConfigShape.Of(typeof(KeyConfig));
    private readonly StepCompiler stepCompiler = new(steps);
    private readonly TriggerCompiler triggerCompiler = new(triggers);
    private readonly CanonicalFormat format = new(steps, triggers);

    /// <summary>Compiles a workflow file.</summary>
    /// <param name="workflowId">Its path below the workflows folder without <c>.json</c>.</param>
    /// <param name="file">Its bytes.</param>
    /// <param name="read">Reads a script file by its path as written, relative to the workflow file; the path is checked before.</param>
    /// <param name="cancellation">Ends the syntax check.</param>
    public async Task<CompiledWorkflow> CompileAsync(string workflowId, ReadOnlyMemory<byte> file, Func<string, ScriptFile> read, CancellationToken cancellation)
    {
        var name = workflowId + ".json";
        if (file.Length > ScriptFile.MaxBytes) return Failed(new Problem(name, "", $"The file is larger than {ScriptFile.MaxBytes / 1024} KB; split the workflow."));
        var json = Utf8Json(name, file.Span, out var broken);
        if (json is null) return Failed(broken!);
        var problems = new ProblemList(name, () => JsonPositions.Of(json));
        var compilation = new Compilation(workflowId, problems, read, missingSecret);
        using var document = JsonFile.Parse(json, "workflow", problems);
        if (document is null) return Failed([.. problems.All]);
        var version = Compile(document.RootElement, compilation);
        await CheckScriptsAsync(version?.Program ?? compilation.Program(workflowId), document.RootElement, compilation, cancellation);
        return new CompiledWorkflow(problems.IsEmpty ? version : null, problems.All, compilation.Mentioned);
    }

    /// <summary>Compiles a stored version again. Secrets and script syntax were checked when it was first made.</summary>
    public CompiledWorkflow Compile(string workflowId, VersionSource source)
    {
        var problems = new ProblemList(workflowId + ".json", null);
        var compilation = new Compilation(
            workflowId,
            problems,
            file => source.Files.TryGetValue(file, out var text) ? ScriptFile.Of(text) : ScriptFile.Failed($"\"{file}\" is not part of the stored version.") with { IsMissing = true },
            missingSecret: null);
        using var document = source.Document.ToDocument();
        var version = Compile(document.RootElement, compilation);
        return new CompiledWorkflow(version, problems.All, compilation.Mentioned);
    }

    private static CompiledWorkflow Failed(params Problem[] problems) => new(null, problems, FrozenSet<string>.Empty);

    private static byte[]? Utf8Json(string name, ReadOnlySpan<byte> file, out Problem? broken)
    {
        broken = null;
        if (file.StartsWith("\uFEFF"u8)) file = file[3..];
        if (System.Text.Unicode.Utf8.IsValid(file)) return file.ToArray();
        broken = new Problem(name, "", "The file is not UTF-8 text; save it as UTF-8.");
        return null;
    }

    private WorkflowVersion? Compile(JsonElement root, Compilation compilation)
    {
        var problems = compilation.Problems;
        if (root.ValueKind is not JsonValueKind.Object)
        {
            problems.Add("", $"Expected a workflow as an object with \"steps\", not {ConfigWords.Shown(root)}.");
            return null;
        }

        new ConfigWalk(problems.AddAtName).CheckObject(root, Root, ["triggers", "steps"]);
        var compiledTriggers = Members(root, "triggers", problems).Select(t => triggerCompiler.Compile(t.Name, t.Value, compilation)).ToList();
        triggerCompiler.CheckTogether(compiledTriggers, problems);
        var compiledSteps = Members(root, "steps", problems).Select(s => stepCompiler.Compile(s.Name, s.Value, compilation)).ToList();
        if (compiledSteps.Count == 0 && problems.IsEmpty) problems.Add(root.TryGetProperty("steps", out _) ? "/steps" : "", "A workflow needs at least one step; add \"steps\".");
        var key = CompileKey(root, compilation);
        AddContract(root, "input", Contract.Input, compilation);
        AddContract(root, "output", Contract.Output, compilation);
        var start = new Graph(compiledSteps, compiledTriggers, Text(root, "start"), Text(root, "onError") ?? OnErrorStep(root), problems).Check();
        NeedKey(root, compiledSteps, compiledTriggers, problems);
        if (!problems.IsEmpty) return null;
        var source = new VersionSource(new Json(format.Format(root)), compilation.Files);
        var properties = root.Deserialize<WorkflowProperties>(ConfigJson.Options)!;
        return new WorkflowVersion
        {
            WorkflowId = compilation.WorkflowId,
            Hash = HashOf(source),
            Name = properties.Name ?? compilation.WorkflowId,
            Description = properties.Description,
            Source = source,
            Triggers = compiledTriggers.ToFrozenDictionary(t => t.Id, t => new TriggerDefinition(t.Id, t.TypeName!, t.Config!, t.Start ?? start!) { Filter = t.Filter }, StringComparer.Ordinal),
            Steps = compiledSteps.ToFrozenDictionary(s => s.Id, s => s.Ready!, StringComparer.Ordinal),
            Start = start!,
            OnError = properties.OnError?.Step,
            OnErrorWorkflow = properties.OnError?.Workflow,
            Timeout = properties.Timeout?.Value,
            Key = key is null ? null : new WorkflowKey(key, properties.OnKeyFailure is KeyFailurePolicy.Park, properties.StateTtl?.Value),
            Retention = properties.Retention is { } retention ? new WorkflowRetention(retention.MaxAge?.Value, retention.MaxRuns, retention.FailedMaxAge?.Value) : null,
            Program = compilation.Program($"{compilation.WorkflowId}@{HashOf(source)}"),
        };
    }

    private static void NeedKey(JsonElement root, List<CompiledStep> steps, List<CompiledTrigger> triggers, ProblemList problems)
    {
        if (root.TryGetProperty("key", out _)) return;
        const string Add = "add \"key\" to the workflow, as \"${event.params.device}\", or a text of your own to have one for all events.";
        foreach (var step in steps.Where(s => s.Ready is { Type.About.PerKey: true })) problems.Add($"/steps/{JsonPointer.Escape(step.Id)}/type", $"A \"{step.Ready!.TypeName}\" step remembers what it saw of each key; {Add}");
        foreach (var trigger in triggers.Where(t => t.Config is SilenceTrigger.Config)) problems.Add($"/triggers/{JsonPointer.Escape(trigger.Id)}/type", $"A \"{trigger.TypeName}\" trigger watches each key; {Add}");
    }

    private static CompiledConfig? CompileKey(JsonElement root, Compilation compilation)
    {
        if (!root.TryGetProperty("key", out _))
        {
            foreach (var name in new[] { "onKeyFailure", "stateTtl" })
            {
                if (root.TryGetProperty(name, out _)) compilation.Problems.AddAtName("/" + name, $"\"{name}\" is about the workflow's \"key\"; add one, as \"${{event.params.device}}\".");
            }

            return null;
        }

        var key = new ConfigReader("", WorkflowKey.UnitId, KeyShape, [.. root.EnumerateObject().Select(p => p.Name)], compilation).Read(root, expressionsAllowed: true, () => { });
        if (key is null) return null;
        if ((key.Uses & ~(ScopeUse.Event | ScopeUse.Input)) != 0) compilation.Problems.Add("/key", "A key is worked out when the event comes, before the run: only \"event\" is there, and \"input\", which is event.data.");
        return key;
    }

    private static void AddContract(JsonElement root, string name, string unit, Compilation compilation)
    {
        if (root.TryGetProperty(name, out var schema) && schema.ValueKind is not JsonValueKind.Null) compilation.Scripts.Add(new SchemaUnit(unit, "/" + name, schema.GetRawText()));
    }

    private static IEnumerable<JsonProperty> Members(JsonElement root, string name, ProblemList problems)
    {
        if (!root.TryGetProperty(name, out var value)) return [];
        if (value.ValueKind is JsonValueKind.Object) return value.EnumerateObject().DistinctBy(p => p.Name);
        problems.Add("/" + name, $"Expected an object from id to {name[..^1]}, not {ConfigWords.Shown(value)}.");
        return [];
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static string? OnErrorStep(JsonElement root) => root.TryGetProperty("onError", out var handler) && handler.ValueKind is JsonValueKind.Object ? Text(handler, "step") : null;

    private async Task CheckScriptsAsync(SandboxProgram program, JsonElement root, Compilation compilation, CancellationToken cancellation)
    {
        if (program.Units.IsEmpty) return;
        IReadOnlyList<ScriptProblem> found;
        try
        {
            found = await checkScripts(program, cancellation);
        }
        catch (SandboxUnavailableException) when (!compilation.Problems.IsEmpty)
        {
            return; // the other problems are worth knowing without it
        }

        foreach (var problem in found) compilation.Problems.Add(ScriptPlaces.Locate(problem, program, root, compilation));
    }

    /// <summary>SHA-256 over the canonical document and the script files, each with its length before it; 16 hex digits.</summary>
    private static string HashOf(VersionSource source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(ReadOnlySpan<byte> bytes)
        {
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }

        Add(source.Document.Utf8.Span);
        foreach (var (path, text) in source.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            Add(Encoding.UTF8.GetBytes(path));
            Add(Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
