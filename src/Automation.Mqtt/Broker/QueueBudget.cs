namespace Automation.Mqtt.Broker;

/// <summary>The memory that all sessions' queues share. Any thread.</summary>
/// <remarks>
/// Half is for whoever comes first, the other half is divided evenly. So a few full queues of clients that are away do not stop the
/// delivery to all the others, and the sum still has a limit.
/// </remarks>
internal sealed class QueueBudget(long maxBytes)
{
    private long _bytes;
    private int _sessions;

    public long Bytes => Volatile.Read(ref _bytes);

    public int Sessions
    {
        set => Volatile.Write(ref _sessions, value);
    }

    /// <param name="size">Bytes wanted.</param>
    /// <param name="held">Bytes that the session holds already.</param>
    public bool TryReserve(int size, long held)
    {
        var half = maxBytes / 2;
        if (Interlocked.Add(ref _bytes, size) <= maxBytes - half || held + size <= half / Math.Max(1, Volatile.Read(ref _sessions)))
            return true;
        Release(size);
        return false;
    }

    /// <summary>Takes what was given back a moment ago: a message that left its queue to be sent.</summary>
    public void Reserve(int size) => Interlocked.Add(ref _bytes, size);

    public void Release(long size) => Interlocked.Add(ref _bytes, -size);
}
