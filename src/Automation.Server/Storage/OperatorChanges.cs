namespace Automation.Server.Storage;

/// <summary>An operator ends a run. Does nothing to one that a server holds, or that has ended: whoever asked looks at what was found.</summary>
internal sealed record RunCancelled(long RunId, DateTimeOffset At) : Change
{
    /// <summary>The run's state before; null when there is no such run. Set when the change was applied, as all below.</summary>
    public string? State { get; set; }

    public string WorkflowId { get; set; } = "";

    /// <summary>True when a server holds the run: its walk has to end it.</summary>
    public bool IsHeld { get; set; }

    /// <summary>True when it had ended before.</summary>
    public bool HasEnded { get; set; }

    /// <summary>True when another run of its key had the turn.</summary>
    public bool WasBlocked { get; set; }

    /// <summary>True when the next run of the key became free to be claimed.</summary>
    public bool HasFreedNext { get; set; }

    /// <summary>True when its walk ended it on demand; then <see cref="HasEnded"/> is true too. Set by who asked the walk.</summary>
    public bool EndedByWalk { get; set; }

    public bool Cancelled => State is not null && !IsHeld && !HasEnded;
}
