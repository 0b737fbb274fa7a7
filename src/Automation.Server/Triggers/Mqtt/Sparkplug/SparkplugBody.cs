using System.Buffers;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>A Sparkplug B payload (Sparkplug 3.0 §6.4) as JSON.</summary>
/// <remarks>
/// <c>{ "timestamp", "seq", "metrics": [ { "name", "alias", "timestamp", "type", "value", "historical", "transient", "metadata", "properties" } ], "uuid", "body" }</c>;
/// what is not sent is left out, but <c>metrics</c> and a metric's <c>value</c>. Read without an object a metric, so that small payloads cannot take much memory.
/// </remarks>
internal static class SparkplugBody
{
    /// <summary>What events call it; no media type is registered for Sparkplug.</summary>
    public const string ContentType = "application/x-sparkplug-b";

    /// <summary>The payload's field that has the metrics.</summary>
    public const int Metrics = 2;

    /// <summary>Of the JSON: names that aliases stand for could make it any size.</summary>
    public const int MaxJsonBytes = 8 << 20;

    /// <summary>How deep templates and property sets may lie in each other: with it the JSON is less deep than what is taken as JSON.</summary>
    public const int MaxDepth = 16;

    private const int Timestamp = 1, Seq = 3, Uuid = 4, Body = 5;

    public static bool TryParse(ReadOnlyMemory<byte> body, SparkplugNames names, out Json data, out string reason)
    {
        data = default;
        reason = "";
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        try
        {
            if (!Write(body.Span, new SparkplugWriter(json, names)))
            {
                reason = "The body is not a Sparkplug B payload: it has none of its fields.";
                return false;
            }
        }
        catch (InvalidDataException problem)
        {
            reason = problem.Message;
            return false;
        }

        json.Flush();
        data = new Json(buffer.WrittenMemory);
        return true;
    }

    private static bool Write(ReadOnlySpan<byte> payload, SparkplugWriter writer)
    {
        var known = false;
        ulong? timestamp = null, seq = null;
        ReadOnlySpan<byte> uuid = default, body = default;
        for (var reader = new ProtobufReader(payload); reader.Read(); known |= reader.Field is >= Timestamp and <= Body)
        {
            switch (reader.Field)
            {
                case Timestamp: timestamp = reader.Number(); break;
                case Seq: seq = reader.Number(); break;
                case Uuid: uuid = reader.Bytes(); break;
                case Body: body = reader.Bytes(); break;
            }
        }

        var json = writer.Json;
        json.WriteStartObject();
        if (timestamp is { } at) writer.Number("timestamp"u8, at);
        if (seq is { } number) writer.Number("seq"u8, number);
        json.WriteStartArray("metrics"u8);
        for (var reader = new ProtobufReader(payload); reader.Read();)
        {
            if (reader.Field == Metrics) writer.Metric(SparkplugMetric.Read(reader.Bytes()), MaxDepth);
        }

        json.WriteEndArray();
        if (!uuid.IsEmpty) writer.Text("uuid"u8, uuid);
        if (!body.IsEmpty) json.WriteBase64String("body"u8, body);
        json.WriteEndObject();
        return known;
    }
}
