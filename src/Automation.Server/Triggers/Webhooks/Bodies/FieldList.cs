using System.Buffers;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>Named values in the order they came; as JSON an object in which a repeated name has an array.</summary>
internal sealed class FieldList
{
    /// <summary>More fields than any form has; bounds the work a body of <c>&amp;&amp;&amp;</c> can cause.</summary>
    public const int MaxFields = 10_000;

    private readonly List<(string Name, List<Json> Values)> fields = [];
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private int count;

    /// <summary>False when there are too many.</summary>
    public bool TryAdd(string name, Json value)
    {
        if (++count > MaxFields) return false;
        if (places.TryGetValue(name, out var place)) fields[place].Values.Add(value);
        else
        {
            places.Add(name, fields.Count);
            fields.Add((name, [value]));
        }

        return true;
    }

    public Json ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            foreach (var (name, values) in fields)
            {
                writer.WritePropertyName(name);
                if (values.Count > 1) writer.WriteStartArray();
                foreach (var value in values) writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
                if (values.Count > 1) writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }
}
