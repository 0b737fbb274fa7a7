namespace Automation.Mqtt.Broker;

/// <summary>A message as somebody who looks on sees it.</summary>
/// <param name="Message">The message; of a payload larger than <see cref="MaxPayloadBytes"/> only its beginning.</param>
/// <param name="PayloadBytes">Bytes of the whole payload.</param>
/// <param name="ClientId">The publisher; null for the application, a will, and where it is not known.</param>
/// <param name="At">When it was routed; null for a message that was retained before.</param>
public sealed record MqttObservedMessage(MqttApplicationMessage Message, int PayloadBytes, string? ClientId, DateTimeOffset? At)
{
    /// <summary>Bytes of a payload that are kept to be looked at.</summary>
    public const int MaxPayloadBytes = 4096;

    /// <summary>Whether <see cref="Message"/> has only the beginning of the payload.</summary>
    public bool IsCut => PayloadBytes > Message.Payload.Length;

    internal static MqttObservedMessage Of(MqttApplicationMessage message, string? clientId, DateTimeOffset? at) =>
        new(message.Payload.Length > MaxPayloadBytes ? Cut(message) : message, message.Payload.Length, clientId, at);

    // A copy, so that the whole payload is not kept alive.
    private static MqttApplicationMessage Cut(MqttApplicationMessage message) => new()
    {
        Topic = message.Topic,
        Payload = message.Payload[..MaxPayloadBytes].ToArray(),
        QualityOfService = message.QualityOfService,
        Retain = message.Retain,
        PayloadIsUtf8 = message.PayloadIsUtf8,
        MessageExpiryInterval = message.MessageExpiryInterval,
        ContentType = message.ContentType,
        ResponseTopic = message.ResponseTopic,
        CorrelationData = message.CorrelationData,
        UserProperties = message.UserProperties,
    };
}
