using Automation.Mqtt.Storage;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>One copy of a message for one session.</summary>
/// <param name="Message">The message.</param>
/// <param name="QualityOfService">The QoS to send it with.</param>
/// <param name="Retain">The RETAIN flag to send it with.</param>
/// <param name="Identifiers">Subscription identifiers, or null.</param>
/// <param name="Sequence">Its place among what was queued.</param>
/// <param name="IsFromStore">A retained message for a new subscription, which was in no queue.</param>
/// <param name="Share">The shared subscription it comes from, whose other members get it if this session cannot finish it; else null.</param>
/// <param name="Stored">Its entry in the store, if the session outlives its connection; else null.</param>
/// <param name="MayBeRepeated">It waited when the broker crashed, and may have been sent.</param>
internal readonly record struct Delivery(
    RoutedMessage Message, MqttQualityOfService QualityOfService, bool Retain, uint[]? Identifiers, long Sequence, bool IsFromStore = false, TopicFilter? Share = null,
    StoredMessage? Stored = null, bool MayBeRepeated = false)
{
    /// <summary>Not committed yet, so not to be sent.</summary>
    public bool IsHeld => Stored is { State: StoredMessageState.Held };

    public bool IsWithdrawn => Stored is { State: StoredMessageState.Withdrawn };
}

/// <summary>A QoS 1 or 2 message that was sent and is not finished.</summary>
internal sealed class InFlight(ushort packetId, Delivery delivery, long order)
{
    public ushort PacketId => packetId;
    public Delivery Delivery => delivery;

    /// <summary>Grows with each message that was sent: unfinished ones are sent again in this order.</summary>
    public long Order => order;

    /// <summary>QoS 2: PUBREC came, PUBREL is what is sent again.</summary>
    public bool IsReceived { get; set; }

    /// <summary>Sent on the present connection; false after the session was taken up again until it is resent.</summary>
    public bool IsSent { get; set; }

    /// <summary>It was sent before, or may have been: sent again it is a duplicate.</summary>
    public bool WasSent { get; set; }

    /// <summary>Its packet identifier is not committed yet, so it is not to be sent: after a crash the identifier would go to another message.</summary>
    public bool IsHeld { get; set; }
}

/// <summary>
/// What a session still has to send: waiting messages and the window of unacknowledged ones. Both count for its limit of bytes and
/// for the limit of all sessions. Guarded by the session's lock.
/// </summary>
internal sealed class OutgoingMessages(int maxMessages, long maxBytes, QueueBudget budget, RetainedStore retained, SessionRecord? record = null)
{
    private readonly OrderedDictionary<string, RetainedDelivery> _retained = new(StringComparer.Ordinal);
    private readonly Queue<Delivery> _fireAndForget = new();
    private readonly Queue<Delivery> _acknowledged = new();
    private readonly Dictionary<ushort, InFlight> _inFlight = [];
    private readonly Queue<InFlight> _resend = new();
    private readonly List<InFlight> _toStore = [];
    private readonly List<MqttStoreChange> _changes = [];
    private long _bytes;
    private long _inFlightBytes;
    private long _sequence;
    private long _order;
    private int _sent;
    private int _window;
    private ushort _lastId;

    public int InFlightCount => _inFlight.Count;

    /// <summary>Messages that wait; those for a new subscription that are still in the store of retained messages are not among them.</summary>
    public int QueuedCount => _fireAndForget.Count + _acknowledged.Count;

    /// <summary>Bytes of the messages that wait or are in flight.</summary>
    public long Bytes => _bytes;

    /// <summary>Messages that the client was to get and will not: for want of room, expired or too large for it.</summary>
    public long DroppedCount { get; private set; }

    /// <summary>Puts a message in its queue. Over the limits the oldest QoS 0 goes first, then the new message.</summary>
    /// <returns>How many messages were dropped.</returns>
    /// <param name="message">The message.</param>
    /// <param name="qos">QoS to send it with.</param>
    /// <param name="retain">RETAIN flag to send it with.</param>
    /// <param name="identifiers">Subscription identifiers, or null.</param>
    /// <param name="unit">What stores it, and holds it until then; null when it is not stored.</param>
    public int Enqueue(RoutedMessage message, MqttQualityOfService qos, bool retain, uint[]? identifiers, RoutingUnit? unit = null)
    {
        var dropped = 0;
        while (!TryReserve(message.Size))
        {
            dropped++;
            DroppedCount++;
            if (!_fireAndForget.TryDequeue(out var oldest))
                return dropped;
            Release(oldest.Message.Size);
        }

        Add(new Delivery(message, qos, retain, identifiers, _sequence++), unit);
        return dropped;
    }

