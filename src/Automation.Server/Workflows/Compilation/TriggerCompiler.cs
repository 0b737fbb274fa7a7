using System.Text.Json;
using Automation.Server.Sandbox;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Filters;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows.Compilation;

/// <summary>A trigger while its file is compiled.</summary>
/// <param name="Id">Key in the file.</param>
/// <param name="Start">The step it names, as written; null when it names none.</param>
/// <param name="TypeName">Null when the type is not known.</param>
/// <param name="Config">Null when the trigger has problems.</param>
internal sealed record CompiledTrigger(string Id, string? Start, string? TypeName, object? Config)
{
    public TriggerFilter? Filter { get; init; }
}

/// <summary>Checks one trigger of a workflow file and reads its config.</summary>
internal sealed class TriggerCompiler(TriggerCatalog catalog)
{
    private static readonly string[] SharedNames = ["type", "start", .. TriggerFilters.Names];
    private static readonly ConfigShape FilterShape = ConfigShape.Of(typeof(TriggerFilters));

    public CompiledTrigger Compile(string id, JsonElement trigger, Compilation compilation)
    {
        var problems = compilation.Problems;
        var pointer = "/triggers/" + JsonPointer.Escape(id);
        if (!Names.IsId(id)) problems.AddAtName(pointer, $"\"{id}\" is not a trigger id; begin with a small letter and use only letters, digits, - and _.");
        if (trigger.ValueKind is not JsonValueKind.Object)
        {
            problems.Add(pointer, $"Expected a trigger as an object with a \"type\", not {ConfigWords.Shown(trigger)}.");
            return new CompiledTrigger(id, null, null, null);
        }

        var start = Names.StepId(trigger, "start", pointer, problems);
        var entry = Names.Type<TriggerTypeEntry>(trigger, pointer, "trigger", catalog.TryGet, catalog.Types.Select(t => t.Name), problems);
        if (entry is null) return new CompiledTrigger(id, start, null, null);

        var before = problems.Count;
        var reader = new ConfigReader(pointer, "triggers/" + id, entry.Shape, SharedNames, compilation);
        var config = reader.Read(trigger, expressionsAllowed: false, () => entry.Trigger.Check(new Check(id, trigger, pointer, compilation)));
        var filter = ReadFilter(id, trigger, pointer, entry.Name, compilation);
        return new CompiledTrigger(id, start, entry.Name, problems.Count == before ? config?.Constant : null) { Filter = filter };
    }

    private static TriggerFilter? ReadFilter(string id, JsonElement trigger, string pointer, string type, Compilation compilation)
    {
        if (TriggerFilters.Names.FirstOrDefault(name => trigger.TryGetProperty(name, out _)) is not { } first) return null;
        if (first == "idempotencyWindow") compilation.Problems.AddAtName($"{pointer}/{first}", "\"idempotencyWindow\" is about \"idempotencyKey\"; add one, as \"${event.headers['x-request-id']}\".");
        if (type == "silence") compilation.Problems.AddAtName($"{pointer}/{first}", "A silence trigger takes no filters: nothing comes to it from outside. Put an \"if\" step behind it.");
        var unit = "filters/" + id;
        var config = new ConfigReader(pointer, unit, FilterShape, [.. trigger.EnumerateObject().Select(p => p.Name)], compilation).Read(trigger, expressionsAllowed: true, () => { });
        if (config is null) return null;
        if ((config.Uses & ~(ScopeUse.Event | ScopeUse.Input)) != 0) compilation.Problems.Add($"{pointer}/{first}", "Filters decide when the event comes, before any run: only \"event\" is there, and \"input\", which is event.data.");
        return new TriggerFilter(config, unit, TriggerFilters.Remembering.Any(name => trigger.TryGetProperty(name, out _)));
    }

    /// <summary>Has each type look at its triggers of one file together.</summary>
    public void CheckTogether(IEnumerable<CompiledTrigger> triggers, ProblemList problems)
    {
        foreach (var ofType in triggers.Where(t => t.Config is not null).GroupBy(t => t.TypeName!, StringComparer.Ordinal))
        {
            if (!catalog.TryGet(ofType.Key, out var entry)) continue;
            entry.Trigger.CheckTogether(ofType.Select(t => (t.Id, t.Config!)), (id, pointer, message) => problems.Add($"/triggers/{JsonPointer.Escape(id)}{pointer}", message));
        }
    }

    /// <summary>The unit of a version's program that holds a trigger's schema.</summary>
    public static string SchemaUnitOf(string triggerId) => "schema/" + triggerId;

    private sealed class Check(string id, JsonElement trigger, string pointer, Compilation compilation) : TriggerCheck
    {
        public override JsonElement Config => trigger;

        public override void Problem(string at, string message)
        {
            // One sentence for a value, and the first is the record's: it tells of the form, as of an expression that is not possible there.
            if (!compilation.Problems.Has(pointer + at)) compilation.Problems.Add(pointer + at, message);
        }

        public override void Missing(string at, string message) => compilation.Missing(pointer + at, message);

        public override string Schema(string at, JsonElement schema)
        {
            var unit = SchemaUnitOf(id);
            compilation.Scripts.Add(new SchemaUnit(unit, pointer + at, schema.GetRawText()));
            return unit;
        }

        public override void Secret(string at, string name) => compilation.Secret(pointer + at, name);
    }
}
