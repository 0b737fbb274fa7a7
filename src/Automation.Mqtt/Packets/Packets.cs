namespace Automation.Mqtt.Packets;

/// <summary>One control packet, without its framing.</summary>
internal abstract class MqttPacket
{
    public abstract PacketType Type { get; }
}

/// <summary>CONNECT — MQTT 5 §3.1.</summary>
internal sealed class ConnectPacket : MqttPacket
{
    public override PacketType Type => PacketType.Connect;
    public MqttProtocolVersion Version { get; init; }
    public bool CleanStart { get; init; }
    public ushort KeepAlive { get; init; }
    public required string ClientId { get; init; }
    public WillFields? Will { get; init; }
    public string? UserName { get; init; }
    public byte[]? Password { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>The will inside a CONNECT — MQTT 5 §3.1.3.2 to §3.1.3.4.</summary>
internal sealed class WillFields
{
    public required string Topic { get; init; }
    public required byte[] Payload { get; init; }
    public MqttQualityOfService QualityOfService { get; init; }
    public bool Retain { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>CONNACK — MQTT 5 §3.2. For 3.1.1 <see cref="ReturnCode"/> is the return code 0 to 5, else a reason code.</summary>
internal sealed class ConnackPacket : MqttPacket
{
    public override PacketType Type => PacketType.Connack;
    public bool SessionPresent { get; init; }
    public byte ReturnCode { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>PUBLISH — MQTT 5 §3.3.</summary>
internal sealed class PublishPacket : MqttPacket
{
    public override PacketType Type => PacketType.Publish;
    public bool Duplicate { get; init; }
    public MqttQualityOfService QualityOfService { get; init; }
    public bool Retain { get; init; }
    public required string Topic { get; init; }
    public ushort PacketId { get; init; }
    public ReadOnlyMemory<byte> Payload { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>PUBACK, PUBREC, PUBREL or PUBCOMP, which share one form — MQTT 5 §3.4 to §3.7.</summary>
internal sealed class AckPacket(PacketType type) : MqttPacket
{
    public override PacketType Type => type;
    public ushort PacketId { get; init; }
    public MqttReasonCode ReasonCode { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>SUBSCRIBE — MQTT 5 §3.8.</summary>
internal sealed class SubscribePacket : MqttPacket
{
    public override PacketType Type => PacketType.Subscribe;
    public ushort PacketId { get; init; }
    public required IReadOnlyList<SubscriptionRequest> Subscriptions { get; init; }

    /// <summary>Filters after the last that is kept, see <see cref="SubscribeReader.MaximumFilters"/>. Each wants its reason code.</summary>
    public int Excess { get; init; }

    public PacketProperties? Properties { get; init; }
}

/// <summary>One topic filter of a SUBSCRIBE with its options — MQTT 5 §3.8.3.1. The filter's syntax is not checked here.</summary>
internal readonly record struct SubscriptionRequest(
    string Filter, MqttQualityOfService QualityOfService, bool NoLocal = false, bool RetainAsPublished = false, byte RetainHandling = 0);

/// <summary>SUBACK or UNSUBACK — MQTT 5 §3.9 and §3.11. A 3.1.1 UNSUBACK has no reason codes.</summary>
internal sealed class SubackPacket(PacketType type) : MqttPacket
{
    public override PacketType Type => type;
    public ushort PacketId { get; init; }
    public required IReadOnlyList<MqttReasonCode> ReasonCodes { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>UNSUBSCRIBE — MQTT 5 §3.10.</summary>
internal sealed class UnsubscribePacket : MqttPacket
{
    public override PacketType Type => PacketType.Unsubscribe;
    public ushort PacketId { get; init; }
    public required IReadOnlyList<string> Filters { get; init; }
    public PacketProperties? Properties { get; init; }
}

/// <summary>PINGREQ or PINGRESP — MQTT 5 §3.12 and §3.13.</summary>
internal sealed class PingPacket : MqttPacket
{
    public static readonly PingPacket Request = new(PacketType.Pingreq);
    public static readonly PingPacket Response = new(PacketType.Pingresp);

    private PingPacket(PacketType type) => Type = type;

    public override PacketType Type { get; }
}

/// <summary>DISCONNECT or AUTH — MQTT 5 §3.14 and §3.15.</summary>
internal sealed class ReasonPacket(PacketType type) : MqttPacket
{
    public override PacketType Type => type;
    public MqttReasonCode ReasonCode { get; init; }
    public PacketProperties? Properties { get; init; }
}
