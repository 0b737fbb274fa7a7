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
        private static readonly System.Collections.Concurrent.ConcurrentBag<JournalUnit> Idle = [];

        public static JournalUnit Rent() => Idle.TryTake(out var unit) ? unit : new JournalUnit();

        public static void Return(JournalUnit unit)
        {
            if (Idle.Count < 1024) Idle.Add(unit);
        }
    }
}
