using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>What the broker remembers of one client — MQTT 5 §4.1. Everything mutable is guarded by <see cref="Lock"/>.</summary>
internal sealed class Session(string clientId, BrokerContext broker, SessionRecord? record = null)
{
    public Lock Lock { get; } = new();

    public string ClientId => clientId;

    /// <summary>The user name of the client that the session belongs to; null when it has none, or it is not known any more.</summary>
    public string? Owner { get; set; }

    /// <summary>The session's side of the store; null when it ends with its connection, or nothing is stored.</summary>
    public SessionRecord? Record => record;

    /// <summary>The connection the session is attached to, or null.</summary>
    public ClientConnection? Connection { get; set; }

    /// <summary>Counts attachments, so that a deadline set for an absence is not taken for a later one.</summary>
    public int Generation { get; set; }

    public bool IsEnded { get; set; }

    /// <summary>When the session ends unless its client comes back; null while the client is connected.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>Seconds the session lives on without a connection.</summary>
    public uint ExpirySeconds { get; set; }

    /// <summary>A will that waits for its delay while the client is away.</summary>
    public Will? DelayedWill { get; set; }

    public OutgoingMessages Outgoing { get; } = new(broker.Options.MaxQueuedMessages, broker.Options.MaxQueuedBytes, broker.Queues, broker.Retained, record);

    public Dictionary<string, Subscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>Identifiers of QoS 2 messages that came and were not released; true once the message was accepted and PUBREC went out.</summary>
    public Dictionary<ushort, bool> IncomingQoS2 { get; } = [];

    /// <summary>Queues a message for the client.</summary>
    /// <param name="message">The message.</param>
    /// <param name="qos">QoS to send it with.</param>
    /// <param name="retain">RETAIN flag to send it with.</param>
    /// <param name="identifiers">Subscription identifiers, or null.</param>
    /// <param name="unit">What stores it; null for a message that is not stored while it waits.</param>
    /// <returns>How many messages were dropped.</returns>
    public int Deliver(RoutedMessage message, MqttQualityOfService qos, bool retain, uint[]? identifiers, RoutingUnit? unit = null)
    {
        ClientConnection? connection;
        int dropped;
        var isHeld = unit is not null && record is not null && qos != MqttQualityOfService.AtMostOnce;
        if (!isHeld && unit is { Defers: true })
        {
            unit.Defer(() => broker.Metrics.QueueFull(Deliver(message, qos, retain, identifiers)));
            return 0;
        }

        lock (Lock)
        {
            connection = Connection;
            if (IsEnded || (connection is null && qos == MqttQualityOfService.AtMostOnce))
            {
                Outgoing.CountDropped(1);
                return 1;
            }

            dropped = Outgoing.Enqueue(message, qos, retain, identifiers, isHeld ? unit : null);
        }

        if (isHeld)
            unit!.WakeLater(this);
        else
            connection?.WakeWriter();
        return dropped;
    }

    public void WakeWriter()
    {
        ClientConnection? connection;
        lock (Lock)
            connection = Connection;
        connection?.WakeWriter();
    }

    /// <summary>Queues a message of a shared subscription, if the session is a member still and in the state that is asked for.</summary>
    public bool TryDeliverShared(RoutedMessage message, TopicFilter share, MemberState state, RoutingUnit? unit = null)
    {
        ClientConnection? connection;
        bool isHeld;
        lock (Lock)
        {
            connection = Connection is { IsClosing: false } ? Connection : null;
            if (IsEnded || connection is null != (state == MemberState.Away) || !Subscriptions.TryGetValue(share.Text, out var subscription)
                || !subscription.IsAllowed)
                return false;
            var qos = (MqttQualityOfService)Math.Min((byte)subscription.QualityOfService, (byte)message.Message.QualityOfService);
            var canTake = state switch
            {
                MemberState.Free => Outgoing.IsFreeFor(qos),
                MemberState.Away => qos != MqttQualityOfService.AtMostOnce,
                _ => true,
            };
            isHeld = unit is not null && record is not null && qos != MqttQualityOfService.AtMostOnce;
            if (!canTake)
                return false;
            if (!isHeld && unit is { Defers: true })
            {
                unit.Defer(() =>
                {
                    if (!TryDeliverShared(message, share, state))
                        broker.Redelivery.Redeliver([new Delivery(message, qos, Retain: false, Identifiers: null, Sequence: 0, Share: share)]);
                });
                return true;
            }

            if (!Outgoing.TryEnqueueShared(message, qos, subscription, isHeld ? unit : null))
                return false;
        }

        if (isHeld)
            unit!.WakeLater(this);
        else
            connection?.WakeWriter();
        return true;
    }
}

/// <summary>The message to publish when a client goes without saying goodbye — MQTT 5 §3.1.2.5.</summary>
internal sealed record Will(MqttClientInfo Client, MqttApplicationMessage Message, uint DelaySeconds);
