using System.Diagnostics.Metrics;

namespace Automation.Mqtt.Broker;

/// <summary>Counts of one broker since it was made. Also published by the meter <c>Automation.Mqtt</c>.</summary>
public sealed partial class MqttBrokerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Automation.Mqtt";

    private readonly Meter _meter = new(MeterName);
    private long _connections;
    private long _connectionsTotal;
    private long _received;
    private long _sent;
    private long _refused;
    private long _droppedQueueFull;
    private long _droppedExpired;
    private long _droppedTooLarge;
    private long _protocolErrors;
    private long _hookErrors;
    private long _heldBack;
    private long _notRetained;
    private long _connectsAccepted;
    private long _packetsReceived;
    private long _packetsSent;
    private long _bytesReceived;
    private long _bytesSent;
    private long _payloadBytesReceived;
    private long _payloadBytesSent;

    internal MqttBrokerMetrics(Func<int> sessions, QueueBudget queues, RetainedStore retained)
    {
        _meter.CreateObservableUpDownCounter("mqtt.connections", () => Connections, description: "Open connections");
        _meter.CreateObservableUpDownCounter("mqtt.sessions", () => sessions(), description: "Sessions, connected or not");
        _meter.CreateObservableUpDownCounter("mqtt.queued.size", () => queues.Bytes, unit: "By", description: "Memory of the messages that wait for clients");
        _meter.CreateObservableUpDownCounter("mqtt.retained", () => retained.Count, description: "Retained messages");
        _meter.CreateObservableUpDownCounter("mqtt.retained.size", () => retained.Bytes, unit: "By", description: "Memory of the retained messages");
        _meter.CreateObservableCounter("mqtt.messages.not_retained", () => MessagesNotRetained, description: "Messages routed but not retained, for want of room");
        _meter.CreateObservableCounter("mqtt.connections.total", () => ConnectionsTotal, description: "Accepted connections");
        _meter.CreateObservableCounter("mqtt.messages.received", () => MessagesReceived, description: "PUBLISH packets received");
        _meter.CreateObservableCounter("mqtt.messages.sent", () => MessagesSent, description: "PUBLISH packets sent");
        _meter.CreateObservableCounter("mqtt.packets.received", () => PacketsReceived, description: "Packets received, of every type");
        _meter.CreateObservableCounter("mqtt.packets.sent", () => PacketsSent, description: "Packets sent, of every type");
        _meter.CreateObservableCounter("mqtt.io.received", () => BytesReceived, unit: "By", description: "Bytes of the packets received");
        _meter.CreateObservableCounter("mqtt.io.sent", () => BytesSent, unit: "By", description: "Bytes of the packets sent");
        _meter.CreateObservableCounter("mqtt.messages.refused", () => MessagesRefused, description: "Publishes refused");
        _meter.CreateObservableCounter("mqtt.messages.dropped", Dropped, description: "Messages dropped on the way to a subscriber");
        _meter.CreateObservableCounter("mqtt.protocol_errors", () => ProtocolErrors, description: "Connections closed for a protocol error");
        _meter.CreateObservableCounter("mqtt.hook_errors", () => HookErrors, description: "Exceptions in hooks");
        _meter.CreateObservableCounter("mqtt.connections.held_back", () => TimesHeldBack, description: "Times the reading of a connection was stopped");
        PublishConnecting(_meter);
    }

    /// <summary>Open connections.</summary>
    public long Connections => Volatile.Read(ref _connections);

    /// <summary>Connections accepted so far.</summary>
    public long ConnectionsTotal => Volatile.Read(ref _connectionsTotal);

    /// <summary>PUBLISH packets received.</summary>
    public long MessagesReceived => Volatile.Read(ref _received);

    /// <summary>PUBLISH packets sent.</summary>
    public long MessagesSent => Volatile.Read(ref _sent);

    /// <summary>Clients that were let in so far.</summary>
    public long ConnectsAccepted => Volatile.Read(ref _connectsAccepted);

    /// <summary>Packets of every type received from clients that were let in, and their CONNECT.</summary>
    public long PacketsReceived => Volatile.Read(ref _packetsReceived);

    /// <summary>Packets of every type sent to clients that were let in.</summary>
    public long PacketsSent => Volatile.Read(ref _packetsSent);

    /// <summary>Bytes of <see cref="PacketsReceived"/>, without TLS and WebSocket frames.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Bytes of <see cref="PacketsSent"/>, without TLS and WebSocket frames.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Bytes of the payloads received in PUBLISH packets.</summary>
    public long PayloadBytesReceived => Volatile.Read(ref _payloadBytesReceived);

    /// <summary>Bytes of the payloads sent in PUBLISH packets.</summary>
    public long PayloadBytesSent => Volatile.Read(ref _payloadBytesSent);

    /// <summary>Messages that did not reach a subscriber, for whichever reason.</summary>
    public long MessagesDropped => DroppedQueueFull + DroppedExpired + DroppedTooLarge;

    /// <summary>Publishes that were refused by a hook or a limit.</summary>
    public long MessagesRefused => Volatile.Read(ref _refused);

    /// <summary>Messages that went to the subscribers but were not retained, because the limits of retained messages were reached.</summary>
    public long MessagesNotRetained => Volatile.Read(ref _notRetained);

    /// <summary>Messages dropped because a session's queue or all of them together were full, or the session could not keep QoS 0.</summary>
    public long DroppedQueueFull => Volatile.Read(ref _droppedQueueFull);

    /// <summary>Messages that expired in a queue.</summary>
    public long DroppedExpired => Volatile.Read(ref _droppedExpired);

    /// <summary>Messages larger than the subscriber's Maximum Packet Size.</summary>
    public long DroppedTooLarge => Volatile.Read(ref _droppedTooLarge);

    /// <summary>Connections closed because the client broke the protocol.</summary>
    public long ProtocolErrors => Volatile.Read(ref _protocolErrors);

    /// <summary>Exceptions thrown by hooks.</summary>
    public long HookErrors => Volatile.Read(ref _hookErrors);

    /// <summary>Times that the broker stopped reading a connection, because the hook or the client itself was too slow.</summary>
    public long TimesHeldBack => Volatile.Read(ref _heldBack);

    /// <summary>Ends the meter; the broker does this.</summary>
    public void Dispose() => _meter.Dispose();

    internal void Connected()
    {
        Interlocked.Increment(ref _connections);
        Interlocked.Increment(ref _connectionsTotal);
    }

    internal void Disconnected() => Interlocked.Decrement(ref _connections);

    internal void Received() => Interlocked.Increment(ref _received);

    internal void ConnectAccepted() => Interlocked.Increment(ref _connectsAccepted);

    // Added once for all that was read or written in one go: many connections share these counters.
    internal void Read(in PacketCount count)
    {
        Interlocked.Add(ref _packetsReceived, count.Packets);
        Interlocked.Add(ref _bytesReceived, count.Bytes);
        Interlocked.Add(ref _payloadBytesReceived, count.PayloadBytes);
    }

    internal void Wrote(in PacketCount count)
    {
        Interlocked.Add(ref _packetsSent, count.Packets);
        Interlocked.Add(ref _sent, count.Messages);
        Interlocked.Add(ref _bytesSent, count.Bytes);
        Interlocked.Add(ref _payloadBytesSent, count.PayloadBytes);
    }

    internal void Refused() => Interlocked.Increment(ref _refused);

    internal void NotRetained() => Interlocked.Increment(ref _notRetained);

    internal void QueueFull(int count) => Interlocked.Add(ref _droppedQueueFull, count);

    internal void Expired() => Interlocked.Increment(ref _droppedExpired);

    internal void TooLarge() => Interlocked.Increment(ref _droppedTooLarge);

    internal void ProtocolError() => Interlocked.Increment(ref _protocolErrors);

    internal void HeldBack() => Interlocked.Increment(ref _heldBack);

    internal void HookError() => Interlocked.Increment(ref _hookErrors);

    private IEnumerable<Measurement<long>> Dropped() =>
    [
        new(DroppedQueueFull, new KeyValuePair<string, object?>("reason", "queue_full")),
        new(DroppedExpired, new KeyValuePair<string, object?>("reason", "expired")),
        new(DroppedTooLarge, new KeyValuePair<string, object?>("reason", "too_large")),
    ];
}

/// <summary>What went one way over a connection at once.</summary>
internal struct PacketCount
{
    public int Packets;
    public int Messages;
    public long Bytes;
    public long PayloadBytes;
}
