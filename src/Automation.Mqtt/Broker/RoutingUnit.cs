using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>
/// What one publish changes in the store, in one unit: the message once, its place in the queues of all sessions that outlive their
/// connection, its topic's retained message, the packet identifier of a QoS 2 publish. Those sessions hold the message in their queues
/// until <see cref="Release"/>.
/// </summary>
internal sealed class RoutingUnit(StoreLog log, BrokerContext broker, RoutedMessage message, Session? origin, ushort incomingId = 0)
{
    private readonly List<MqttStoreChange> _changes = [];
    private readonly List<Session> _holding = [];
    private List<Action>? _deferred;
    private StoredMessage? _stored;
    private RoutedMessage? _replaced;
    private bool _isRouted;
    private bool _changesRetained;

    /// <summary>True when the hook stores the changes with its own.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Sessions that subscribe to the topic.</summary>
    public int Receivers { get; private set; }

    /// <summary>True when sessions that need no store have to wait too, because the hook may still refuse.</summary>
    public bool Defers { get; private set; }

    /// <summary>Empty when nothing is to be stored.</summary>
    public IReadOnlyList<MqttStoreChange> Changes => _changes;

    /// <summary>For the hook: it stores the changes.</summary>
    public IReadOnlyList<MqttStoreChange> Take()
    {
        IsTaken = true;
        Defers = true;
        Route();
        return _changes;
    }

    /// <summary>Brings the message to all sessions; once.</summary>
    public void Route()
    {
        if (_isRouted)
            return;
        _isRouted = true;
        Receivers = broker.Router.Route(message, origin, this);
        if (incomingId != 0 && origin?.Record is { } record)
            _changes.Add(new MqttIncomingBegun(record.Id, incomingId));
    }

    /// <summary>The topic's retained message is this one, or none when the payload is empty.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryRetain()
    {
        var topic = message.Message.Topic;
        var stored = message.Message.Payload.IsEmpty ? null : Reference();
        if (!broker.Retained.TrySet(message, stored, out _replaced))
        {
            stored!.Release();
            return false;
        }

        if (stored is null && _replaced is null)
            return true;
        _changesRetained = true;
        _changes.Add(stored is null ? new MqttRetainedCleared(topic, null) : new MqttRetainedSet(topic, stored.Id));
        return true;
    }

    /// <summary>Under the session's lock: the message waits in its queue.</summary>
    public void Hold(SessionRecord record, in Delivery delivery) => _changes.Add(record.Queued(delivery));

    /// <summary>The session holds the message: its writer is to look again.</summary>
    public void WakeLater(Session session) => _holding.Add(session);

    /// <summary>The message in the store, with one reference for the caller.</summary>
    public StoredMessage Reference()
    {
        if (_stored is null)
        {
            _stored = new StoredMessage(log.NextMessageId(), log);
            _changes.Add(message.ToStore(_stored, log.Now));
        }

        _stored.TryAddReference();
        return _stored;
    }

    public void Defer(Action delivery) => (_deferred ??= []).Add(delivery);

    /// <summary>The unit is committed, or empty: the message may be sent.</summary>
    public void Release()
    {
        _stored?.State = StoredMessageState.Ready;
        foreach (var session in _holding)
            session.WakeWriter();
        if (_deferred is not null)
        {
            foreach (var delivery in _deferred)
                delivery();
        }

        SettleRetained();
        _replaced?.Stored?.Release();
        _stored?.Release();
    }

    /// <summary>The unit could not be stored, or the message was refused.</summary>
    public void Withdraw()
    {
        _stored?.State = StoredMessageState.Withdrawn;
        foreach (var session in _holding)
            session.WakeWriter(); // what waited behind it may go
        if (_changesRetained)
        {
            var topic = message.Message.Topic;
            if (!broker.Retained.PutBack(topic, message.Message.Payload.IsEmpty ? null : _stored, _replaced))
                _replaced?.Stored?.Release();
            else if (message.Message.Payload.IsEmpty is false)
                _stored!.Release();
            StoreRetained(topic);
        }

        // The hook may have stored its unit and have failed after that.
        if (IsTaken && incomingId != 0 && origin?.Record is { } record)
            log.AppendLater(new MqttIncomingEnded(record.Id, incomingId));
        _stored?.Release();
    }

    // Another publish to the topic may have been stored in the other order than it was retained. The store then gets what is
    // retained now once more, so that both agree.
    private void SettleRetained()
    {
        if (!_changesRetained)
            return;
        var topic = message.Message.Topic;
        var expected = message.Message.Payload.IsEmpty ? null : _stored;
        if (broker.Retained.Find(topic)?.Stored != expected)
            StoreRetained(topic);
    }

    private void StoreRetained(string topic)
    {
        if (broker.Retained.Find(topic)?.Stored is { } stored)
            log.AppendLater(new MqttRetainedSet(topic, stored.Id));
        else
            log.AppendLater(new MqttRetainedCleared(topic, null));
    }
}
