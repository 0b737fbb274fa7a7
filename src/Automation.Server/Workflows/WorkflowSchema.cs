using System.Text.Json.Nodes;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Filters;
using Automation.Server.Workflows.Compilation;
using Automation.Server.Workflows.Configs;

namespace Automation.Server.Workflows;

/// <summary>The JSON Schema of workflow files, made from the records that the server reads; the same types always give the same text.</summary>
/// <remarks>What hangs together across the file (ids that exist, cycles, secrets, scripts) only the compiler checks.</remarks>
internal static class WorkflowSchema
{
    /// <summary>The schema as a file: indented, LF, one newline at the end.</summary>
    public static byte[] ToFile(IReadOnlyList<StepTypeEntry> steps, TriggerCatalog triggers) => ConfigSchema.ToFile(Of(steps, triggers));

    /// <param name="steps">Step types, those of connectors among them.</param>
    /// <param name="triggers">Trigger types.</param>
    public static JsonObject Of(IReadOnlyList<StepTypeEntry> steps, TriggerCatalog triggers)
    {
        var definitions = new JsonObject
        {
            ["id"] = new JsonObject { ["type"] = "string", ["pattern"] = Names.IdPattern },
            ["targets"] = AnyOf(Ref("id"), new JsonObject { ["type"] = "array", ["items"] = Ref("id"), ["uniqueItems"] = true }),
        };
        foreach (var trigger in triggers.Types) definitions["trigger." + trigger.Name] = Trigger(trigger);
        foreach (var step in steps) definitions["step." + step.Name] = Step(step);
        definitions["trigger"] = ByType("trigger", [.. triggers.Types.Select(t => t.Name)]);
        definitions["step"] = ByType("step", [.. steps.Select(s => s.Name)]);
        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "Workflow",
            ["type"] = "object",
            ["properties"] = Workflow(),
            ["required"] = new JsonArray("steps"),
            ["additionalProperties"] = false,
            ["$defs"] = definitions,
        };
    }

    private static JsonObject Workflow()
    {
        var made = (JsonObject)ConfigSchema.Of(typeof(WorkflowProperties), expressions: false)["properties"]!;
        var properties = new JsonObject();
        foreach (var name in new[] { "$schema", "name", "description", "key", "onKeyFailure", "stateTtl", "timeout", "retention", "input", "output" }) Move(made, properties, name);
        properties["triggers"] = Keyed("trigger", "What starts runs, by id.");
        var steps = Keyed("step", "What a run does, by id.");
        steps["minProperties"] = 1;
        properties["steps"] = steps;
        properties["start"] = Ref("id");
        properties["start"]!["description"] = made["start"]!["description"]!.DeepClone();
        Move(made, properties, "onError");

        return properties;
    }

    private static JsonObject Trigger(TriggerTypeEntry entry)
    {
        var schema = entry.Schema;
        var properties = Typed(entry.Name);
        Rest(schema, properties);
        if (entry.Name != "silence") Rest(ConfigSchema.Of(typeof(TriggerFilters), expressions: true), properties);
        properties["start"] = Ref("id");
        properties["start"]!["description"] = "Id of the step that this trigger's runs begin with; the workflow's start when left out.";
        return Closed(entry.Title, entry.Description, properties, schema);
    }

    private static JsonObject Step(StepTypeEntry entry)
    {
        var schema = entry.Schema;
        var shared = (JsonObject)ConfigSchema.Of(typeof(StepProperties), expressions: false)["properties"]!;
        var properties = Typed(entry.Name);
        Move(shared, properties, "name");
        Move(shared, properties, "notes");
        Rest(schema, properties);
        foreach (var name in new[] { "retry", "timeout", "disabled" })
        {
            if (!properties.ContainsKey(name)) Move(shared, properties, name);
        }

        properties["next"] = AnyOf(Ref("id"), new JsonObject { ["type"] = "array", ["items"] = Ref("id"), ["uniqueItems"] = true }, new JsonObject { ["type"] = "object", ["additionalProperties"] = Ref("targets") });
        properties["next"]!["description"] = $"What follows: a step id, a list of ids, or an object from outcome to either. Outcomes: {string.Join(", ", entry.Outcomes.Append("error"))}.";
        return Closed(entry.Title, entry.Description, properties, schema);
    }

    private static JsonObject Typed(string name) => new() { ["type"] = new JsonObject { ["const"] = name } };

    private static JsonObject Closed(string title, string? description, JsonObject properties, JsonObject config)
    {
        var closed = new JsonObject { ["title"] = title };
        if (description is not null) closed["description"] = description;
        closed["type"] = "object";
        closed["properties"] = properties;
        closed["required"] = new JsonArray(["type", .. config["required"]?.AsArray().Select(r => r!.DeepClone()) ?? []]);
        closed["additionalProperties"] = false;
        return closed;
    }

    /// <summary>One branch a type, chosen by <c>type</c>, so that an editor reports against the type meant and not against all of them.</summary>
    private static JsonObject ByType(string noun, string[] names) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["type"] = new JsonObject { ["enum"] = new JsonArray([.. names.Select(n => JsonValue.Create(n))]) } },
        ["required"] = new JsonArray("type"),
        ["allOf"] = new JsonArray([.. names.Select(n => new JsonObject
        {
            ["if"] = new JsonObject { ["properties"] = new JsonObject { ["type"] = new JsonObject { ["const"] = n } }, ["required"] = new JsonArray("type") },
            ["then"] = Ref($"{noun}.{n}"),
        })]),
    };

    private static JsonObject Keyed(string noun, string description) => new()
    {
        ["description"] = description,
        ["type"] = "object",
        ["propertyNames"] = Ref("id"),
        ["additionalProperties"] = Ref(noun),
    };

    private static JsonObject Ref(string name) => new() { ["$ref"] = "#/$defs/" + name };

    private static JsonObject AnyOf(params JsonNode[] schemas) => new() { ["anyOf"] = new JsonArray(schemas) };

    private static void Rest(JsonObject schema, JsonObject target)
    {
        if (schema["properties"] is not JsonObject properties) return;
        foreach (var name in properties.Select(p => p.Key).ToList()) Move(properties, target, name);
    }

    private static void Move(JsonObject from, JsonObject to, string name)
    {
        var value = from[name];
        from.Remove(name);
        to[name] = value;
    }
}