    /// <summary>Whether one more message could be sent at once, or for QoS 0 with few before it.</summary>
    public bool IsFreeFor(MqttQualityOfService qos) => qos == MqttQualityOfService.AtMostOnce
        ? _fireAndForget.Count < _window
        : _sent + _resend.Count + _acknowledged.Count < _window && _inFlightBytes < maxBytes;

    /// <summary>Puts a message of a shared subscription in its queue. Nothing is dropped for it: another member may have room.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryEnqueueShared(RoutedMessage message, MqttQualityOfService qos, Subscription subscription, RoutingUnit? unit = null)
    {
        if (!TryReserve(message.Size))
            return false;
        var retain = subscription.RetainAsPublished && message.Message.Retain;
        Add(new Delivery(message, qos, retain, subscription.Identifiers, _sequence++, Share: subscription.Filter), unit);
        return true;
    }

    /// <summary>
    /// The shared subscription is gone: takes what waits and was not sent, for the other members. What was sent is still this client's
    /// to finish — MQTT 5 §3.10.4.
    /// </summary>
    /// <remarks>What is being stored at this moment is on its way to this client.</remarks>
    public List<Delivery> TakeShared(TopicFilter share)
    {
        List<Delivery> taken = [];
        for (var left = _acknowledged.Count; left > 0; left--)
        {
            var delivery = _acknowledged.Dequeue();
            if (!share.Equals(delivery.Share) || delivery.IsHeld)
            {
                _acknowledged.Enqueue(delivery);
                continue;
            }

            taken.Add(delivery);
            Release(delivery.Message.Size);
        }

        return taken;
    }

    /// <summary>
    /// The session ends: what of its shared subscriptions the other members should get, in order. QoS 2 messages that were sent are
    /// not among them: they must go to nobody else [MQTT-4.8.2-5].
    /// </summary>
    public List<Delivery> UnfinishedShared() =>
    [
        .. _inFlight.Values.Where(entry => entry.Delivery is { Share: not null, QualityOfService: MqttQualityOfService.AtLeastOnce })
            .OrderBy(entry => entry.Order).Select(entry => entry.Delivery),
        .. _acknowledged.Where(delivery => delivery.Share is not null),
    ];

    /// <summary>
    /// The retained messages for a subscription: those of now, sent before what is published later. They stay in the store until they
    /// are sent, so however many there are they take no room here. What was left for the same filter is begun anew.
    /// </summary>
    public void AddRetained(Subscription subscription)
    {
        RemoveRetained(subscription.Filter.Text);
        _retained.Add(subscription.Filter.Text, new RetainedDelivery(subscription, retained.Walk(subscription.Filter)));
    }

    /// <summary>The subscription is gone: what was left of its retained messages is not sent.</summary>
    public void RemoveRetained(string filter) => _retained.Remove(filter);

    /// <summary>Takes the next message that may be sent now; order is kept unless the window is full and QoS 0 can pass.</summary>
    public bool TryTake(out Delivery delivery)
    {
        // Limited by bytes too: what is in flight is kept until the client acknowledges it.
        var open = _sent + _resend.Count < _window && _inFlightBytes < maxBytes;
        // Retained messages were in no queue: where it is full they go one by one.
        var openForRetained = open && (_bytes < maxBytes || _inFlight.Count == 0);
        while (_retained.Count > 0)
        {
            var (subscription, walk) = _retained.GetAt(0).Value;
            if (!openForRetained && subscription.QualityOfService != MqttQualityOfService.AtMostOnce)
            {
                delivery = default;
                return false;
            }

            if (subscription.IsAllowed && retained.Next(walk) is { } next)
            {
                var qos = (MqttQualityOfService)Math.Min((byte)subscription.QualityOfService, (byte)next.Message.QualityOfService);
                delivery = new Delivery(next, qos, Retain: true, subscription.Identifiers, _sequence++, IsFromStore: true);
                return true;
            }

            _retained.RemoveAt(0);
            if (record is not null && subscription.QualityOfService != MqttQualityOfService.AtMostOnce)
                record.AppendLater(new MqttRetainedSent(record.Id, subscription.Filter.Text));
        }

        Delivery acknowledged;
        while (_acknowledged.TryPeek(out acknowledged) && acknowledged.IsWithdrawn)
            record?.Finished(Take(_acknowledged));

        var hasAcknowledged = _acknowledged.Count > 0 && open && !acknowledged.IsHeld;
        var hasFireAndForget = _fireAndForget.TryPeek(out var fireAndForget);
        if (!hasAcknowledged && !hasFireAndForget)
        {
            delivery = default;
            return false;
        }

        var takeAcknowledged = hasAcknowledged && (!hasFireAndForget || acknowledged.Sequence < fireAndForget.Sequence);
        delivery = Take(takeAcknowledged ? _acknowledged : _fireAndForget);
        return true;
    }

