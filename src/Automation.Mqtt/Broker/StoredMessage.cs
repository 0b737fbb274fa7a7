using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>A message in the store, and how many need it there: sessions that wait for it, its topic, whoever routes it. Any thread.</summary>
internal sealed class StoredMessage(long id, StoreLog log)
{
    private int _references = 1;
    private volatile StoredMessageState _state = StoredMessageState.Held;

    public long Id => id;

    public StoredMessageState State
    {
        get => _state;
        set => _state = value;
    }

    /// <returns>False when nobody needed it any more: it is gone from the store.</returns>
    public bool TryAddReference()
    {
        for (var count = Volatile.Read(ref _references); count > 0; count = Volatile.Read(ref _references))
        {
            if (Interlocked.CompareExchange(ref _references, count + 1, count) == count)
                return true;
        }

        return false;
    }

    /// <summary>The change that says so was appended before: whoever is last drops the message.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _references) == 0)
            log.AppendLater(new MqttMessageDropped(id));
    }
}

internal enum StoredMessageState
{
    /// <summary>Not committed yet: it waits in the queues and is not sent.</summary>
    Held,

    /// <summary>It may be sent.</summary>
    Ready,

    /// <summary>It could not be stored, or was refused: it is not sent.</summary>
    Withdrawn,
}
