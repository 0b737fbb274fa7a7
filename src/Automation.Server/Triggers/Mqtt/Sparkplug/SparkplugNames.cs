using System.Globalization;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>A metric as its birth certificate names it.</summary>
internal readonly record struct BornMetric(string Name, SparkplugType Type);

/// <summary>What a message leaves to the birth certificates: names of aliases, and types by name. Kept with the event, so that it reads the same for ever.</summary>
internal sealed record SparkplugNames(IReadOnlyDictionary<ulong, BornMetric> Aliases, IReadOnlyDictionary<string, SparkplugType> Types)
{
    public static SparkplugNames None { get; } = new(new Dictionary<ulong, BornMetric>(), new Dictionary<string, SparkplugType>());

    /// <summary>Reads what <see cref="Write"/> wrote into an event's attributes; <see cref="None"/> where nothing is.</summary>
    public static SparkplugNames Of(Json attributes)
    {
        if (attributes.IsNull) return None;
        using var document = attributes.ToDocument();
        if (!document.RootElement.TryGetProperty("sparkplug"u8, out var sparkplug)) return None;
        var aliases = new Dictionary<ulong, BornMetric>();
        foreach (var alias in Entries(sparkplug, "aliases"u8))
        {
            if (ulong.TryParse(alias.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                aliases[number] = new(alias.Value.GetProperty("name"u8).GetString()!, TypeOf(alias.Value.GetProperty("type"u8)));
        }

        var types = new Dictionary<string, SparkplugType>(StringComparer.Ordinal);
        foreach (var type in Entries(sparkplug, "types"u8)) types[type.Name] = TypeOf(type.Value);
        return new(aliases, types);
    }

    /// <summary>Into the object <c>sparkplug</c>: <c>"aliases": { "5": { "name", "type" } }, "types": { name: type }</c>; what is empty is left out.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        if (Aliases.Count > 0)
        {
            writer.WriteStartObject("aliases"u8);
            foreach (var (alias, metric) in Aliases)
            {
                writer.WriteStartObject(alias.ToString(CultureInfo.InvariantCulture));
                writer.WriteString("name"u8, metric.Name);
                writer.WriteString("type"u8, metric.Type.Name());
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        if (Types.Count == 0) return;
        writer.WriteStartObject("types"u8);
        foreach (var (name, type) in Types) writer.WriteString(name, type.Name());
        writer.WriteEndObject();
    }

    private static JsonElement.ObjectEnumerator Entries(JsonElement sparkplug, ReadOnlySpan<byte> name) =>
        sparkplug.TryGetProperty(name, out var entries) ? entries.EnumerateObject() : default;

    private static SparkplugType TypeOf(JsonElement name) => SparkplugTypes.FromName(name.GetString());
}
