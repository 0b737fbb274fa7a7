using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Configs;

/// <summary>JSON Schema (draft 2020-12) of a config record, made from the same type that the serializer reads.</summary>
internal static class ConfigSchema
{
    /// <summary>What stands for "any string with an expression in it"; a whole value may be one.</summary>
    public const string ExpressionPattern = @"\$\{";

    private static readonly JsonSchemaExporterOptions Exporter = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe };

    /// <param name="type">The record.</param>
    /// <param name="expressions">Whether each property that is not <see cref="Steps.LiteralAttribute"/> may also be an expression.</param>
    public static JsonObject Of(Type type, bool expressions)
    {
        var schema = (JsonObject)ConfigJson.Options.GetJsonSchemaAsNode(type, Exporter);
        if (schema.ContainsKey("$ref")) throw new NotSupportedException($"{type} refers to itself; a config record must not.");
        if (expressions) AllowExpressions(schema, ConfigShape.Of(type));
        return schema;
    }

    private static JsonObject Describe(JsonSchemaExporterContext context, JsonNode node)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var schema = Own(context, type) ?? node as JsonObject ?? [];
        var shape = ConfigShape.Of(type);
        if (node is JsonObject { Count: > 0 } made && !ReferenceEquals(made, schema) && made.TryGetPropertyValue("default", out var fallback)) schema["default"] = fallback?.DeepClone();
        if (shape.Kind is ConfigKind.Choice && !schema.ContainsKey("type")) schema.Insert(0, "type", "string");
        if (context.PropertyInfo?.AttributeProvider is not { } property) return schema;
        foreach (var attribute in property.GetCustomAttributes(inherit: true)) Apply(attribute, schema, shape);
        return schema;
    }

    private static JsonObject? Own(JsonSchemaExporterContext context, Type type)
    {
        var given = context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(ConfigSchemaAttribute), inherit: true).Cast<ConfigSchemaAttribute>().FirstOrDefault()
            ?? type.GetCustomAttributes(typeof(ConfigSchemaAttribute), inherit: true).Cast<ConfigSchemaAttribute>().FirstOrDefault();
        if (given is not null) return (JsonObject)JsonNode.Parse(given.Schema)!;
        return ConfigShape.Of(type).Kind switch
        {
            ConfigKind.Duration => new JsonObject { ["type"] = "string", ["pattern"] = Duration.Pattern },
            ConfigKind.ByteSize => new JsonObject { ["type"] = "string", ["pattern"] = ByteSize.Pattern },
            ConfigKind.SecretText => new JsonObject { ["type"] = "string", ["$comment"] = "May hold ${secret.NAME}." },
            ConfigKind.SecretJson => new JsonObject { ["$comment"] = "Strings inside may hold ${secret.NAME}." },
            ConfigKind.Any => [],
            _ => null,
        };
    }

    private static void Apply(object attribute, JsonObject schema, ConfigShape shape)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema["description"] = description.Description;
                break;
            case DefaultValueAttribute value:
                schema["default"] = JsonSerializer.SerializeToNode(value.Value, ConfigJson.Options);
                break;
            case RangeAttribute range when shape.Kind is ConfigKind.Integer or ConfigKind.Number:
                schema["minimum"] = Convert.ToDecimal(range.Minimum, CultureInfo.InvariantCulture);
                schema["maximum"] = Convert.ToDecimal(range.Maximum, CultureInfo.InvariantCulture);
                break;
            case StringLengthAttribute length:
                if (length.MinimumLength > 0) schema["minLength"] = length.MinimumLength;
                schema["maxLength"] = length.MaximumLength;
                break;
            case MinLengthAttribute length:
                schema[Size("min", shape)] = length.Length;
                break;
            case MaxLengthAttribute length:
                schema[Size("max", shape)] = length.Length;
                break;
            case RequiredAttribute { AllowEmptyStrings: false } when shape.Kind is ConfigKind.Text or ConfigKind.SecretText:
                schema["minLength"] = 1;
                break;
            case RegularExpressionAttribute pattern:
                schema["pattern"] = pattern.Pattern;
                break;
            case UrlAttribute:
                schema["format"] = "uri";
                break;
            case AllowedValuesAttribute allowed:
                schema["enum"] = new JsonArray([.. allowed.Values.Select(v => JsonSerializer.SerializeToNode(v, ConfigJson.Options))]);
                break;
        }
    }

    private static string Size(string bound, ConfigShape shape) => bound + shape.Kind switch
    {
        ConfigKind.List => "Items",
        ConfigKind.Map => "Properties",
        _ => "Length",
    };

    private static void AllowExpressions(JsonObject schema, ConfigShape shape)
    {
        if (shape.Kind is ConfigKind.Object && schema["properties"] is JsonObject properties)
        {
            foreach (var property in shape.Properties)
            {
                if (property.Literal || property.Shape.Kind is ConfigKind.Own || properties[property.Name] is not JsonObject inner) continue;
                properties[property.Name] = WithExpression(inner, property.Shape);
            }
        }
        else if (shape.Kind is ConfigKind.Map && schema["additionalProperties"] is JsonObject values)
        {
            schema["additionalProperties"] = WithExpression(values, shape.Element!);
        }
        else if (shape.Kind is ConfigKind.List && schema["items"] is JsonObject items)
        {
            schema["items"] = WithExpression(items, shape.Element!);
        }
    }

    /// <summary>Adds "or a string with an expression" unless such a string fits anyway; description and default stay on the outside, where editors look.</summary>
    private static JsonObject WithExpression(JsonObject schema, ConfigShape shape)
    {
        AllowExpressions(schema, shape);
        var anyText = schema["pattern"] is null && schema["format"] is null && schema["enum"] is null && schema["minLength"] is null && schema["maxLength"] is null;
        if (shape.Kind is ConfigKind.Any or ConfigKind.SecretJson || (shape.Kind is ConfigKind.Text or ConfigKind.SecretText && anyText)) return schema;
        var outer = new JsonObject();
        foreach (var name in new[] { "description", "default" })
        {
            if (!schema.TryGetPropertyValue(name, out var value)) continue;
            outer[name] = value?.DeepClone();
            schema.Remove(name);
        }

        outer["anyOf"] = new JsonArray(schema.DeepClone(), new JsonObject { ["type"] = "string", ["pattern"] = ExpressionPattern });
        return outer;
    }
}
