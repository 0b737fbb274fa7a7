namespace Automation.Mqtt.Client;

/// <summary>
/// The messages that the application handed over and that are not finished: a bounded queue, and those in flight — MQTT 5 §4.3, §4.4, §4.9.
/// Outlives connections. All members are called under the session's lock.
/// </summary>
internal sealed class OutgoingPublishes(MqttClientOptions options, PacketIds ids)
{
    private readonly LinkedList<OutgoingPublish> _waiting = new();
    private readonly LinkedList<OutgoingPublish> _queued = new();
    private readonly LinkedList<OutgoingPublish> _sent = new();
    private readonly LinkedList<OutgoingPublish> _released = new();
    private readonly Dictionary<ushort, OutgoingPublish> _byId = [];
    private readonly Queue<OutgoingPublish> _resend = new();
    private int _quota;
    private int _quotaMaximum;

    /// <summary>Messages accepted and not finished.</summary>
    public int Count { get; private set; }

    /// <summary>Their bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Messages that wait for the server's answer.</summary>
    public int InFlight => _byId.Count;

    /// <summary>Accepts the message, lets it wait, or fails it.</summary>
    public void Add(OutgoingPublish publish)
    {
        if (publish.Size > options.MaxQueuedBytes)
            publish.Fail(Full("The message is larger than the queue may be."));
        else if (_waiting.Count == 0 && HasRoomFor(publish))
            Accept(publish);
        else if (options.WhenQueueFull == MqttQueueFullPolicy.Wait)
            Wait(publish);
        else if (options.WhenQueueFull == MqttQueueFullPolicy.DropOldest && TryMakeRoomFor(publish))
            Accept(publish);
        else
            publish.Fail(Full("The queue of unfinished messages is full."));
    }

    /// <summary>Takes back a message that did not get farther than <paramref name="until"/>; one that did goes on.</summary>
    public void Cancel(OutgoingPublish publish, PublishStage until)
    {
        if (publish.Stage > until || publish.Node.List is null)
            return;
        Remove(publish);
        publish.Stage = PublishStage.Finished;
        publish.Completion.TrySetCanceled();
    }

    /// <summary>A connection stands. What is in flight is sent again, or anew when the server has no session — §4.4.</summary>
    public void Connected(bool sessionPresent, int quota)
    {
        _quotaMaximum = quota;
        _resend.Clear();
        if (!sessionPresent)
        {
            StartAnew();
            _quota = quota;
            return;
        }

        // Servers count what they have not seen the PUBREL of, although §4.9 lets the quota begin afresh.
        _quota = quota - _released.Count;

        // "PUBREL packets in the order in which the corresponding PUBREC packets were received", PUBLISH packets as they were sent — §4.6.
        foreach (var publish in _released.Concat(_sent))
            _resend.Enqueue(publish);
    }

    /// <summary>The next message that was in flight when the last connection ended and that may be sent now.</summary>
    public bool TryTakeResend(out OutgoingPublish publish)
    {
        if (!_resend.TryPeek(out publish!) || (publish.Stage == PublishStage.Sent && _quota <= 0))
            return false;
        _resend.Dequeue();
        if (publish.Stage == PublishStage.Sent)
            _quota--;
        return true;
    }

    /// <summary>The next message of the queue, which stays there until <see cref="MarkSent"/>.</summary>
    public bool TryPeek(out OutgoingPublish publish)
    {
        publish = _queued.First?.Value!;
        if (publish is null || _resend.Count > 0)
            return false;
        return publish.Message.QualityOfService == MqttQualityOfService.AtMostOnce || (_quota > 0 && TryGiveId(publish));
    }

    public void MarkSent(OutgoingPublish publish)
    {
        _queued.Remove(publish.Node);
        if (publish.Message.QualityOfService == MqttQualityOfService.AtMostOnce)
        {
            Forget(publish);
            return;
        }

        _quota--;
        publish.Stage = PublishStage.Sent;
        _sent.AddLast(publish.Node);
        _byId.Add(publish.PacketId, publish);
    }

    public void Fail(OutgoingPublish publish, MqttClientException exception)
    {
        if (publish.Stage == PublishStage.Sent)
            _quota = Math.Min(_quota + 1, _quotaMaximum);
        Remove(publish);
        publish.Fail(exception);
    }

    /// <summary>PUBACK — §3.4. False when no such message was waiting for one.</summary>
    public bool TryAcknowledge(ushort id, MqttPublishResult result) =>
        TryFinish(id, MqttQualityOfService.AtLeastOnce, PublishStage.Sent, result);

