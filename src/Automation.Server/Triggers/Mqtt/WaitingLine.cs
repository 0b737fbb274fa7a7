namespace Automation.Server.Triggers.Mqtt;

/// <summary>Lets those who wait through one at a time, in the order of their places, whenever they began to wait.</summary>
internal sealed class WaitingLine
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<TaskCompletionSource, long> waiting = new();
    private long lastPlace;
    private volatile bool taken;

    /// <summary>True while nobody waits and nobody has the turn.</summary>
    public bool IsEmpty => !taken;

    /// <summary>A place behind all others.</summary>
    public long NextPlace() => Interlocked.Increment(ref lastPlace);

    /// <summary>Completes with the turn; disposing it lets the next one through. Takes the place in the line before it returns.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while waiting.</exception>
    public async Task<IDisposable> WaitAsync(long place, CancellationToken cancellation)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (taken) waiting.Enqueue(turn, place);
            else turn.SetResult();
            taken = true;
        }

        await using (cancellation.Register(() => turn.TrySetCanceled(cancellation)))
        {
            await turn.Task;
        }

        return new Turn(this);
    }

    private void Next()
    {
        lock (gate)
        {
            while (waiting.TryDequeue(out var next, out _))
            {
                if (next.TrySetResult()) return;
            }

            taken = false;
        }
    }

    private sealed class Turn(WaitingLine line) : IDisposable
    {
        private WaitingLine? line = line;

        public void Dispose() => Interlocked.Exchange(ref line, null)?.Next();
    }
}
