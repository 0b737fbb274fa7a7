using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;

namespace Automation.Server.Storage;

/// <summary>Changes that are stored together or not at all, and the wait for it. Pooled: one await each.</summary>
internal sealed class JournalUnit : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> completion = new() { RunContinuationsAsynchronously = true };
    private Change[] changes = [];

    public ReadOnlySpan<Change> Changes => changes;

    public ValueTask Begin(ReadOnlySpan<Change> unit)
    {
        completion.Reset();
        changes = unit.ToArray();
        return new ValueTask(this, completion.Version);
    }

    public void Stored() => completion.SetResult(true);

    public void Failed(Exception error) => completion.SetException(error);

    public void GetResult(short token)
    {
        try
        {
            completion.GetResult(token);
        }
        finally
        {
            changes = [];
            Pool.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        completion.OnCompleted(continuation, state, token, flags);

    /// <summary>Units at rest; some hundred are enough for the units of one commit.</summary>
    internal static class Pool
    {
        private const int Kept = 1024;
        private static readonly ConcurrentQueue<JournalUnit> Idle = new();
        private static int count;

        public static JournalUnit Rent()
        {
            if (!Idle.TryDequeue(out var unit)) return new JournalUnit();
            Interlocked.Decrement(ref count);
            return unit;
        }

        public static void Return(JournalUnit unit)
        {
            // Counted here: a concurrent collection stops all its users to count itself.
            if (Interlocked.Increment(ref count) <= Kept) Idle.Enqueue(unit);
            else Interlocked.Decrement(ref count);
        }
    }
}
