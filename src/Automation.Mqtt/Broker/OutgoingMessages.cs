namespace Automation.Mqtt.Broker;

/// <summary>One copy of a message for one session.</summary>
internal readonly record struct Delivery(RoutedMessage Message, MqttQualityOfService QualityOfService, bool Retain, uint[]? Identifiers, long Sequence);

/// <summary>A QoS 1 or 2 message that was sent and is not finished.</summary>
internal sealed class InFlight(ushort packetId, Delivery delivery)
{
    public ushort PacketId => packetId;
    public Delivery Delivery => delivery;

    /// <summary>QoS 2: PUBREC came, PUBREL is what is sent again.</summary>
    public bool IsReceived { get; set; }

    /// <summary>Sent on the present connection; false after the session was taken up again until it is resent.</summary>
    public bool IsSent { get; set; } = true;
}

/// <summary>What a session still has to send: waiting messages and the window of unacknowledged ones. Guarded by the session's lock.</summary>
internal sealed class OutgoingMessages(int maxMessages, long maxBytes)
{
    private readonly Queue<Delivery> _retained = new();
    private readonly Queue<Delivery> _fireAndForget = new();
    private readonly Queue<Delivery> _acknowledged = new();
    private readonly Dictionary<ushort, InFlight> _inFlight = [];
    private readonly Queue<InFlight> _resend = new();
    private long _bytes;
    private long _sequence;
    private int _sent;
    private int _window;
    private ushort _lastId;

    public int InFlightCount => _inFlight.Count;

    /// <summary>Puts a message in its queue. Over the limits the oldest QoS 0 goes first, then the new message.</summary>
    /// <returns>How many messages were dropped.</returns>
    public int Enqueue(RoutedMessage message, MqttQualityOfService qos, bool retain, uint[]? identifiers)
    {
        var dropped = 0;
        while (IsFull(message.Size) && _fireAndForget.TryDequeue(out var oldest))
        {
            _bytes -= oldest.Message.Size;
            dropped++;
        }

        if (IsFull(message.Size))
            return dropped + 1;
        _bytes += message.Size;
        var queue = qos == MqttQualityOfService.AtMostOnce ? _fireAndForget : _acknowledged;
        queue.Enqueue(new Delivery(message, qos, retain, identifiers, _sequence++));
        return dropped;
    }

    /// <summary>Retained messages for a new subscription: references to what the store holds anyway, so not counted; sent before later messages.</summary>
    public void EnqueueRetained(RoutedMessage message, MqttQualityOfService qos, uint[]? identifiers) =>
        _retained.Enqueue(new Delivery(message, qos, Retain: true, identifiers, _sequence++));

    /// <summary>Takes the next message that may be sent now; order is kept unless the window is full and QoS 0 can pass.</summary>
    public bool TryTake(out Delivery delivery)
    {
        var open = _sent < _window && _resend.Count == 0;
        if (_retained.TryPeek(out delivery))
            return (open || delivery.QualityOfService == MqttQualityOfService.AtMostOnce) && _retained.TryDequeue(out delivery);

        var hasAcknowledged = _acknowledged.TryPeek(out var acknowledged) && open;
        var hasFireAndForget = _fireAndForget.TryPeek(out var fireAndForget);
        if (!hasAcknowledged && !hasFireAndForget)
            return false;
        var takeAcknowledged = hasAcknowledged && (!hasFireAndForget || acknowledged.Sequence < fireAndForget.Sequence);
        delivery = takeAcknowledged ? _acknowledged.Dequeue() : _fireAndForget.Dequeue();
        _bytes -= delivery.Message.Size;
        return true;
    }

    /// <summary>Gives a QoS 1 or 2 message its packet identifier and a place in the window.</summary>
    public ushort Track(Delivery delivery)
    {
        do
        {
            _lastId = _lastId == ushort.MaxValue ? (ushort)1 : (ushort)(_lastId + 1);
        }
        while (_inFlight.ContainsKey(_lastId));

        _inFlight.Add(_lastId, new InFlight(_lastId, delivery));
        _sent++;
        return _lastId;
    }

    /// <summary>Takes the next unfinished message of an earlier connection, in the old order — MQTT 5 §4.4.</summary>
    public bool TryTakeResend(out InFlight? next)
    {
        while (_sent < _window && _resend.TryDequeue(out next))
        {
            if (!_inFlight.TryGetValue(next.PacketId, out var current) || current != next)
                continue;
            next.IsSent = true;
            _sent++;
            return true;
        }

        next = null;
        return false;
    }

    /// <summary>PUBACK, PUBCOMP, or a PUBREC that refuses: the message is finished.</summary>
    public bool Finish(ushort packetId)
    {
        if (!_inFlight.Remove(packetId, out var entry))
            return false;
        if (entry.IsSent)
            _sent--;
        return true;
    }

    /// <summary>PUBREC: from now on only PUBREL is sent.</summary>
    /// <returns>False when the identifier is not one of an unfinished QoS 2 message.</returns>
    public bool MarkReceived(ushort packetId)
    {
        if (!_inFlight.TryGetValue(packetId, out var entry) || entry.Delivery.QualityOfService != MqttQualityOfService.ExactlyOnce)
            return false;
        entry.IsReceived = true;
        return true;
    }

    /// <summary>A connection takes the session up: what was in flight is sent again, by age.</summary>
    public void Attach(int window)
    {
        _window = window;
        _sent = 0;
        _resend.Clear();
        foreach (var entry in _inFlight.Values.OrderBy(entry => entry.Delivery.Sequence).ThenBy(entry => entry.PacketId))
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
        while (_fireAndForget.TryDequeue(out var delivery))
            _bytes -= delivery.Message.Size;
        return dropped;
    }

    private bool IsFull(int size) => _fireAndForget.Count + _acknowledged.Count >= maxMessages || _bytes + size > maxBytes;
}
