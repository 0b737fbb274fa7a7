using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
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

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSchemaExporterOptions Exporter = new() { TreatNullObliviousAsNonNullable = true };

    /// <param name="type">The record.</param>
    /// <param name="expressions">Whether each property that is not <see cref="Steps.LiteralAttribute"/> may also be an expression.</param>
    public static JsonObject Of(Type type, bool expressions)
    {
        var shape = ConfigShape.Of(type);
        return Complete((JsonObject)ConfigJson.Options.GetJsonSchemaAsNode(type, Exporter), shape, expressions);
    }

    /// <summary>The schema of a kind of file, as a file: one of those may name its schema.</summary>
    /// <param name="type">The record that such files are read into; they hold no expressions of their own.</param>
    /// <param name="title">Of the schema.</param>
    public static byte[] FileOf(Type type, string title)
    {
        var schema = Of(type, expressions: false);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", title);
        ((JsonObject)schema["properties"]!).Insert(0, "$schema", new JsonObject { ["type"] = "string" });
        return ToFile(schema);
    }

    /// <summary>Indented, LF, one newline at the end.</summary>
    public static byte[] ToFile(JsonObject schema) => Encoding.UTF8.GetBytes(schema.ToJsonString(Indented) + "\n");

    /// <summary>The same of a config whose properties are not those of a record.</summary>
    public static JsonObject OfFields(ConfigShape shape, bool expressions)
    {
        var properties = new JsonObject();
        foreach (var property in shape.Properties)
        {
            properties[property.Name] = property.Shape.Kind is ConfigKind.Choice
                ? new JsonObject { ["type"] = "string", ["enum"] = new JsonArray([.. property.Shape.Choices.Select(c => JsonValue.Create(c))]) }
                : ConfigJson.Options.GetJsonSchemaAsNode(property.Shape.Type, Exporter);
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (shape.Properties.Any(p => p.Required)) schema["required"] = new JsonArray([.. shape.Properties.Where(p => p.Required).Select(p => JsonValue.Create(p.Name))]);
        return Complete(schema, shape, expressions);
    }

    /// <summary>Adds to what the serializer knows of a type what it does not: types with converters of ours, descriptions, bounds, expressions.</summary>
    private static JsonObject Complete(JsonObject made, ConfigShape shape, bool expressions)
    {
        var schema = Own(shape) ?? made;
        switch (shape.Kind)
        {
            case ConfigKind.Object when schema["properties"] is JsonObject properties:
                foreach (var property in shape.Properties) properties[property.Name] = OfProperty(properties[property.Name], property, expressions);
                break;
            case ConfigKind.Map:
                schema["additionalProperties"] = OfElement(schema["additionalProperties"], shape.Element!, expressions);
                break;
            case ConfigKind.List:
                schema["items"] = OfElement(schema["items"], shape.Element!, expressions);
                break;
            case ConfigKind.Choice when !schema.ContainsKey("type"):
                schema.Insert(0, "type", "string");
                break;
        }

        return schema;
    }

    private static JsonObject OfProperty(JsonNode? made, ConfigProperty property, bool expressions)
    {
        var before = Detached(made);
        var hasDefault = before.TryGetPropertyValue("default", out var fallback);
        var inside = expressions && !property.Literal;
        var schema = Complete(before, property.Shape, inside);
        if (hasDefault) schema["default"] = fallback?.DeepClone();
        if (property.Nullable && schema["type"] is JsonValue single) schema["type"] = new JsonArray(single.DeepClone(), "null");
        if (property.Nullable && schema["enum"] is JsonArray choices && !choices.Contains(null)) choices.Add(null);
        foreach (var attribute in property.Attributes) Apply(attribute, schema, property.Shape);
        return inside ? WithExpression(schema, property.Shape) : schema;
    }

    private static JsonObject OfElement(JsonNode? made, ConfigShape element, bool expressions)
    {
        var schema = Complete(Detached(made), element, expressions);
        return expressions ? WithExpression(schema, element) : schema;
    }

    private static JsonObject Detached(JsonNode? made) => made is JsonObject known ? (JsonObject)known.DeepClone() : [];

    private static JsonObject? Own(ConfigShape shape) => shape.Kind switch
    {
        ConfigKind.Duration => new JsonObject { ["type"] = "string", ["pattern"] = Duration.Pattern },
        ConfigKind.ByteSize => new JsonObject { ["type"] = "string", ["pattern"] = ByteSize.Pattern },
        ConfigKind.Rate => new JsonObject { ["type"] = "string", ["pattern"] = Rate.Pattern },
        ConfigKind.SecretText => new JsonObject { ["type"] = "string", ["$comment"] = "May hold ${secret.NAME}." },
        ConfigKind.SecretJson => new JsonObject { ["$comment"] = "Strings inside may hold ${secret.NAME}." },
        ConfigKind.Any => [],
        _ => shape.Type.GetCustomAttribute<ConfigSchemaAttribute>() is { } given ? (JsonObject)JsonNode.Parse(given.Schema)! : null,
    };

    private static void Apply(object attribute, JsonObject schema, ConfigShape shape)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema["description"] = description.Description;
                break;
            case Connectors.DefaultJsonAttribute value:
                schema["default"] = JsonNode.Parse(value.Value.Utf8.Span);
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

    /// <summary>Adds "or a string with an expression" unless such a string fits anyway; description and default stay on the outside, where editors look.</summary>
    private static JsonObject WithExpression(JsonObject schema, ConfigShape shape)
    {
        var anyText = schema["pattern"] is null && schema["format"] is null && schema["enum"] is null && schema["minLength"] is null && schema["maxLength"] is null;
        if (shape.Kind is ConfigKind.Any or ConfigKind.SecretJson or ConfigKind.Own || (shape.Kind is ConfigKind.Text or ConfigKind.SecretText && anyText)) return schema;
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
