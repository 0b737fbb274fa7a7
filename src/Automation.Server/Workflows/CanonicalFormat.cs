using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Filters;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows;

/// <summary>The one way a workflow file is written, so that a change of one value is a change of one line.</summary>
/// <remarks>
/// <list type="number">
/// <item>UTF-8 without byte order mark, lines end in LF, two spaces an indent, one newline at the end.</item>
/// <item>A workflow's properties: <c>$schema</c>, <c>name</c>, <c>description</c>, <c>key</c>, <c>onKeyFailure</c>, <c>stateTtl</c>, <c>timeout</c>, <c>retention</c>, <c>input</c>, <c>output</c>, <c>triggers</c>, <c>steps</c>, <c>start</c>, <c>onError</c>.
/// A trigger's: <c>type</c>, its config in the order of the config record, <c>start</c>.
/// A step's: <c>type</c>, <c>name</c>, <c>notes</c>, its config in the order of the config record, <c>retry</c>, <c>timeout</c>, <c>disabled</c>, <c>next</c>.
/// Objects inside that are records themselves follow their record. Unknown properties come last, as they stood.
/// Everything keyed by the author (triggers, steps, outcomes, headers, bodies) keeps the author's order.</item>
/// <item>The workflow, <c>triggers</c>, <c>steps</c>, each trigger and each step take a line a property. Elsewhere an object or list that holds no
/// other object or list stands on one line, <c>{ "a": 1 }</c> and <c>["a", "b"]</c>, when that line has at most 100 characters with the comma
/// behind it, whether there is a comma or not; else it takes a line an entry. Empty ones are <c>{}</c> and <c>[]</c>. A step's <c>code</c> given as a list always takes a line an entry.</item>
/// <item>Strings escape only <c>"</c>, <c>\</c> and control characters. Numbers stay as written.</item>
/// </list>
/// Formatting what is formatted changes nothing. Any JSON value is accepted, also one that is no valid workflow.
/// </remarks>
internal sealed class CanonicalFormat(StepCatalog steps, TriggerCatalog triggers)
{
    private static readonly string[] WorkflowOrder = ["$schema", "name", "description", "key", "onKeyFailure", "stateTtl", "timeout", "retention", "input", "output", "triggers", "steps", "start", "onError"];

    private static readonly string[] StepOrder = ["type", "name", "notes", "retry", "timeout", "disabled", "next"];

    /// <summary>Formats a workflow file.</summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public byte[] Format(ReadOnlyMemory<byte> file)
    {
        using var document = JsonDocument.Parse(file.Span.StartsWith("\uFEFF"u8) ? file[3..] : file);
        return Format(document.RootElement);
    }

    public byte[] Format(JsonElement workflow)
    {
        var writer = new CanonicalWriter();
        WriteObjectOrValue(writer, workflow, WorkflowOrder, WriteWorkflowProperty);
        writer.End();
        return writer.ToArray();
    }

    private void WriteWorkflowProperty(CanonicalWriter writer, string name, JsonElement value)
    {
        if (name is "steps" or "triggers") WriteObjectOrValue(writer, value, [], name is "steps" ? WriteStep : WriteTrigger);
        else WriteValue(writer, value, name is "retention" ? ConfigShape.Of(typeof(Compilation.RetentionProperties)) : null);
    }

    private void WriteStep(CanonicalWriter writer, string id, JsonElement step)
    {
        var shape = TypeOf(step) is { } type && steps.TryGet(type, out var entry) ? entry.Shape : null;
        string[] own = shape is null && step.ValueKind is JsonValueKind.Object ? [.. step.EnumerateObject().Select(p => p.Name).Except(StepOrder)] : Names(shape); // an operation's fields stay as they stood, whatever its connector says today
        string[] order = ["type", "name", "notes", .. own, "retry", "timeout", "disabled", "next"];
        WriteObjectOrValue(writer, step, order, (w, name, value) =>
        {
            if (name == "code" && value.ValueKind is JsonValueKind.Array) w.List(value.EnumerateArray(), item => WriteValue(w, item, null), oneLine: false);
            else if (name == "retry") WriteValue(w, value, ConfigShape.Of(typeof(Compilation.RetryProperties)));
            else WriteValue(w, value, ShapeOf(shape, name));
        });
    }

    private void WriteTrigger(CanonicalWriter writer, string id, JsonElement trigger)
    {
        var shape = TypeOf(trigger) is { } type && triggers.TryGet(type, out var entry) ? entry.Shape : null;
        WriteObjectOrValue(writer, trigger, ["type", .. Names(shape), .. TriggerFilters.Names, "start"], (w, name, value) => WriteValue(w, value, ShapeOf(TriggerFilters.Names.Contains(name) ? ConfigShape.Of(typeof(TriggerFilters)) : shape, name)));
    }

    private static void WriteObjectOrValue(CanonicalWriter writer, JsonElement value, string[] order, Action<CanonicalWriter, string, JsonElement> write)
    {
        if (value.ValueKind is JsonValueKind.Object) writer.Object(Ordered(value, order), p => write(writer, p.Name, p.Value), oneLine: false);
        else WriteValue(writer, value, null);
    }

    private static void WriteValue(CanonicalWriter writer, JsonElement value, ConfigShape? shape)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var properties = Ordered(value, Names(shape));
                writer.Object(properties, p => WriteValue(writer, p.Value, ShapeOf(shape, p.Name)), properties.All(p => IsScalar(p.Value)));
                break;
            case JsonValueKind.Array:
                writer.List(value.EnumerateArray(), item => WriteValue(writer, item, shape?.Element), value.EnumerateArray().All(IsScalar));
                break;
            default:
                writer.Scalar(value);
                break;
        }
    }

    private static bool IsScalar(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array);

    private static string? TypeOf(JsonElement element) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String ? type.GetString() : null;

    private static string[] Names(ConfigShape? shape) => shape is null ? [] : [.. shape.Properties.Select(p => p.Name)];

    private static ConfigShape? ShapeOf(ConfigShape? shape, string name) => shape is null ? null : shape.TryGet(name, out var property) ? property.Shape : shape.Element;

    private static List<JsonProperty> Ordered(JsonElement value, string[] order) =>
        [.. value.EnumerateObject().OrderBy(p => Array.IndexOf(order, p.Name) is var at and >= 0 ? at : int.MaxValue)];
}
