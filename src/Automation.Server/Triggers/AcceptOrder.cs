namespace Automation.Server.Triggers;

/// <summary>Keeps events in the order in which they came while the keys of some of them are being worked out: the order of a key is the order of acceptance (P5).</summary>
internal sealed class AcceptOrder
{
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;

    /// <summary>Takes a place in the order; null, at no cost, when nobody before has to be waited for and nobody after has to wait.</summary>
    /// <param name="mayWait">True when those behind have to wait for it.</param>
    public Place? Enter(bool mayWait)
    {
        lock (gate)
        {
            if (!mayWait && last.IsCompleted) return null;
            var place = new Place(last);
            last = place.Left;
            return place;
        }
    }

    /// <summary>A place, given up when disposed.</summary>
    internal sealed class Place(Task turn) : IDisposable
    {
        private readonly TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when all before have given up theirs.</summary>
        public Task Turn { get; } = turn;

        public Task Left => left.Task;

        /// <summary>Those behind have their turn once all before have had theirs too.</summary>
        public void Dispose()
        {
            if (Turn.IsCompleted) left.TrySetResult();
            else Turn.ContinueWith(static (_, left) => ((TaskCompletionSource)left!).TrySetResult(), left, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
