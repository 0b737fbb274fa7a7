namespace Automation.Server.Runs;

/// <summary>Counts the accepted runs in memory, by number and by bytes, and says when there is room (P9).</summary>
internal sealed class RunWindow(int maxRuns, long maxBytes)
{
    private int runs;
    private long bytes;

    /// <summary>Raised after a run left; may be raised from any thread.</summary>
    public event Action? Left;

    public int Runs => Volatile.Read(ref runs);

    public int Room => Volatile.Read(ref bytes) >= maxBytes ? 0 : Math.Max(0, maxRuns - Runs);

    /// <summary>Bytes that may still come in; 0 or less when none.</summary>
    public long RoomBytes => maxBytes - Volatile.Read(ref bytes);

    /// <summary>Takes places for runs, or none and false. One run larger than the limit enters when nothing else is there.</summary>
    public bool TryEnter(int count, long size)
    {
        var first = Interlocked.Add(ref runs, count) - count;
        var before = Interlocked.Add(ref bytes, size) - size;
        if (first == 0 || (first + count <= maxRuns && before + size <= maxBytes)) return true;
        Leave(count, size);
        return false;
    }

    /// <summary>Takes places past the limit, for runs that are already this server's.</summary>
    public void Enter(long size)
    {
        Interlocked.Increment(ref runs);
        Interlocked.Add(ref bytes, size);
    }

    /// <summary>A run that is walked has grown, or is done and gives it back.</summary>
    public void Grow(long size)
    {
        Interlocked.Add(ref bytes, size);
        if (size < 0) Left?.Invoke();
    }

    public void Leave(int count, long size)
    {
        Interlocked.Add(ref runs, -count);
        Interlocked.Add(ref bytes, -size);
        Left?.Invoke();
    }
}
