using Automation.Mqtt.Packets;
using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>A message on its way to subscribers: encoded at most once for each kind of receiver, with its absolute deadline.</summary>
internal sealed class RoutedMessage
{
    // Rough cost of the objects around a queued message.
    private const int Overhead = 128;
    private const int UserPropertyOverhead = 96;

    private readonly TimeProvider _time;
    private long _acceptedAt;
    private readonly bool _keepsEncoding = true;
    private EncodedPublish?[]? _encoded;
    private Identified? _identified;

    public RoutedMessage(MqttApplicationMessage message, TimeProvider time)
    {
        Message = message;
        _time = time;
        _acceptedAt = message.MessageExpiryInterval is null ? 0 : time.GetTimestamp();
        Size = SizeOf(message);
    }

    private RoutedMessage(RoutedMessage other)
    {
        Message = other.Message;
        Size = other.Size;
        _time = other._time;
        _acceptedAt = other._acceptedAt;
        _keepsEncoding = false;
    }

    public MqttApplicationMessage Message { get; }

    /// <summary>A retained message's entry in the store; null without one.</summary>
    public StoredMessage? Stored { get; private init; }

    /// <summary>Bytes to count against the limit of a queue or of the store.</summary>
    public int Size { get; }

    public bool IsExpired => Message.MessageExpiryInterval is { } interval && Age() >= interval;

    /// <summary>Whole seconds left, at least 1 so that it is still alive for the receiver — MQTT 5 §3.3.2.3.3.</summary>
    public uint RemainingSeconds => Message.MessageExpiryInterval is { } interval ? (uint)Math.Max(1, interval - Math.Floor(Age())) : 0;

    /// <summary>A message that was accepted before the broker was started: what is left of its time is told by the clock on the wall.</summary>
    public static RoutedMessage Load(MqttMessageStored stored, TimeProvider time)
    {
        var message = new RoutedMessage(stored.Message, time);
        if (stored is { ExpiresAt: { } expiresAt, Message.MessageExpiryInterval: { } interval })
        {
            var left = Math.Min((expiresAt - time.GetUtcNow()).TotalSeconds, interval); // a clock that was put back gives no more than the whole
            message._acceptedAt -= (long)((interval - left) * time.TimestampFrequency);
        }

        return message;
    }

    /// <summary>Bytes that a message takes in memory: payload, texts in UTF-16, and roughly the objects around them.</summary>
    public static int SizeOf(MqttApplicationMessage message)
    {
        var characters = (long)message.Topic.Length + (message.ContentType?.Length ?? 0) + (message.ResponseTopic?.Length ?? 0);
        foreach (var property in message.UserProperties)
            characters += property.Name.Length + property.Value.Length + (UserPropertyOverhead / 2);
        return (int)Math.Min(int.MaxValue, message.Payload.Length + (message.CorrelationData?.Length ?? 0) + (2 * characters) + Overhead);
    }

    /// <summary>The message to be retained: encoded for each receiver anew, for what is kept so long should not be kept in five forms.</summary>
    public RoutedMessage ForStore(StoredMessage? stored = null) => new(this) { Stored = stored };

    /// <summary>The change that stores the message.</summary>
    public MqttMessageStored ToStore(StoredMessage stored, DateTimeOffset now) => new(
        stored.Id, Message, Message.MessageExpiryInterval is { } interval ? now + TimeSpan.FromSeconds(interval - Age()) : null);

    public EncodedPublish Encode(MqttProtocolVersion version, MqttQualityOfService qos, uint[]? identifiers)
    {
        var isV5 = version == MqttProtocolVersion.V5;
        var withPacketId = qos != MqttQualityOfService.AtMostOnce;
        if (!_keepsEncoding)
            return PublishWriter.Encode(Message, isV5, withPacketId, isV5 ? identifiers : null);
        if (isV5 && identifiers is not null)
            return EncodeIdentified(withPacketId, identifiers);
        var slot = (isV5 ? 2 : 0) + (withPacketId ? 1 : 0);
        // Two writers may both encode; either result serves.
        var encoded = _encoded ??= new EncodedPublish?[4];
        return encoded[slot] ??= PublishWriter.Encode(Message, isV5, withPacketId, null);
    }

    // Most clients number their subscriptions alike, so the last variant is worth keeping.
    private EncodedPublish EncodeIdentified(bool withPacketId, uint[] identifiers)
    {
        var last = _identified;
        if (last is not null && last.WithPacketId == withPacketId && last.Identifiers.AsSpan().SequenceEqual(identifiers))
            return last.Encoded;
        var encoded = PublishWriter.Encode(Message, isV5: true, withPacketId, identifiers);
        _identified = new Identified(identifiers, withPacketId, encoded);
        return encoded;
    }

    private double Age() => _time.GetElapsedTime(_acceptedAt).TotalSeconds;

    private sealed record Identified(uint[] Identifiers, bool WithPacketId, EncodedPublish Encoded);
}
