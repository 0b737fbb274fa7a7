using System.Collections.Concurrent;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The memory of publishes that are with the hook or wait for their commit, of all connections together. A connection that publishes while it is used up is read no further
/// until there is room again, so that at most one more message of each connection comes on top. Any thread.
/// </summary>
internal sealed class PublishBudget(long maxBytes)
{
    private readonly ConcurrentQueue<ClientConnection> _waiting = new();
    private long _bytes;

    public long Bytes => Volatile.Read(ref _bytes);

    public bool IsFull => Bytes >= maxBytes;

    public void Take(int size) => Interlocked.Add(ref _bytes, size);

    public void Release(int size)
    {
        if (Interlocked.Add(ref _bytes, -size) >= maxBytes)
            return;
        while (_waiting.TryDequeue(out var connection))
            connection.WakeReader();
    }

    /// <summary>Whether the connection has to wait; it is woken when it may look again.</summary>
    public bool MustWait(ClientConnection connection)
    {
        if (!IsFull)
            return false;
        _waiting.Enqueue(connection);
        return IsFull; // there may have been room before it was in line
    }
}