    /// <summary>PUBREC — §3.5.</summary>
    /// <returns>Null when the identifier is not known, false when the message is of another kind.</returns>
    public bool? TryReceive(ushort id, MqttPublishResult result)
    {
        if (!_byId.TryGetValue(id, out var publish))
            return null;
        if (publish.Message.QualityOfService != MqttQualityOfService.ExactlyOnce || IsNotSentYet(publish))
            return false;
        if (!result.IsSuccess)
            return TryFinish(id, MqttQualityOfService.ExactlyOnce, PublishStage.Sent, result);
        if (publish.Stage == PublishStage.Released)
            return true;
        _sent.Remove(publish.Node);
        _released.AddLast(publish.Node);
        publish.Stage = PublishStage.Released;
        return true;
    }

    /// <summary>PUBCOMP — §3.7. False when the message had not come so far; an unknown identifier is no mistake, see PUBREC.</summary>
    public bool TryComplete(ushort id, MqttPublishResult result)
    {
        if (!_byId.ContainsKey(id))
            return true;
        // To a PUBREL that was sent again "not found" says that the first one arrived: the message is delivered — §3.7.2.1.
        if (result.ReasonCode == MqttReasonCode.PacketIdentifierNotFound)
            result = result with { ReasonCode = MqttReasonCode.Success };
        return TryFinish(id, MqttQualityOfService.ExactlyOnce, PublishStage.Released, result);
    }

    /// <summary>Fails everything that is not finished.</summary>
    public void Close()
    {
        var closed = new MqttClientException(MqttReasonCode.UnspecifiedError, "The client was closed before the message was acknowledged.");
        foreach (var publish in _waiting.Concat(_queued).Concat(_sent).Concat(_released).ToList())
            Fail(publish, closed);
    }

    private static MqttClientException Full(string message) => new(MqttReasonCode.QuotaExceeded, message);

    private bool IsNotSentYet(OutgoingPublish publish) => _resend.Count > 0 && publish.Stage == PublishStage.Sent && _resend.Contains(publish);

    private bool HasRoomFor(OutgoingPublish publish) => Count < options.MaxQueuedMessages && Bytes + publish.Size <= options.MaxQueuedBytes;

    private void Wait(OutgoingPublish publish)
    {
        publish.Accepted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.AddLast(publish.Node);
    }

    private void Accept(OutgoingPublish publish)
    {
        Count++;
        Bytes += publish.Size;
        publish.Stage = PublishStage.Queued;
        _queued.AddLast(publish.Node);
        publish.Accepted?.TrySetResult();
    }

    private bool TryMakeRoomFor(OutgoingPublish publish)
    {
        while (!HasRoomFor(publish))
        {
            if (_queued.First is not { } oldest)
                return false;
            Fail(oldest.Value, Full("The message was dropped for a newer one: the queue is full."));
        }

        return true;
    }

    private bool TryGiveId(OutgoingPublish publish)
    {
        if (publish.PacketId != 0)
            return true;
        var taken = ids.TryTake(out var id);
        publish.PacketId = id;
        return taken;
    }

    // What the server had taken over with PUBREC is done: sending it again could double it. The rest becomes new, in its order.
    private void StartAnew()
    {
        foreach (var publish in _released.ToList())
        {
            Remove(publish);
            publish.Stage = PublishStage.Finished;
            publish.Completion.TrySetResult(MqttPublishResult.Done);
        }

        while (_sent.Last is { } last)
        {
            _sent.RemoveLast();
            _byId.Remove(last.Value.PacketId);
            FreeId(last.Value);
            last.Value.Stage = PublishStage.Queued;
            _queued.AddFirst(last);
        }
    }

    private bool TryFinish(ushort id, MqttQualityOfService qos, PublishStage stage, MqttPublishResult result)
    {
        if (!_byId.TryGetValue(id, out var publish) || publish.Stage != stage || publish.Message.QualityOfService != qos || IsNotSentYet(publish))
            return false;
        _quota = Math.Min(_quota + 1, _quotaMaximum);
        Remove(publish);
        publish.Stage = PublishStage.Finished;
        publish.Completion.TrySetResult(result);
        return true;
    }

    private void Remove(OutgoingPublish publish)
    {
        var list = publish.Node.List!;
        list.Remove(publish.Node);
        if (list == _waiting)
            return;
        if (list != _queued)
            _byId.Remove(publish.PacketId);
        FreeId(publish);
        Forget(publish);
    }

    private void FreeId(OutgoingPublish publish)
    {
        if (publish.PacketId == 0)
            return;
        ids.Free(publish.PacketId);
        publish.PacketId = 0;
    }

    private void Forget(OutgoingPublish publish)
    {
        Count--;
        Bytes -= publish.Size;
        while (_waiting.First is { } next && HasRoomFor(next.Value))
        {
            _waiting.RemoveFirst();
            Accept(next.Value);
        }
    }
}
