using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Configs;

/// <summary>Whether a JSON value fits a shape, and the words for when it does not.</summary>
internal static class ConfigWords
{
    /// <summary>What a shape expects, as the end of "expected …".</summary>
    public static string Expected(ConfigShape shape) => shape.Kind switch
    {
        ConfigKind.Object or ConfigKind.Map => "an object",
        ConfigKind.List => "a list",
        ConfigKind.Text or ConfigKind.SecretText => "a text",
        ConfigKind.Boolean => "true or false",
        ConfigKind.Integer => "a whole number",
        ConfigKind.Number => "a number",
        ConfigKind.Choice => "one of " + string.Join(", ", shape.Choices.Select(c => $"\"{c}\"")),
        ConfigKind.Duration => Duration.Expected,
        ConfigKind.ByteSize => ByteSize.Expected,
        ConfigKind.Rate => Rate.Expected,
        _ => "a value",
    };

    public static string Mismatch(JsonElement value, ConfigShape shape)
    {
        var suggestion = shape.Kind is ConfigKind.Choice && value.ValueKind is JsonValueKind.String ? Suggestion.For(value.GetString()!, shape.Choices) : "";
        return $"Expected {Expected(shape)}, not {Shown(value)}.{suggestion}";
    }

    /// <summary>True when the value is one of the shape's; of objects and lists it says nothing about what is inside.</summary>
    /// <param name="why">A sentence of the type's own, where it has one.</param>
    public static bool Fits(JsonElement value, ConfigShape shape, out string? why)
    {
        why = null;
        return (shape.Kind, value.ValueKind) switch
        {
            (ConfigKind.Text or ConfigKind.SecretText, JsonValueKind.String) => true,
            (ConfigKind.Boolean, JsonValueKind.True or JsonValueKind.False) => true,
            (ConfigKind.Integer or ConfigKind.Number, JsonValueKind.Number) => Reads(value, shape, out _),
            (ConfigKind.Choice, JsonValueKind.String) => shape.Choices.Contains(value.GetString()!),
            (ConfigKind.Duration, JsonValueKind.String) => Duration.TryParse(value.GetString(), out _),
            (ConfigKind.ByteSize, JsonValueKind.String) => ByteSize.TryParse(value.GetString(), out _),
            (ConfigKind.Rate, JsonValueKind.String) => Rate.TryParse(value.GetString(), out _),
            (ConfigKind.Any or ConfigKind.SecretJson, _) => true,
            (ConfigKind.Own, _) => Reads(value, shape, out why),
            _ => false,
        };
    }

    public static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => value.GetString() is { Length: <= 60 } text ? $"the text \"{text}\"" : $"the text \"{value.GetString()![..60]}…\"",
        JsonValueKind.Number => "the number " + value.GetRawText(),
        _ => value.GetRawText(),
    };

    private static bool Reads(JsonElement value, ConfigShape shape, out string? why)
    {
        why = null;
        try
        {
            value.Deserialize(shape.Type, ConfigJson.Options);
            return true;
        }
        catch (JsonException mismatch)
        {
            // A converter's own sentence ends in a full stop; the serializer adds "Path: …" to its own.
            why = shape.Kind is ConfigKind.Own && mismatch.Message is var message && !message.Contains("Path:", StringComparison.Ordinal) ? message : null;
            return false;
        }
    }
}
