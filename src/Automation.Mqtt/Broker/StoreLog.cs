using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The one way to the store. Changes reach it in the order of the calls: what somebody waits for takes along what was to be
/// stored later. Takes no other lock inside its own, so it may be called under any.
/// </summary>
internal sealed class StoreLog(IMqttStore store, TimeProvider time, Action<string, Exception> report)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(long SessionId, long Sequence), MqttMessageSent> _sent = [];
    private List<MqttStoreChange> _later = [];
    private bool _isWriting;
    private long _lastMessage;
    private long _lastSession;

    public DateTimeOffset Now => time.GetUtcNow();

    public long NextMessageId() => Interlocked.Increment(ref _lastMessage);

    public long NextSessionId() => Interlocked.Increment(ref _lastSession);

    /// <summary>New numbers come after these.</summary>
    public void StartAfter(long message, long session) => (_lastMessage, _lastSession) = (message, session);

    /// <summary>Stores the changes as one unit; completes when it is durable, fails when it is not stored. Await it once.</summary>
    public ValueTask AppendAsync(IReadOnlyList<MqttStoreChange> changes)
    {
        lock (_lock)
        {
            if (_later.Count == 0)
                return StoreAsync(changes);
            var taken = _later;
            _later = [];
            return AppendAsync(taken, [.. taken, .. changes]);
        }
    }

    /// <summary>
    /// Stores the changes soon, together with others: nobody waits for them. When the store fails they are tried again with
    /// what comes next.
    /// </summary>
    public void AppendLater(params ReadOnlySpan<MqttStoreChange> changes)
    {
        lock (_lock)
        {
            _later.AddRange(changes);
            if (_isWriting)
                return;
            _isWriting = true;
        }

        _ = WriteLaterAsync();
    }

    /// <summary>
    /// Stores the identifier that a QoS 1 message was sent with at the next <see cref="AppendSent"/>, unless the client has acknowledged it by then, as it
    /// mostly has. Until then a crash makes it come again with another identifier.
    /// </summary>
    public void AppendUnlessFinished(MqttMessageSent sent)
    {
        lock (_lock)
            _sent[(sent.SessionId, sent.Sequence)] = sent;
    }

    /// <summary>Stores soon that a message does not wait any more, and not what was to be stored of it before.</summary>
    public void AppendFinished(MqttMessageFinished finished)
    {
        lock (_lock)
            _sent.Remove((finished.SessionId, finished.Sequence));
        AppendLater(finished);
    }

    /// <summary>Stores soon what <see cref="AppendUnlessFinished"/> has kept.</summary>
    public void AppendSent()
    {
        MqttStoreChange[] sent;
        lock (_lock)
        {
            if (_sent.Count == 0)
                return;
            sent = [.. _sent.Values];
            _sent.Clear();
        }

        AppendLater(sent);
    }

    /// <summary>Completes when everything so far was given to the store and dealt with. Never fails.</summary>
    public async Task FlushAsync()
    {
        AppendSent();
        try
        {
            await AppendAsync([]);
        }
        catch (Exception exception)
        {
            report("Storing", exception);
        }
    }

    private async ValueTask AppendAsync(List<MqttStoreChange> taken, List<MqttStoreChange> unit)
    {
        try
        {
            await StoreAsync(unit);
        }
        catch (Exception)
        {
            PutBack(taken);
            throw;
        }
    }

    // One unit at a time: while it is committed the next changes gather.
    private async Task WriteLaterAsync()
    {
        while (true)
        {
            List<MqttStoreChange> taken;
            ValueTask stored;
            lock (_lock)
            {
                if (_later.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                taken = _later;
                _later = [];
                stored = StoreAsync(taken);
            }

            try
            {
                await stored;
            }
            catch (Exception exception)
            {
                report("Storing", exception);
                PutBack(taken);
                lock (_lock)
                    _isWriting = false;
                return;
            }
        }
    }

    // Their order to each other counts, and what came meanwhile concerns other rows or comes after them.
    private void PutBack(List<MqttStoreChange> taken)
    {
        lock (_lock)
            _later.InsertRange(0, taken);
    }

    private ValueTask StoreAsync(IReadOnlyList<MqttStoreChange> unit)
    {
        try
        {
            return store.AppendAsync(unit);
        }
        catch (Exception exception)
        {
            return ValueTask.FromException(exception);
        }
    }
}
