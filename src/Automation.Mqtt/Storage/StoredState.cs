namespace Automation.Mqtt.Storage;

/// <summary>What a list of changes leads to: the meaning of each <see cref="MqttStoreChange"/>, used to start a broker.</summary>
internal sealed class StoredState
{
    public Dictionary<long, StoredSession> Sessions { get; } = [];

    public Dictionary<long, MqttMessageStored> Messages { get; } = [];

    /// <summary>Numbers of the retained messages by topic.</summary>
    public Dictionary<string, long> Retained { get; } = new(StringComparer.Ordinal);

    public void Apply(MqttStoreChange change)
    {
        switch (change)
        {
            case MqttSessionChanged c when Sessions.TryGetValue(c.SessionId, out var known): known.Session = c; break;
            case MqttSessionChanged c: Sessions.Add(c.SessionId, new StoredSession(c)); break;
            case MqttSessionEnded c: Sessions.Remove(c.SessionId); break;
            case MqttMessageStored c: Messages[c.MessageId] = c; break;
            case MqttMessageDropped c: Messages.Remove(c.MessageId); break;
            case MqttRetainedSet c: Retained[c.Topic] = c.MessageId; break;
            case MqttRetainedCleared c:
                if (c.MessageId is null || (Retained.TryGetValue(c.Topic, out var current) && current == c.MessageId))
                    Retained.Remove(c.Topic);
                break;
            case MqttSubscribed c: Find(c.SessionId)?.Subscriptions[c.Filter] = c; break;
            case MqttUnsubscribed c: Find(c.SessionId)?.Subscriptions.Remove(c.Filter); break;
            case MqttRetainedSent c:
                if (Find(c.SessionId)?.Subscriptions is { } subscriptions && subscriptions.TryGetValue(c.Filter, out var subscription))
                    subscriptions[c.Filter] = subscription with { WantsRetained = false };
                break;
            case MqttIncomingBegun c: Find(c.SessionId)?.Incoming.Add(c.PacketId); break;
            case MqttIncomingEnded c: Find(c.SessionId)?.Incoming.Remove(c.PacketId); break;
            case MqttMessageQueued c: Find(c.SessionId)?.Queue[c.Sequence] = new StoredDelivery(c); break;
            case MqttMessageSent c: Find(c.SessionId, c.Sequence)?.Sent = c; break;
            case MqttMessageReceived c: Find(c.SessionId, c.Sequence)?.IsReceived = true; break;
            case MqttMessageFinished c: Find(c.SessionId)?.Queue.Remove(c.Sequence); break;
            default: throw new NotSupportedException($"{change.GetType().Name} is no change of a store.");
        }
    }

    private StoredSession? Find(long session) => Sessions.GetValueOrDefault(session);

    private StoredDelivery? Find(long session, long sequence) => Find(session)?.Queue.GetValueOrDefault(sequence);
}

/// <summary>A session and what belongs to it.</summary>
internal sealed class StoredSession(MqttSessionChanged session)
{
    public MqttSessionChanged Session { get; set; } = session;

    public Dictionary<string, MqttSubscribed> Subscriptions { get; } = new(StringComparer.Ordinal);

    public Dictionary<long, StoredDelivery> Queue { get; } = [];

    public HashSet<ushort> Incoming { get; } = [];
}

/// <summary>A message that waits for a session or is in flight to it.</summary>
internal sealed class StoredDelivery(MqttMessageQueued queued)
{
    public MqttMessageQueued Queued => queued;

    /// <summary>With which packet identifier it is in flight; null while it waits.</summary>
    public MqttMessageSent? Sent { get; set; }

    public bool IsReceived { get; set; }
}
