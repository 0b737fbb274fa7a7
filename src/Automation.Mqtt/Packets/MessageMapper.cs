using System.Text;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Packets;

/// <summary>Makes the application's view of what a packet carries.</summary>
internal static class MessageMapper
{
    public static MqttApplicationMessage ToMessage(
        string topic, ReadOnlyMemory<byte> payload, MqttQualityOfService qos, bool retain, PacketProperties? properties) =>
        properties is null
            ? new MqttApplicationMessage { Topic = topic, Payload = payload, QualityOfService = qos, Retain = retain }
            : new MqttApplicationMessage
            {
                Topic = topic,
                Payload = payload,
                QualityOfService = qos,
                Retain = retain,
                PayloadIsUtf8 = properties.PayloadFormatIndicator == 1,
                MessageExpiryInterval = properties.MessageExpiryInterval,
                ContentType = properties.ContentType,
                ResponseTopic = properties.ResponseTopic,
                CorrelationData = properties.CorrelationData is { } data ? new ReadOnlyMemory<byte>(data) : default(ReadOnlyMemory<byte>?),
                UserProperties = properties.UserProperties ?? [],
            };

    /// <summary>Throws for a message of the application that no packet can carry.</summary>
    public static void RequireSendable(MqttApplicationMessage message)
    {
        if (!TopicName.IsValid(message.Topic))
            throw new ArgumentException("The topic is not a valid topic name.", nameof(message));
        if (message.ResponseTopic is { } response && !TopicName.IsValid(response))
            throw new ArgumentException("The response topic is not a valid topic name.", nameof(message));
        if (message.QualityOfService > MqttQualityOfService.ExactlyOnce)
            throw new ArgumentException("The QoS is none of 0, 1 and 2.", nameof(message));
        RequireText(message.ContentType);
        foreach (var property in message.UserProperties)
        {
            RequireText(property.Name);
            RequireText(property.Value);
        }

        if (message.CorrelationData?.Length > ushort.MaxValue)
            throw new ArgumentException("The correlation data is longer than 65,535 bytes.", nameof(message));
    }

    private static void RequireText(string? text)
    {
        if (text is not null && (text.Contains('\0') || Encoding.UTF8.GetByteCount(text) > ushort.MaxValue))
            throw new ArgumentException("A text holds U+0000 or is longer than 65,535 bytes of UTF-8.", nameof(text));
    }
}
