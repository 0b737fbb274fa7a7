using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>What the broker remembers of one client — MQTT 5 §4.1. Everything mutable is guarded by <see cref="Lock"/>.</summary>
internal sealed class Session(string clientId, BrokerContext broker)
{
    public Lock Lock { get; } = new();

    public string ClientId => clientId;

    /// <summary>The user name of the client that the session belongs to; null when it has none, or it is not known any more.</summary>
    public string? Owner { get; set; }

    /// <summary>The connection the session is attached to, or null.</summary>
    public ClientConnection? Connection { get; set; }

    /// <summary>Counts attachments, so that a deadline set for an absence is not taken for a later one.</summary>
    public int Generation { get; set; }

    public bool IsEnded { get; set; }

    /// <summary>Seconds the session lives on without a connection.</summary>
    public uint ExpirySeconds { get; set; }

    /// <summary>A will that waits for its delay while the client is away.</summary>
    public Will? DelayedWill { get; set; }

    public OutgoingMessages Outgoing { get; } = new(broker.Options.MaxQueuedMessages, broker.Options.MaxQueuedBytes, broker.Queues, broker.Retained);

    public Dictionary<string, Subscription> Subscriptions { get; } = new(StringComparer.Ordinal);

    /// <summary>Identifiers of QoS 2 messages that came and were not released; true once the message was accepted and PUBREC went out.</summary>
    public Dictionary<ushort, bool> IncomingQoS2 { get; } = [];

    /// <summary>Queues a message for the client.</summary>
    /// <returns>How many messages were dropped.</returns>
    public int Deliver(RoutedMessage message, MqttQualityOfService qos, bool retain, uint[]? identifiers)
    {
        ClientConnection? connection;
        int dropped;
        lock (Lock)
        {
            connection = Connection;
            if (IsEnded || (connection is null && qos == MqttQualityOfService.AtMostOnce))
                return 1;
            dropped = Outgoing.Enqueue(message, qos, retain, identifiers);
        }

        connection?.WakeWriter();
        return dropped;
    }

    /// <summary>Queues a message of a shared subscription, if the session is a member still and in the state that is asked for.</summary>
    public bool TryDeliverShared(RoutedMessage message, TopicFilter share, MemberState state)
    {
        ClientConnection? connection;
        lock (Lock)
        {
            connection = Connection is { IsClosing: false } ? Connection : null;
            if (IsEnded || connection is null != (state == MemberState.Away) || !Subscriptions.TryGetValue(share.Text, out var subscription))
                return false;
            var qos = (MqttQualityOfService)Math.Min((byte)subscription.QualityOfService, (byte)message.Message.QualityOfService);
            var canTake = state switch
            {
                MemberState.Free => Outgoing.IsFreeFor(qos),
                MemberState.Away => qos != MqttQualityOfService.AtMostOnce,
                _ => true,
            };
            if (!canTake || !Outgoing.TryEnqueueShared(message, qos, subscription))
                return false;
        }

        connection?.WakeWriter();
        return true;
    }
}

/// <summary>The message to publish when a client goes without saying goodbye — MQTT 5 §3.1.2.5.</summary>
internal sealed record Will(MqttClientInfo Client, MqttApplicationMessage Message, uint DelaySeconds);