    /// <summary>What was taken is not sent: it has expired, or is too large.</summary>
    public void Drop(in Delivery delivery)
    {
        CountDropped(1);
        record?.Finished(delivery);
    }

    public void CountDropped(int count) => DroppedCount += count;

    /// <summary>
    /// Gives a QoS 1 or 2 message its packet identifier and a place in the window. Where identifiers are stored, one for QoS 2 has to be
    /// before it is sent; what comes after it then waits too.
    /// </summary>
    /// <param name="delivery">The message.</param>
    /// <param name="packetId">Its identifier; 0 when it is sent later, as what is sent again.</param>
    /// <returns>False when it comes from the store of retained messages and all sessions together hold too much.</returns>
    public bool TryTrack(Delivery delivery, out ushort packetId)
    {
        packetId = 0;
        var size = delivery.Message.Size;
        if (delivery.IsFromStore && !budget.TryReserve(size, _bytes))
            return false;
        if (!delivery.IsFromStore)
            budget.Reserve(size);
        _bytes += size;
        _inFlightBytes += size;
        do
        {
            _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
        }
        while (_inFlight.ContainsKey(_lastId));

        if (record is not null && delivery.Stored is null)
            delivery = record.Adopt(delivery, _changes);
        var entry = new InFlight(_lastId, delivery, _order++) { WasSent = delivery.MayBeRepeated };
        _inFlight.Add(_lastId, entry);
        Store(entry);
        if (entry.IsHeld || _resend.Count > 0)
        {
            _resend.Enqueue(entry);
            return true;
        }

        MarkSent(entry);
        packetId = _lastId;
        return true;
    }

    /// <summary>Packet identifiers that have to be stored now; null for none. To be told of with <see cref="OnStored"/>.</summary>
    public StoringIdentifiers? TakeIdentifiers()
    {
        if (_toStore.Count == 0)
            return null;
        MqttStoreChange[] changes = [.. _changes];
        record!.AppendSent(); // earlier identifiers first: what has one is sent again before what has none
        var storing = new StoringIdentifiers([.. _toStore], changes, record.AppendAsync(changes));
        _toStore.Clear();
        _changes.Clear();
        return storing;
    }

    /// <summary>The identifiers are stored: the messages may be sent. When the store failed they are tried again on the next connection.</summary>
    public void OnStored(StoringIdentifiers storing, bool isStored)
    {
        foreach (var entry in storing.Entries)
        {
            if (!_inFlight.TryGetValue(entry.PacketId, out var current) || current != entry)
                continue;
            entry.IsHeld = !isStored;
            if (!isStored)
                _toStore.Add(entry);
        }

        if (!isStored && _toStore.Count > 0)
            _changes.InsertRange(0, storing.Changes);
    }

    /// <summary>Takes the next unfinished message of an earlier connection, in the old order — MQTT 5 §4.4.</summary>
    public bool TryTakeResend(out InFlight? next)
    {
        while (_sent < _window && _resend.TryPeek(out next))
        {
            var isFinished = !_inFlight.TryGetValue(next.PacketId, out var current) || current != next;
            if (!isFinished && next.IsHeld)
                break;
            _resend.Dequeue();
            if (isFinished)
                continue;
            next.IsSent = true;
            _sent++;
            return true;
        }

        next = null;
        return false;
    }

    /// <summary>The unfinished message with the packet identifier, or null.</summary>
    public InFlight? Find(ushort packetId) => _inFlight.GetValueOrDefault(packetId);

    /// <summary>PUBACK, PUBCOMP, or a PUBREC that refuses: the message is finished.</summary>
    public bool Finish(ushort packetId)
    {
        if (!_inFlight.Remove(packetId, out var entry))
            return false;
        _inFlightBytes -= entry.Delivery.Message.Size;
        Release(entry.Delivery.Message.Size);
        if (entry.IsSent)
            _sent--;
        record?.Finished(entry.Delivery);
        return true;
    }

    /// <summary>PUBREC: from now on only PUBREL is sent.</summary>
    /// <returns>False when the identifier is not one of an unfinished QoS 2 message.</returns>
    public bool MarkReceived(ushort packetId)
    {
        if (FindExactlyOnce(packetId) is not { } entry)
            return false;
        entry.IsReceived = true;
        return true;
    }

    /// <summary>The unfinished QoS 2 message with the identifier, or null.</summary>
    public InFlight? FindExactlyOnce(ushort packetId) =>
        _inFlight.TryGetValue(packetId, out var entry) && entry.Delivery.QualityOfService == MqttQualityOfService.ExactlyOnce ? entry : null;

