namespace Automation.Server.Access;

/// <summary>Counts failed attempts by key: after so many within a window the key has to wait until it is over.</summary>
/// <remarks>4,096 keys are remembered; past that the one that began first is forgotten. Each server counts for itself.</remarks>
internal sealed class AttemptLimit<TKey>(int allowed, TimeSpan window, TimeProvider time)
    where TKey : notnull
{
    private const int Remembered = 4096;

    private readonly Lock gate = new();
    private readonly Dictionary<TKey, (int Count, DateTimeOffset Until)> counts = [];
    private readonly Queue<(TKey Key, DateTimeOffset Until)> order = [];

    /// <summary>How long the key has to wait; zero when it may try.</summary>
    public TimeSpan WaitOf(TKey key)
    {
        lock (gate) return WaitOf(key, time.GetUtcNow());
    }

    /// <summary>Counts an attempt before it is looked at, unless the key has to wait: as many as are allowed are looked at, however many come at a time.</summary>
    /// <returns>How long the key has to wait; zero when the attempt was counted.</returns>
    public TimeSpan Take(TKey key)
    {
        var now = time.GetUtcNow();
        lock (gate)
        {
            var wait = WaitOf(key, now);
            if (wait == TimeSpan.Zero) Count(key, now);
            return wait;
        }
    }

    /// <summary>Takes back what was counted: the attempt was right.</summary>
    public void Return(TKey key)
    {
        lock (gate)
        {
            if (counts.TryGetValue(key, out var entry) && entry.Count > 0) counts[key] = entry with { Count = entry.Count - 1 };
        }
    }

    /// <summary>Counts one; true when it was the last that is allowed.</summary>
    public bool Count(TKey key)
    {
        lock (gate) return Count(key, time.GetUtcNow());
    }

    private TimeSpan WaitOf(TKey key, DateTimeOffset now) => counts.TryGetValue(key, out var entry) && entry.Count >= allowed && entry.Until > now ? entry.Until - now : TimeSpan.Zero;

    private bool Count(TKey key, DateTimeOffset now)
    {
        while (order.TryPeek(out var oldest) && (oldest.Until <= now || order.Count >= Remembered))
        {
            order.Dequeue();
            if (counts.TryGetValue(oldest.Key, out var of) && of.Until == oldest.Until) counts.Remove(oldest.Key);
        }

        if (!counts.TryGetValue(key, out var entry))
        {
            entry = (0, now + window);
            order.Enqueue((key, entry.Until));
        }

        counts[key] = entry with { Count = entry.Count + 1 };
        return entry.Count + 1 == allowed;
    }
}
