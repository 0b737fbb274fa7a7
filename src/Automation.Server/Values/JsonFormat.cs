using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Automation.Server.Values;

/// <summary>How the server reads and writes JSON.</summary>
internal static class JsonFormat
{
    /// <summary>What comes from outside may be 64 deep; inside it sits in envelopes and configs, so more is read.</summary>
    public const int MaxDepth = 128;

    /// <summary>Writes values that are known to be valid, without escaping what need not be.</summary>
    public static JsonWriterOptions RawWriter { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>For what goes over the wire and into the journal: camelCase, enums as strings, nothing escaped without need.</summary>
    public static JsonSerializerOptions Wire { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new JsonValueConverter() },
        MaxDepth = MaxDepth,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>A value's name as it goes over the wire and into the journal.</summary>
    public static string NameOf<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
