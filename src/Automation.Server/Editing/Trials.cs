using Automation.Server.Sandbox;

namespace Automation.Server.Editing;

/// <summary>Where people's trials and checks run: in a sandbox process of their own, started when one is needed and ended when it is idle, so that no run ever waits for half-typed scripts.</summary>
/// <remarks>
/// One trial runs at a time; the others wait in order. Of one caller a few may be under way, and a newer one replaces the oldest; of all callers together there is a bound, past which nobody new is let in.
/// </remarks>
internal sealed class Trials(SandboxOptions options, TimeProvider time, ILogger<SandboxPool> logger) : IAsyncDisposable
{
    /// <summary>Of one caller: a form shows the values of its expressions together.</summary>
    public const int MostOfOne = 32;

    /// <summary>Of all callers.</summary>
    public const int Most = 64;

    private readonly Lock gate = new();
    private readonly List<Trial> underWay = [];

    /// <summary>Keeps one program: what a trial leaves behind is gone with the next.</summary>
    public SandboxPool Sandbox { get; } = new(options with { MaxProcesses = 1, MaxInFlight = 1, MaxPrograms = 1 }, time, logger, kept: 0);

    /// <summary>Lets a trial in; null when too many are under way.</summary>
    /// <param name="caller">Whose.</param>
    /// <param name="cancellation">The caller's.</param>
    public Trial? Begin(string caller, CancellationToken cancellation)
    {
        Trial? oldest = null;
        Trial begun;
        lock (gate)
        {
            var own = underWay.Where(trial => trial.Caller == caller);
            if (own.Count() >= MostOfOne) underWay.Remove(oldest = own.First());
            if (underWay.Count >= Most) return null;
            underWay.Add(begun = new Trial(this, caller, cancellation));
        }

        oldest?.Replace();
        return begun;
    }

    public ValueTask DisposeAsync() => Sandbox.DisposeAsync();

    private void End(Trial trial)
    {
        lock (gate) underWay.Remove(trial);
    }

    /// <summary>One that is under way until it is disposed.</summary>
    internal sealed class Trial(Trials trials, string caller, CancellationToken cancellation) : IDisposable
    {
        private readonly CancellationTokenSource replaced = new();
        private CancellationTokenSource? either;

        public string Caller { get; } = caller;

        public bool IsReplaced => replaced.IsCancellationRequested;

        /// <summary>Cancelled when the caller is gone, or a newer trial replaced this one.</summary>
        public CancellationToken Token => (either ??= CancellationTokenSource.CreateLinkedTokenSource(cancellation, replaced.Token)).Token;

        /// <summary>Has no effect on one that has ended.</summary>
        public void Replace() => replaced.Cancel();

        public void Dispose()
        {
            trials.End(this);
            either?.Dispose(); // the other one holds nothing, and may be cancelled at this moment
        }
    }
}
