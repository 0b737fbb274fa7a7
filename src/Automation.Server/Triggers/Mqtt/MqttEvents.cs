using System.Buffers;
using System.Text.Json;
using Automation.Mqtt;
using Automation.Server.Triggers.Mqtt.Sparkplug;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Makes events of one broker's messages: two brokers may have Sparkplug edge nodes of the same name.</summary>
internal sealed class MqttEvents
{
    public const string Embedded = "embedded", EventType = "mqtt.message";

    private readonly SparkplugBirths births = new();

    /// <inheritdoc cref="SparkplugBirths.Learn"/>
    public void Learn(MqttApplicationMessage message) => births.Learn(message);

    /// <param name="id">Of the event.</param>
    /// <param name="message">As published.</param>
    /// <param name="clientId">Of the publisher; null when it is this server, or not known.</param>
    /// <param name="route">Names the levels that become <c>params</c>, the highest QoS shown and the form of the payload.</param>
    /// <param name="now">When it came.</param>
    public Event Create(long id, MqttApplicationMessage message, string? clientId, MqttRoute route, DateTimeOffset now)
    {
        var contentType = route.Config.Payload.ContentTypeOf(message);
        return new Event
        {
            Id = id,
            Trigger = "mqtt",
            Type = EventType,
            Source = SourceOf(route),
            Subject = message.Topic,
            AcceptedAt = now,
            Attributes = Attributes(id, message, clientId, route, route.Config.Payload.ProblemOf(contentType, message.Payload), now),
            ContentType = contentType,
            Body = message.Payload,
        };
    }

    private Json Attributes(long id, MqttApplicationMessage message, string? clientId, MqttRoute route, string? payloadProblem, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        writer.WriteStartObject();
        writer.WriteString("id"u8, PublicId.Format(PublicId.Event, id));
        writer.WriteString("source"u8, SourceOf(route));
        writer.WriteString("type"u8, EventType);
        writer.WriteString("time"u8, now.UtcDateTime);
        writer.WriteString("subject"u8, message.Topic);
        writer.WriteStartObject("params"u8);
        foreach (var (name, value) in route.Pattern.Parameters(message.Topic)) writer.WriteString(name, value);
        writer.WriteEndObject();
        writer.WriteString("topic"u8, message.Topic);
        writer.WriteNumber("qos"u8, Math.Min((int)message.QualityOfService, route.Config.Qos));
        writer.WriteBoolean("retain"u8, message.Retain);
        if (payloadProblem is not null) writer.WriteString("payloadProblem"u8, payloadProblem);
        if (route.Config.Payload is PayloadForm.Sparkplug && SparkplugTopic.Of(message.Topic) is { } topic) WriteSparkplug(writer, topic, message.Payload.Span);
        if (clientId is not null) writer.WriteString("clientId"u8, clientId);
        WriteProperties(writer, message);
        writer.WriteEndObject();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }

    private static string SourceOf(MqttRoute route) => "/mqtt/" + (route.Config.Connection ?? Embedded);

    private void WriteSparkplug(Utf8JsonWriter writer, SparkplugTopic topic, ReadOnlySpan<byte> payload)
    {
        writer.WriteStartObject("sparkplug"u8);
        writer.WriteString("group"u8, topic.Group);
        writer.WriteString("message"u8, topic.Message);
        writer.WriteString("edgeNode"u8, topic.EdgeNode);
        if (topic.Device is not null) writer.WriteString("device"u8, topic.Device);
        births.Resolve(topic, payload).Write(writer);
        writer.WriteEndObject();
    }

    /// <summary>Writes <c>properties</c>: those of MQTT 5 that the message has.</summary>
    public static void WriteProperties(Utf8JsonWriter writer, MqttApplicationMessage message)
    {
        writer.WriteStartObject("properties"u8);
        if (message.PayloadIsUtf8) writer.WriteNumber("payloadFormatIndicator"u8, 1);
        if (message.ContentType is { } contentType) writer.WriteString("contentType"u8, contentType);
        if (message.ResponseTopic is { } responseTopic) writer.WriteString("responseTopic"u8, responseTopic);
        if (message.CorrelationData is { } correlation) writer.WriteBase64String("correlationData"u8, correlation.Span);
        if (message.MessageExpiryInterval is { } expiry) writer.WriteNumber("messageExpiryInterval"u8, expiry);
        if (message.UserProperties.Count > 0)
        {
            // A name may come more than once (MQTT 5 §3.3.2.3.7): the values are an array, always.
            writer.WriteStartObject("user"u8);
            foreach (var property in message.UserProperties.GroupBy(p => p.Name, StringComparer.Ordinal))
            {
                writer.WriteStartArray(property.Key);
                foreach (var (_, value) in property) writer.WriteStringValue(value);
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
