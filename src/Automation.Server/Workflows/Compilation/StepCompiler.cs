using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Connectors;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.Compilation;

/// <summary>A step while its file is compiled. <see cref="Ready"/> is null when the step has problems.</summary>
internal sealed record CompiledStep(string Id, IReadOnlyList<Arrow> Arrows, StepDefinition? Ready);

/// <summary>Checks one step of a workflow file and makes its definition.</summary>
internal sealed class StepCompiler(StepCatalog catalog)
{
    private static readonly ConfigShape Shared = ConfigShape.Of(typeof(StepProperties));

    /// <summary>Properties that steps of every type have.</summary>
    public static readonly string[] SharedNames = ["type", "next", .. Shared.Properties.Select(p => p.Name)];

    public CompiledStep Compile(string id, JsonElement step, Compilation compilation)
    {
        var problems = compilation.Problems;
        var pointer = "/steps/" + JsonPointer.Escape(id);
        if (!Names.IsId(id)) problems.AddAtName(pointer, $"\"{id}\" is not a step id; begin with a small letter and use only letters, digits, - and _.");
        if (step.ValueKind is not JsonValueKind.Object)
        {
            problems.Add(pointer, $"Expected a step as an object with a \"type\", not {ConfigWords.Shown(step)}.");
            return new CompiledStep(id, [], null);
        }

        var entry = IsOfBrokenConnector(step, compilation) ? null : Names.Type<StepTypeEntry>(step, pointer, "step", Find, Known(step, compilation), problems);
        var shared = ReadShared(step, pointer, entry?.Shape, problems);
        if (entry is null) return new CompiledStep(id, AnyArrows(step, pointer), null);

        var check = new Check(id, step, pointer, compilation);
        var config = new ConfigReader(pointer, "expressions/" + id, entry.Shape, SharedNames, compilation).Read(step, expressionsAllowed: true, () => entry.Step.Check(check));
        var arrows = step.TryGetProperty("next", out var next) ? Arrows.Read(next, pointer + "/next", [.. entry.Outcomes, .. check.Outcomes], problems) : [];
        return new CompiledStep(id, arrows, config is null || shared is null ? null : Define(id, entry, config, arrows, shared));

        bool Find(string name, out StepTypeEntry found) => catalog.TryGet(name, out found) || TryOperation(name, compilation, out found);
    }

    /// <summary>An operation of a connector; its file becomes part of the version.</summary>
    private bool TryOperation(string type, Compilation compilation, out StepTypeEntry entry)
    {
        entry = null!;
        if (Connector.NameOf(type) is not { } name || compilation.Connector(name) is not { } connector) return false;
        if (OperationStep.EntryOf(connector, type[(name.Length + 1)..], catalog) is not { } operation) return false;
        entry = operation;
        return true;
    }

    /// <summary>True for an operation of a file whose problems are reported: which operations it has cannot be told.</summary>
    private bool IsOfBrokenConnector(JsonElement step, Compilation compilation) =>
        TypeOf(step) is { } type && !catalog.TryGet(type, out _) && Connector.NameOf(type) is { } name && compilation.Connector(name) is null && compilation.IsBroken(name);

    /// <summary>The types that the author may have meant: of a connector, its operations; where there is no such connector, those of the one with the nearest name, and which others come with the server.</summary>
    private IEnumerable<string> Known(JsonElement step, Compilation compilation)
    {
        var types = catalog.Types.Select(t => t.Name);
        if (TypeOf(step) is not { } type || Connector.NameOf(type) is not { } name) return types;
        if (compilation.Connector(name) is { } connector) return types.Where(t => t.StartsWith(name + ".", StringComparison.Ordinal)).Concat(Operations(connector));
        var nearest = Suggestion.Nearest(name, BuiltInConnectors.Names) is { } meant ? compilation.Connector(meant) : null;
        return types.Concat(nearest is null ? [] : Operations(nearest)).Concat(BuiltInConnectors.Names.Where(n => n != nearest?.Name).Select(n => n + ".…"));

        static IEnumerable<string> Operations(Connector connector) => connector.File.Operations.Keys.Select(o => $"{connector.Name}.{o}");
    }

