namespace Automation.Server.Steps;

/// <summary>How long a step that waits for others may take: its <c>timeout</c>, which the engine keeps, or a length of the step type's own.</summary>
internal sealed class StepLimit : IDisposable
{
    private readonly StepContext context;
    private readonly CancellationTokenSource timer;
    private readonly CancellationTokenSource either;

    public StepLimit(StepContext context, TimeSpan byDefault, TimeProvider time)
    {
        this.context = context;
        Length = context.Step.Timeout ?? byDefault;
        timer = new CancellationTokenSource(context.Step.Timeout is null ? byDefault : Timeout.InfiniteTimeSpan, time);
        either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.Cancelled);
    }

    public TimeSpan Length { get; }

    /// <summary>Fires at the limit, when the run is cancelled, and when the server stops.</summary>
    public CancellationToken Token => either.Token;

    /// <summary>True when <see cref="Token"/> fired because of the limit: the step's failure, and nothing else's.</summary>
    public bool HasPassed => context.TimedOut || (timer.IsCancellationRequested && !context.Cancelled.IsCancellationRequested);

    public void Dispose()
    {
        either.Dispose();
        timer.Dispose();
    }
}
