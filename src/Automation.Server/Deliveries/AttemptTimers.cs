using System.Collections.Concurrent;

namespace Automation.Server.Deliveries;

/// <summary>Cancellations that fire after a time, used again and again: an attempt that ends in time leaves no garbage.</summary>
internal sealed class AttemptTimers(TimeProvider time)
{
    private const int MostIdle = 256;
    private readonly ConcurrentQueue<CancellationTokenSource> idle = new();

    public CancellationTokenSource Start(TimeSpan limit)
    {
        if (!idle.TryDequeue(out var timer)) return new CancellationTokenSource(limit, time);
        timer.CancelAfter(limit);
        return timer;
    }

    public void Return(CancellationTokenSource timer)
    {
        // TryReset is false once it has fired, and for any clock but the system's.
        if (idle.Count < MostIdle && timer.TryReset()) idle.Enqueue(timer);
        else timer.Dispose();
    }
}
