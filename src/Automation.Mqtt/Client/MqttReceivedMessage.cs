namespace Automation.Mqtt.Client;

/// <summary>A message from the server.</summary>
public sealed class MqttReceivedMessage
{
    private readonly ClientSession _session;

    internal MqttReceivedMessage(
        ClientSession session, MqttApplicationMessage message, ushort packetId, bool isDuplicate, IReadOnlyList<uint> subscriptionIdentifiers, int generation)
    {
        _session = session;
        Message = message;
        PacketId = packetId;
        IsDuplicate = isDuplicate;
        SubscriptionIdentifiers = subscriptionIdentifiers;
        Generation = generation;
    }

    /// <summary>The message. Its QoS is the one it was sent with to this client.</summary>
    public MqttApplicationMessage Message { get; }

    /// <summary>The server sent this message before (DUP, §3.3.1.1); only then can the application have seen it.</summary>
    public bool IsDuplicate { get; }

    /// <summary>The identifiers of the subscriptions that it matches — MQTT 5 §3.3.2.3.8.</summary>
    public IReadOnlyList<uint> SubscriptionIdentifiers { get; }

    internal ushort PacketId { get; }

    internal int Generation { get; }

    internal int Size => 200 + Message.Payload.Length + (2 * Message.Topic.Length);

    internal bool IsAcknowledged { get; set; }

    internal MqttReasonCode Answer { get; set; }

    /// <summary>
    /// Says that the application is done with the message: the server gets PUBACK or PUBREC when all that came before are acknowledged too,
    /// and forgets it. May be called from any thread; more than once does nothing.
    /// </summary>
    /// <param name="reasonCode">0x80 and above refuses the message; the server does not send it again. MQTT 3.1.1 cannot tell it.</param>
    /// <returns>
    /// False when it is too late: it was acknowledged before, or the connection that a QoS 1 message came over is gone. The server then sends it again.
    /// A QoS 2 message comes once only, and can be acknowledged after a reconnect.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">The reason code is none of PUBACK and PUBREC (MQTT 5 §3.4.2.1).</exception>
    public bool Acknowledge(MqttReasonCode reasonCode = MqttReasonCode.Success) => _session.Acknowledge(this, reasonCode);

    /// <summary>A response to this request, for its response topic and with its correlation data — MQTT 5 §4.10.</summary>
    /// <param name="payload">The payload.</param>
    /// <exception cref="InvalidOperationException">The message has no response topic.</exception>
    public MqttApplicationMessage CreateResponse(ReadOnlyMemory<byte> payload) => new()
    {
        Topic = Message.ResponseTopic ?? throw new InvalidOperationException("The message has no response topic."),
        Payload = payload,
        QualityOfService = Message.QualityOfService,
        CorrelationData = Message.CorrelationData,
    };
}
