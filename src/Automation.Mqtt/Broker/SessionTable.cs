using Automation.Mqtt.Storage;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>All sessions by client identifier: attaching, taking over, expiry. Lock order: the table's, then a session's.</summary>
internal sealed class SessionTable(BrokerContext broker)
{
    private static readonly Ending s_takenOver = Ending.ServerSays(MqttReasonCode.SessionTakenOver, "Another connection uses this client identifier.");
    private static readonly Ending s_ended = Ending.ServerSays(MqttReasonCode.AdministrativeAction, "The session was ended.");

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private int _stored;
    private int _connected;
    private int _maximumConnected;
    private long _expired;

    /// <summary>Sessions with a connection.</summary>
    public int ConnectedCount => Volatile.Read(ref _connected);

    /// <summary>The most sessions that had a connection at a time.</summary>
    public int MaximumConnectedCount => Volatile.Read(ref _maximumConnected);

    /// <summary>Sessions that ended because their clients did not return.</summary>
    public long ExpiredCount => Volatile.Read(ref _expired);

    public int Count
    {
        get
        {
            lock (_lock)
                return _sessions.Count;
        }
    }

    /// <summary>Whether there is a session that outlives its connection.</summary>
    public bool HasStored => Volatile.Read(ref _stored) > 0;

    /// <summary>Gives the connection its session; an older connection of the client is closed with 0x8E — MQTT 5 §3.1.4.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="cleanStart">Whether an older session is ended.</param>
    /// <param name="expirySeconds">The Session Expiry Interval.</param>
    /// <param name="stored">Completes when the client may be told: what it is promised is in the store.</param>
    /// <returns>False when there are too many sessions.</returns>
    public bool TryAttach(ClientConnection connection, bool cleanStart, uint expirySeconds, out ValueTask stored)
    {
        stored = default;
        var ended = broker.Log is null ? null : new Ended();
        ClientConnection? taken = null;
        Will? overdue = null;
        Session? session;
        lock (_lock)
        {
            var isPresent = false;
            if (_sessions.TryGetValue(connection.ClientId, out session))
            {
                taken = session.Connection;
                // Whoever knows an identifier is not given what was kept for another user.
                var isOwn = session.Owner is null || session.Owner == connection.Client.UserName;
                isPresent = !cleanStart && session.ExpirySeconds > 0 && isOwn;
                if (taken is not null)
                    TellOffline(taken, taken.Ending ?? s_takenOver, keepsSession: isPresent);
                if (!isPresent)
                    overdue = End(session, ended);
            }

            if (!isPresent)
                session = _sessions.Count < broker.Options.MaxSessions ? Create(connection.ClientId, expirySeconds) : null;
            if (session is not null)
            {
                _sessions[connection.ClientId] = session;
                broker.Queues.Sessions = _sessions.Count;
                AttachTo(session, connection, isPresent, expirySeconds);
                if (session.Record is { } record)
                    ended!.Changes.Add(record.Connected(session));
            }

            if (ended is { Changes.Count: > 0 })
                stored = broker.Log!.AppendAsync(ended.Changes);
            ended?.Needed.ForEach(static message => message.Release());
        }

        taken?.Close(s_takenOver);
        if (overdue is not null)
            broker.PublishWill(overdue);
        return session is not null;
    }

    /// <summary>The client is told that it is let in: so is the application, unless the session is another connection's by now.</summary>
    public void Announce(ClientConnection connection)
    {
        if (broker.Options.OnPresence is null)
            return;
        lock (_lock)
        {
            if (connection.Session.Connection != connection)
                return;
            connection.IsOnline = true;
            broker.Tell(new MqttPresence(MqttPresenceKind.Online, connection.Client, MqttReasonCode.Success, null, connection.Session.ExpirySeconds > 0));
        }
    }

    /// <summary>The connection is gone. The session waits for its expiry, or ends now.</summary>
    /// <returns>The will, if it is to be published now.</returns>
    public Will? Detach(Session session, ClientConnection connection, Will? will)
    {
        lock (_lock)
        {
            lock (session.Lock)
            {
                if (session.Connection != connection)
                {
                    // Taken over. A will with a delay is forgotten if the session went on — §3.1.3.2.2.
                    return will is { DelaySeconds: > 0 } && !session.IsEnded ? null : will;
                }

                session.Connection = null;
                _connected--;
                broker.Metrics.QueueFull(session.Outgoing.Detach());
                if (session.ExpirySeconds > 0 && will is { DelaySeconds: > 0 })
                {
                    session.DelayedWill = will;
                    will = null;
                }
            }

            TellOffline(connection, connection.Ending ?? Ending.Lost, keepsSession: session.ExpirySeconds > 0);
            if (session.ExpirySeconds == 0)
            {
                End(session);
                return will;
            }

            session.Record?.Left(session);
            WaitForReturn(session, session.ExpirySeconds);
            return will;
        }
    }

    /// <summary>A session as it was before the broker was started; ends after so many seconds unless its client comes back.</summary>
    public void Restore(Session session, uint seconds)
    {
        lock (_lock)
        {
            _sessions.Add(session.ClientId, session);
            _stored++;
            broker.Queues.Sessions = _sessions.Count;
            WaitForReturn(session, seconds);
        }
    }