    /// <summary>Puts a message back that waited, or was in flight, before the broker was started. In the order of the queue.</summary>
    /// <param name="delivery">The message, with its place in the queue.</param>
    /// <param name="sent">How it was sent; null when it waits.</param>
    /// <param name="isReceived">PUBREC had come.</param>
    public void Restore(Delivery delivery, MqttMessageSent? sent, bool isReceived)
    {
        budget.Reserve(delivery.Message.Size);
        _bytes += delivery.Message.Size;
        _sequence = Math.Max(_sequence, delivery.Sequence + 1);
        if (sent is null)
        {
            _acknowledged.Enqueue(delivery);
            return;
        }

        _inFlightBytes += delivery.Message.Size;
        _order = Math.Max(_order, sent.Order + 1);
        _inFlight.Add(sent.PacketId, new InFlight(sent.PacketId, delivery, sent.Order) { IsReceived = isReceived, WasSent = true });
    }

    /// <summary>A connection takes the session up: what was in flight is sent again, by age.</summary>
    public void Attach(int window)
    {
        _window = window;
        _sent = 0;
        _resend.Clear();
        foreach (var entry in _inFlight.Values.OrderBy(entry => entry.Order))
        {
            entry.IsSent = false;
            _resend.Enqueue(entry);
        }
    }

    /// <summary>The connection is gone: QoS 0 is not kept.</summary>
    /// <returns>How many messages were dropped.</returns>
    public int Detach()
    {
        var dropped = _fireAndForget.Count;
        CountDropped(dropped);
        while (_fireAndForget.TryDequeue(out var delivery))
            Release(delivery.Message.Size);
        return dropped;
    }

    /// <summary>The session has ended: nothing is kept.</summary>
    /// <returns>What it needed in the store, to be released when the store was told of the end.</returns>
    public List<StoredMessage> Clear()
    {
        List<StoredMessage> stored = record is null
            ? []
            : [.. _acknowledged.Concat(_inFlight.Values.Select(entry => entry.Delivery)).Select(delivery => delivery.Stored).OfType<StoredMessage>()];
        _toStore.Clear();
        _changes.Clear();
        _retained.Clear();
        _fireAndForget.Clear();
        _acknowledged.Clear();
        _inFlight.Clear();
        _resend.Clear();
        _inFlightBytes = 0;
        _sent = 0;
        Release(_bytes);
        return stored;
    }

    private void Add(Delivery delivery, RoutingUnit? unit)
    {
        if (unit is not null)
        {
            delivery = delivery with { Stored = unit.Reference() };
            unit.Hold(record!, delivery);
        }

        (delivery.QualityOfService == MqttQualityOfService.AtMostOnce ? _fireAndForget : _acknowledged).Enqueue(delivery);
    }

    private Delivery Take(Queue<Delivery> queue)
    {
        var delivery = queue.Dequeue();
        Release(delivery.Message.Size);
        return delivery;
    }

    // A QoS 1 message may be sent before its identifier is stored: in the worst case it comes again with another one.
    private void Store(InFlight entry)
    {
        if (record is null)
            return;
        if (entry.Delivery.QualityOfService == MqttQualityOfService.ExactlyOnce)
        {
            _changes.Add(record.Sent(entry));
            entry.IsHeld = true;
            _toStore.Add(entry);
            return;
        }

        if (_toStore.Count > 0)
        {
            _changes.Add(record.Sent(entry)); // goes along
            return;
        }

        if (_changes.Count > 0)
            record.AppendLater([.. _changes]);
        _changes.Clear();
        record.AppendUnlessFinished(entry);
    }

    private void MarkSent(InFlight entry)
    {
        entry.IsSent = entry.WasSent = true;
        _sent++;
    }

    private bool TryReserve(int size)
    {
        if (_fireAndForget.Count + _acknowledged.Count >= maxMessages || _bytes + size > maxBytes || !budget.TryReserve(size, _bytes))
            return false;
        _bytes += size;
        return true;
    }

    private void Release(long size)
    {
        _bytes -= size;
        budget.Release(size);
    }

    private readonly record struct RetainedDelivery(Subscription Subscription, RetainedWalk Walk);
}

/// <summary>Packet identifiers on their way to the store.</summary>
/// <param name="Entries">The messages that wait for it.</param>
/// <param name="Changes">What is stored.</param>
/// <param name="Stored">The commit.</param>
internal sealed record StoringIdentifiers(InFlight[] Entries, MqttStoreChange[] Changes, ValueTask Stored);
