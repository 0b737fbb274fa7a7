using Automation.Mqtt.Storage;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>Takes up what a broker before this one left in the store, and clears away what is over.</summary>
internal sealed class StoreLoader(BrokerContext broker, StoreLog log)
{
    private readonly StoredState _state = new();
    private readonly Dictionary<long, Loaded> _messages = [];
    private readonly List<MqttStoreChange> _over = [];

    public async Task LoadAsync(CancellationToken cancellation)
    {
        await foreach (var change in broker.Options.Store!.LoadAsync(cancellation))
            _state.Apply(change);

        log.StartAfter(_state.Messages.Keys.DefaultIfEmpty().Max(), _state.Sessions.Keys.DefaultIfEmpty().Max());
        foreach (var (topic, id) in _state.Retained)
            LoadRetained(topic, id);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var session in _state.Sessions.Values.OrderByDescending(session => session.Session.SessionId))
            LoadSession(session, isLatest: seen.Add(session.Session.ClientId));
        foreach (var id in _state.Messages.Keys.Where(id => !_messages.ContainsKey(id)))
            _over.Add(new MqttMessageDropped(id));
        log.AppendLater([.. _over]);
        foreach (var message in _messages.Values)
            message.Stored.Release(); // our own reference
    }

    private void LoadRetained(string topic, long id)
    {
        if (Find(id) is { } message && !message.Routed.IsExpired
            && broker.Retained.TrySet(message.Routed, message.Stored, out _))
            message.Stored.TryAddReference();
        else
            _over.Add(new MqttRetainedCleared(topic, id));
    }

    private void LoadSession(StoredSession stored, bool isLatest)
    {
        var (id, clientId, userName, expirySeconds, expiresAt, isConnected) = stored.Session;
        // The client of a session that was found connected was there when the broker went: its time begins now.
        var end = expiresAt ?? log.Now + TimeSpan.FromSeconds(expirySeconds);
        if (!isLatest || end <= log.Now)
        {
            _over.Add(new MqttSessionEnded(id));
            return;
        }

        var record = new SessionRecord(log, id);
        var session = new Session(clientId, broker, record) { Owner = userName, ExpirySeconds = expirySeconds };
        lock (session.Lock)
        {
            if (expiresAt is null)
                record.Missing(session, end);
            foreach (var packetId in stored.Incoming)
                session.IncomingQoS2[packetId] = true;
            LoadQueue(session, record, stored, isConnected);
            foreach (var subscription in stored.Subscriptions.Values)
                LoadSubscription(session, subscription);
        }

        broker.Sessions.Restore(session, (uint)Math.Ceiling((end - log.Now).TotalSeconds));
        if (expiresAt is null)
            broker.Tell(new MqttPresence(MqttPresenceKind.Offline, MqttClientInfo.OfSession(session), Reason: null, "The server ended without closing the connection.", KeepsSession: true));
    }

    private void LoadQueue(Session session, SessionRecord record, StoredSession stored, bool isConnected)
    {
        var taken = new HashSet<ushort>();
        // Of two with one packet identifier the older was finished, or the identifier would not have been given again.
        foreach (var delivery in stored.Queue.Values.Where(delivery => delivery.Sent is not null).OrderByDescending(delivery => delivery.Sent!.Order))
        {
            if (!taken.Add(delivery.Sent!.PacketId))
                Drop(stored, delivery);
        }

        foreach (var delivery in stored.Queue.Values.OrderBy(delivery => delivery.Queued.Sequence).ToList())
        {
            var queued = delivery.Queued;
            if (Find(queued.MessageId) is not { } message)
            {
                Drop(stored, delivery); // finished: the message was dropped after its last receiver
                continue;
            }

            message.Stored.TryAddReference();
            var share = TopicFilter.TryParse(queued.Share, out var filter) ? filter : null;
            var restored = new Delivery(
                message.Routed, queued.QualityOfService, queued.Retain, queued.Identifiers is { Count: > 0 } identifiers ? [.. identifiers] : null, queued.Sequence,
                Share: share, Stored: message.Stored, MayBeRepeated: isConnected && queued.QualityOfService == MqttQualityOfService.AtLeastOnce);
            session.Outgoing.Restore(restored, delivery.Sent, delivery.IsReceived);
        }

        void Drop(StoredSession from, StoredDelivery delivery)
        {
            from.Queue.Remove(delivery.Queued.Sequence);
            _over.Add(new MqttMessageFinished(record.Id, delivery.Queued.Sequence));
        }
    }

    private void LoadSubscription(Session session, MqttSubscribed stored)
    {
        if (!TopicFilter.TryParse(stored.Filter, out var filter))
            return;
        var subscription = new Subscription(session, filter, stored.QualityOfService)
        {
            NoLocal = stored.NoLocal,
            RetainAsPublished = stored.RetainAsPublished,
            Identifiers = stored.Identifier is { } identifier ? [identifier] : null,
        };
        session.Subscriptions[filter.Text] = subscription;
        broker.Subscriptions.Set(subscription);
        if (stored.WantsRetained)
            session.Outgoing.AddRetained(subscription);
    }

    private Loaded? Find(long id)
    {
        if (_messages.TryGetValue(id, out var message))
            return message;
        if (!_state.Messages.TryGetValue(id, out var stored))
            return null;
        message = new Loaded(RoutedMessage.Load(stored, broker.Options.TimeProvider), new StoredMessage(id, log) { State = StoredMessageState.Ready });
        _messages.Add(id, message);
        return message;
    }

    private sealed record Loaded(RoutedMessage Routed, StoredMessage Stored);
}