    public ClientConnection? FindConnection(string clientId) => Find(clientId)?.Connection;

    public Session? Find(string clientId)
    {
        lock (_lock)
            return _sessions.GetValueOrDefault(clientId);
    }

    /// <summary>All sessions as they are now, in no order.</summary>
    public Session[] Copy()
    {
        lock (_lock)
            return [.. _sessions.Values];
    }

    /// <summary>Ends a session, and the connection that it has.</summary>
    /// <returns>False when there is no such session.</returns>
    public bool TryEnd(string clientId)
    {
        ClientConnection? connection;
        Will? will;
        lock (_lock)
        {
            if (!_sessions.TryGetValue(clientId, out var session))
                return false;
            connection = session.Connection;
            if (connection is not null)
                TellOffline(connection, connection.Ending ?? s_ended, keepsSession: false);
            will = End(session);
        }

        connection?.Close(s_ended);
        if (will is not null)
            broker.PublishWill(will);
        return true;
    }

    // Under the table's lock, where the connection loses its session: so it is told once, and before the next connection of the client.
    private void TellOffline(ClientConnection connection, Ending ending, bool keepsSession)
    {
        if (!connection.IsOnline)
            return;
        connection.IsOnline = false;
        broker.Tell(new MqttPresence(MqttPresenceKind.Offline, connection.Client, ending.Reason, ending.Text, keepsSession));
    }

    private void AttachTo(Session session, ClientConnection connection, bool isPresent, uint expirySeconds)
    {
        lock (session.Lock)
        {
            if (session.Connection is null)
                _maximumConnected = Math.Max(_maximumConnected, ++_connected);
            session.Connection = connection;
            session.Owner = connection.Client.UserName;
            session.Generation++;
            session.ExpiresAt = null;
            session.ExpirySeconds = expirySeconds;
            session.DelayedWill = null;
            session.Outgoing.Detach();
            session.Outgoing.Attach(connection.SendWindow);
            connection.OnAttached(session, isPresent, expirySeconds);
        }
    }

    // Under the table's lock.
    private Session Create(string clientId, uint expirySeconds)
    {
        if (expirySeconds == 0 || broker.Log is not { } log)
            return new Session(clientId, broker);
        _stored++;
        return new Session(clientId, broker, new SessionRecord(log, log.NextSessionId()));
    }

    private void WaitForReturn(Session session, uint seconds)
    {
        lock (session.Lock)
            session.ExpiresAt = broker.Options.TimeProvider.GetUtcNow() + TimeSpan.FromSeconds(seconds);
        var generation = session.Generation;
        var now = broker.Wheel.Now;
        var end = now + seconds + 1;
        var willDue = session.DelayedWill is { } will ? now + will.DelaySeconds + 1 : TimerWheel.Never;
        broker.Wheel.Schedule(new Deadline(tick => OnTick(session, generation, tick, end, ref willDue)), Math.Min(end, willDue));
    }

    private long OnTick(Session session, int generation, long now, long end, ref long willDue)
    {
        Will? will = null;
        lock (_lock)
        {
            if (session.IsEnded || session.Connection is not null || session.Generation != generation)
                return TimerWheel.Never;
            if (now >= end)
            {
                will = End(session);
                _expired++;
            }
            else if (now >= willDue)
            {
                will = session.DelayedWill;
                session.DelayedWill = null;
                willDue = TimerWheel.Never;
            }
        }

        if (will is not null)
            broker.PublishWill(will);
        return now >= end ? TimerWheel.Never : Math.Min(end, willDue);
    }

    // Under the table's lock. Returns the will that waited for its delay: the end of the session makes it due.
    private Will? End(Session session, Ended? together = null)
    {
        if (session.Record is not null && !session.IsEnded)
            _stored--;
        if (_sessions.TryGetValue(session.ClientId, out var current) && current == session)
        {
            _sessions.Remove(session.ClientId);
            broker.Queues.Sessions = _sessions.Count;
        }

        List<Delivery> left;
        List<StoredMessage> needed;
        Will? will;
        lock (session.Lock)
        {
            session.IsEnded = true;
            if (session.Connection is not null)
                _connected--;
            session.Connection = null;
            foreach (var subscription in session.Subscriptions.Values)
                broker.Subscriptions.Remove(subscription);
            session.Subscriptions.Clear();
            left = session.Outgoing.UnfinishedShared();
            needed = session.Outgoing.Clear();
            will = session.DelayedWill;
            session.DelayedWill = null;
        }

        if (session.Record is { } record && left.Count == 0 && together is not null)
        {
            together.Changes.Add(new MqttSessionEnded(record.Id));
            together.Needed.AddRange(needed);
            return will;
        }

        broker.Redelivery.Redeliver(left, session.Record is { } ending ? [new MqttSessionEnded(ending.Id)] : null);
        foreach (var message in needed)
            message.Release();
        return will;
    }

    /// <summary>What the end of a session changes in the store, when something else is stored with it.</summary>
    private sealed class Ended
    {
        public List<MqttStoreChange> Changes { get; } = [];

        /// <summary>What the session needed, to be released after.</summary>
        public List<StoredMessage> Needed { get; } = [];
    }
}
