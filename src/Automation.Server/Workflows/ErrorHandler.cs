using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows;

/// <summary>A workflow's <c>onError</c>: the id of a step, or <c>{ "step", "workflow" }</c> with either or both.</summary>
/// <param name="Step">The step that gets errors no step's <c>error</c> outcome takes.</param>
/// <param name="Workflow">Id of the workflow that is told when a run fails.</param>
[ConfigSchema("""{ "anyOf": [{ "type": "string" }, { "type": "object", "properties": { "step": { "type": "string", "description": "Id of a step of this workflow." }, "workflow": { "type": "string", "description": "Id of a workflow that is started when a run fails." } }, "additionalProperties": false }] }""")]
[JsonConverter(typeof(Converter))]
internal sealed record ErrorHandler(string? Step, string? Workflow)
{
    private sealed class Converter : JsonConverter<ErrorHandler>
    {
        public override ErrorHandler Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var element = JsonElement.ParseValue(ref reader);
            if (element.ValueKind is JsonValueKind.String) return new ErrorHandler(element.GetString(), null);
            if (element.ValueKind is not JsonValueKind.Object || element.EnumerateObject().Any(p => p.Name is not ("step" or "workflow") || p.Value.ValueKind is not JsonValueKind.String) || !element.EnumerateObject().Any())
            {
                throw new JsonException("Expected the id of a step, or { \"step\", \"workflow\" } with the id of a step, of a workflow, or both.");
            }

            return new ErrorHandler(Id(element, "step"), Id(element, "workflow"));
        }

        public override void Write(Utf8JsonWriter writer, ErrorHandler value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            if (value.Step is { } step) writer.WriteString("step", step);
            if (value.Workflow is { } workflow) writer.WriteString("workflow", workflow);
            writer.WriteEndObject();
        }

        private static string? Id(JsonElement element, string name) => element.TryGetProperty(name, out var id) ? id.GetString() : null;
    }
}
