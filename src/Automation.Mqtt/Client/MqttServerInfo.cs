using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>What the server said in its CONNACK — MQTT 5 §3.2. With 3.1.1 everything but <see cref="SessionPresent"/> has its default.</summary>
public sealed record MqttServerInfo
{
    /// <summary>The version in use.</summary>
    public required MqttProtocolVersion ProtocolVersion { get; init; }

    /// <summary>The client identifier in use: ours, or the one that the server assigned.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether the server had kept the session.</summary>
    public bool SessionPresent { get; init; }

    /// <summary>Keep alive in seconds: the server's if it set one, else ours; 0 for none.</summary>
    public ushort KeepAliveSeconds { get; init; }

    /// <summary>Seconds that the server keeps the session after the connection ended; <see cref="uint.MaxValue"/> for ever.</summary>
    public uint SessionExpiryInterval { get; init; }

    /// <summary>Most QoS 1 and 2 messages that the server takes at once.</summary>
    public ushort ReceiveMaximum { get; init; } = ushort.MaxValue;

    /// <summary>Largest packet in bytes that the server takes.</summary>
    public uint MaximumPacketSize { get; init; } = uint.MaxValue;

    /// <summary>Highest QoS that the server takes in a publish.</summary>
    public MqttQualityOfService MaximumQoS { get; init; } = MqttQualityOfService.ExactlyOnce;

    /// <summary>Whether the server keeps retained messages.</summary>
    public bool RetainAvailable { get; init; } = true;

    /// <summary>Greatest topic alias that the server takes; 0 for none.</summary>
    public ushort TopicAliasMaximum { get; init; }

    /// <summary>Whether filters may hold wildcards.</summary>
    public bool WildcardSubscriptionAvailable { get; init; } = true;

    /// <summary>Whether subscriptions may have an identifier; never with 3.1.1.</summary>
    public bool SubscriptionIdentifierAvailable { get; init; }

    /// <summary>Whether <c>$share/…</c> may be subscribed. With 3.1.1 the server does not say, and it is tried.</summary>
    public bool SharedSubscriptionAvailable { get; init; } = true;

    /// <summary>Where response topics may be made, as the server says.</summary>
    public string? ResponseInformation { get; init; }

    /// <summary>Another server to use, as the server names it.</summary>
    public string? ServerReference { get; init; }

    /// <summary>Text for people.</summary>
    public string? ReasonString { get; init; }

    /// <summary>User properties of the CONNACK.</summary>
    public IReadOnlyList<MqttUserProperty> UserProperties { get; init; } = [];

    internal static MqttServerInfo Of(ConnackPacket connack, ConnectPacket connect)
    {
        var isV5 = connect.Version == MqttProtocolVersion.V5;
        var p = connack.Properties ?? new PacketProperties();
        return new MqttServerInfo
        {
            ProtocolVersion = connect.Version,
            ClientId = p.AssignedClientIdentifier ?? connect.ClientId,
            SessionPresent = connack.SessionPresent,
            KeepAliveSeconds = p.ServerKeepAlive ?? connect.KeepAlive,
            SessionExpiryInterval = p.SessionExpiryInterval ?? connect.Properties?.SessionExpiryInterval ?? (connect.CleanStart ? 0 : uint.MaxValue),
            ReceiveMaximum = p.ReceiveMaximum ?? ushort.MaxValue,
            MaximumPacketSize = p.MaximumPacketSize ?? uint.MaxValue,
            MaximumQoS = (MqttQualityOfService)(p.MaximumQoS ?? (byte)MqttQualityOfService.ExactlyOnce),
            RetainAvailable = p.RetainAvailable != 0,
            TopicAliasMaximum = p.TopicAliasMaximum ?? 0,
            WildcardSubscriptionAvailable = p.WildcardSubscriptionAvailable != 0,
            SubscriptionIdentifierAvailable = isV5 && p.SubscriptionIdentifierAvailable != 0,
            SharedSubscriptionAvailable = p.SharedSubscriptionAvailable != 0,
            ResponseInformation = p.ResponseInformation,
            ServerReference = p.ServerReference,
            ReasonString = p.ReasonString,
            UserProperties = p.UserProperties ?? [],
        };
    }
}
