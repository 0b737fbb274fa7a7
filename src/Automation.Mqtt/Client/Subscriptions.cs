using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>
/// The subscriptions that the application has, to give them back when the server lost them, and the requests that are on their way. Outlives
/// connections. All members are called under the session's lock.
/// </summary>
internal sealed class Subscriptions(MqttClientOptions options, PacketIds ids)
{
    // AWS IoT Core takes no more in one SUBSCRIBE.
    private const int FiltersPerRestore = 8;

    private readonly Dictionary<string, MqttSubscription> _active = new(StringComparer.Ordinal);
    private readonly LinkedList<SubscribeOperation> _queued = new();
    private readonly LinkedList<SubscribeOperation> _sent = new();

    /// <summary>Requests that wait for the server's answer.</summary>
    public int InFlight => _sent.Count;

    public void Add(SubscribeOperation operation)
    {
        _queued.AddLast(operation);
        if (!operation.IsUnsubscribe)
            return;
        // From now on it is not given back, whatever becomes of the connection.
        foreach (var subscription in operation.Subscriptions)
            _active.Remove(subscription.Filter);
    }

    /// <summary>Takes back a request that was not sent; a sent one goes on.</summary>
    public void Cancel(SubscribeOperation operation) => _queued.Remove(operation);

    /// <summary>A connection stands: what was not answered is sent again, behind what the server lost.</summary>
    public void Connected(bool sessionPresent)
    {
        while (_sent.Last is { } last)
        {
            _sent.RemoveLast();
            ids.Free(last.Value.PacketId);
            if (!last.Value.IsRestore || sessionPresent)
                _queued.AddFirst(last);
        }

        if (sessionPresent)
            return;
        for (var node = _queued.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.IsRestore)
                _queued.Remove(node);
            node = next;
        }

        // One SUBSCRIBE carries one identifier for all of its filters (§3.8.2.1.2).
        var restores = _active.Values.GroupBy(static subscription => subscription.Identifier)
            .SelectMany(static group => group.Chunk(FiltersPerRestore)).Select(SubscribeOperation.Restore);
        foreach (var restore in restores.Reverse())
            _queued.AddFirst(restore);
    }

    /// <summary>The next request to be sent; it has a packet identifier then.</summary>
    public bool TryTake(out SubscribeOperation operation)
    {
        operation = _queued.First?.Value!;
        if (operation is null || !ids.TryTake(out var id))
            return false;
        operation.PacketId = id;
        _sent.AddLast(operation);
        _queued.RemoveFirst();
        return true;
    }

    /// <summary>The request cannot be sent on this connection.</summary>
    public void Refuse(SubscribeOperation operation, MqttReasonCode code)
    {
        Finish(operation);
        operation.Complete(code);
        ReportLost(operation, [.. operation.Subscriptions.Select(_ => code)]);
    }

    /// <summary>SUBACK or UNSUBACK — §3.9, §3.11.</summary>
    /// <exception cref="MqttProtocolException">It answers nothing that was asked.</exception>
    public void Answer(SubackPacket packet, bool isV5)
    {
        var isUnsubscribe = packet.Type == PacketType.Unsuback;
        var operation = _sent.FirstOrDefault(sent => sent.PacketId == packet.PacketId);
        if (operation is null || operation.IsUnsubscribe != isUnsubscribe)
            throw MqttProtocolException.ProtocolError($"A {packet.Type} answers packet identifier {packet.PacketId}, which asked nothing.");
        var codes = isUnsubscribe && !isV5 ? [.. operation.Subscriptions.Select(static _ => MqttReasonCode.Success)] : packet.ReasonCodes;
        if (codes.Count != operation.Subscriptions.Count)
            throw MqttProtocolException.ProtocolError($"A {packet.Type} has {codes.Count} reason codes for {operation.Subscriptions.Count} filters.");

        Finish(operation);
        if (!isUnsubscribe)
            Remember(operation, codes);
        operation.Complete(codes);
        ReportLost(operation, codes);
    }

    /// <summary>Fails everything that is not answered.</summary>
    public void Close()
    {
        var closed = new MqttClientException(MqttReasonCode.UnspecifiedError, "The client was closed before the server answered.");
        foreach (var operation in _queued.Concat(_sent))
            operation.Fail(closed);
        _queued.Clear();
        _sent.Clear();
    }

    private void Remember(SubscribeOperation operation, IReadOnlyList<MqttReasonCode> codes)
    {
        for (var index = 0; index < codes.Count; index++)
        {
            var subscription = operation.Subscriptions[index];
            if (codes[index] < MqttReasonCode.UnspecifiedError)
            {
                // An application that unsubscribes while its subscription is given back wins.
                if (!operation.IsRestore)
                    _active[subscription.Filter] = subscription;
            }
            else if (operation.IsRestore)
            {
                _active.Remove(subscription.Filter);
            }
        }
    }

    private void ReportLost(SubscribeOperation operation, IReadOnlyList<MqttReasonCode> codes)
    {
        if (!operation.IsRestore || options.OnSubscriptionLost is not { } hook)
            return;
        var lost = operation.Subscriptions.Zip(codes, static (subscription, code) => new MqttSubscribeResult(subscription.Filter, code))
            .Where(static result => !result.IsSuccess).ToList();
        if (lost.Count > 0)
            _ = Task.Run(() => Report(hook, lost));
    }

    private void Report(Action<MqttSubscribeResult> hook, List<MqttSubscribeResult> lost)
    {
        try
        {
            lost.ForEach(hook);
        }
        catch (Exception exception)
        {
            options.OnError?.Invoke("OnSubscriptionLost", exception);
        }
    }

    private void Finish(SubscribeOperation operation)
    {
        _sent.Remove(operation);
        ids.Free(operation.PacketId);
    }
}