    private static string? TypeOf(JsonElement step) => step.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String ? type.GetString() : null;

    private static StepDefinition Define(string id, StepTypeEntry entry, ConfigTemplate config, List<Arrow> arrows, StepProperties shared) => new(
        id,
        entry.Name,
        entry.Step,
        config,
        arrows.GroupBy(a => a.Outcome, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.Select(a => a.Target).ToArray(), StringComparer.Ordinal),
        shared.Retry?.ToPolicy(),
        shared.Timeout?.Value,
        shared.Disabled,
        shared.Name ?? id);

    private static StepProperties? ReadShared(JsonElement step, string pointer, ConfigShape? config, ProblemList problems)
    {
        var before = problems.Count;
        var ownTimeout = config is not null && config.TryGet("timeout", out _);
        new ConfigWalk((at, message) =>
        {
            if (!ownTimeout || at != "/timeout") problems.Add(pointer + at, message);
        }).CheckObject(step, Shared, others: null);
        if (problems.Count > before) return null;
        if (Deserialize(step, ownTimeout) is not { } shared) return null;
        ConfigValidation.Check(shared, Shared, "", (at, message) => problems.Add(pointer + at, message));
        if (problems.Count == before && shared.Retry is { } retry && retry.Initial.Value > retry.Max.Value)
            problems.Add(pointer + "/retry", $"The first pause ({retry.Initial}) is longer than the longest ({retry.Max}); lower \"initial\" or raise \"max\".");
        return shared;
    }

    /// <summary>Null when a name occurs twice, which is reported already.</summary>
    private static StepProperties? Deserialize(JsonElement step, bool ownTimeout)
    {
        try
        {
            if (!ownTimeout) return step.Deserialize<StepProperties>(ConfigJson.Options);

            // The name is the config's; what every step has is read without it.
            var rest = JsonObject.Create(step)!;
            rest.Remove("timeout");
            return rest.Deserialize<StepProperties>(ConfigJson.Options);
        }
        catch (Exception twice) when (twice is JsonException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The arrows of a step whose type is not known: they still count for what can be reached.</summary>
    private static List<Arrow> AnyArrows(JsonElement step, string pointer) =>
        step.TryGetProperty("next", out var next) ? Arrows.Read(next, pointer + "/next", next.ValueKind is JsonValueKind.Object ? [.. next.EnumerateObject().Select(o => o.Name)] : ["done"], new ProblemList("", null)) : [];

    private sealed class Check(string stepId, JsonElement step, string pointer, Compilation compilation) : StepCheck
    {
        public List<string> Outcomes { get; } = [];

        public override string StepId => stepId;

        public override JsonElement Config => step;

        public override void Problem(string at, string message) => compilation.Problems.Add(pointer + at, message);

        public override void Missing(string at, string message) => compilation.Missing(pointer + at, message);

        public override void Outcome(string name) => Outcomes.Add(name);

        public override void Script(SandboxUnit unit)
        {
            if (unit.Id != UnitId) throw new InvalidOperationException($"A step's script has the id {UnitId}, not {unit.Id}.");
            compilation.Scripts.Add(unit);
        }

        public override ConfigTemplate Template(string part, ConfigShape shape, JsonElement written, string at)
        {
            var own = new Compilation(compilation.WorkflowId, new ProblemList("", null), _ => ScriptFile.Failed(""), missingSecret: null);
            var config = new ConfigReader(at, $"{part}/{stepId}", shape, [], own).Read(written, expressionsAllowed: true, () => { });
            if (config is null) throw new InvalidOperationException($"A template of {stepId} that was checked has a problem: {own.Problems.All[0].Message}");
            compilation.Expressions.AddRange(own.Expressions);
            return config;
        }

        public override void Secret(string at, string name) => compilation.Secret(pointer + at, name);

        public override bool HasSecret(string name) => compilation.HasSecret(name);

        public override string? ReadFile(string at, string file) => compilation.ReadFile(pointer + at, file);
    }
}
