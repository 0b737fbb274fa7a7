using System.Collections.Immutable;
using System.Threading.Channels;

namespace Automation.Server.Runs;

/// <summary>A run that started, began to wait or ended.</summary>
/// <param name="State"><c>running</c>, <c>waiting</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</param>
internal readonly record struct RunChange(long RunId, string WorkflowId, string State, DateTimeOffset At);

/// <summary>Tells who listens of runs that start and end. Nothing is kept for those who listen later; publishing never waits.</summary>
/// <remarks>While nobody listens, publishing is one read of a field. A listener that is slow loses the oldest changes and is told how many.</remarks>
internal sealed class RunFeed
{
    private ImmutableArray<RunSubscription> listeners = [];

    public void Publish(long runId, string workflowId, string state, DateTimeOffset at)
    {
        foreach (var listener in listeners) listener.Offer(new RunChange(runId, workflowId, state, at));
    }

    /// <summary>Listens from now on, until the subscription is disposed; null when <paramref name="limit"/> others listen already.</summary>
    /// <param name="workflowId">Only this workflow's runs; null for all.</param>
    /// <param name="limit">Bounds the memory that listeners take together (P9).</param>
    public RunSubscription? Subscribe(string? workflowId = null, int limit = int.MaxValue)
    {
        var subscription = new RunSubscription(workflowId, Remove);
        return ImmutableInterlocked.Update(ref listeners, static (all, x) => all.Length < x.limit ? all.Add(x.subscription) : all, (subscription, limit)) ? subscription : null;
    }

    private void Remove(RunSubscription subscription) => ImmutableInterlocked.Update(ref listeners, static (all, one) => all.Remove(one), subscription);
}

/// <summary>One listener's changes that it has not read yet, <see cref="Capacity"/> at the most.</summary>
internal sealed class RunSubscription : IDisposable
{
    public const int Capacity = 256;

    private readonly string? workflowId;
    private readonly Action<RunSubscription> remove;
    private readonly Channel<RunChange> unread;
    private long dropped;

    public RunSubscription(string? workflowId, Action<RunSubscription> remove)
    {
        this.workflowId = workflowId;
        this.remove = remove;
        unread = Channel.CreateBounded<RunChange>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref dropped));
    }

    public ChannelReader<RunChange> Unread => unread.Reader;

    public void Offer(in RunChange change)
    {
        if (workflowId is null || workflowId == change.WorkflowId) unread.Writer.TryWrite(change);
    }

    /// <summary>How many changes were lost since the last call.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref dropped, 0);

    public void Dispose() => remove(this);
}
