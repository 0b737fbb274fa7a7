using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>An operator ends a run. Does nothing to one that a server holds, or that has ended: whoever asked looks at what was found.</summary>
internal sealed record RunCancelled(long RunId, DateTimeOffset At) : Change
{
    /// <summary>The run's state before; null when there is no such run. Set when the change was applied, as all below.</summary>
    public string? State { get; set; }

    public string WorkflowId { get; set; } = "";

    /// <summary>True when a server holds the run: its walk has to end it.</summary>
    public bool IsHeld { get; set; }

    /// <summary>True when another server holds it, which was told.</summary>
    public bool IsHeldElsewhere { get; set; }

    /// <summary>True when it had ended before.</summary>
    public bool HasEnded { get; set; }

    /// <summary>True when another run of its key had the turn.</summary>
    public bool WasBlocked { get; set; }

    /// <summary>Who of the key has the turn now.</summary>
    public KeyTurn Next { get; set; }

    /// <summary>The called runs that it waited for, which are to be cancelled after it.</summary>
    public List<long> Calls { get; init; } = [];

    /// <summary>The wait of the step that called it.</summary>
    public EndedWaits Ended { get; } = new();

    /// <summary>True when its walk ended it on demand; then <see cref="HasEnded"/> is true too. Set by who asked the walk.</summary>
    public bool EndedByWalk { get; set; }

    public bool Cancelled => State is not null && !IsHeld && !HasEnded;
}

/// <summary>What became of a retry.</summary>
internal enum RetryOutcome
{
    /// <summary>There is no such run.</summary>
    NotFound,

    /// <summary>The run is open again, or another one has taken its place.</summary>
    Retried,

    /// <summary>It has not failed.</summary>
    NotFailed,

    /// <summary>Another run has taken its place already.</summary>
    Superseded,

    /// <summary>From where it could go on was not kept.</summary>
    NotKept,

    /// <summary>Its key has as many waiting runs as it may.</summary>
    KeyFull,

    /// <summary>More runs are open than may be; try again later.</summary>
    Busy,

    /// <summary>Another run cannot take its place; a sentence says why.</summary>
    Refused,
}

/// <summary>An operator wants a failed run to go on where it failed. It is the same run, with its idempotency keys and its place among the runs of its key.</summary>
/// <param name="MaxBlocked">Most runs of a key that may wait.</param>
internal sealed record RunRetried(long RunId, int MaxBlocked) : Change
{
    /// <summary>To which version it goes for that; null to stay in its own. Without the place that it names nothing is done, and the outcome is <see cref="RetryOutcome.Busy"/>.</summary>
    public RunMoved? Move { get; init; }

    /// <summary>Set when the change was applied, as all below.</summary>
    public RetryOutcome Outcome { get; set; }

    /// <summary>True when another run of the key has the turn, or the key is parked by another.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>The run that took the place of this one; null when none did.</summary>
    public long? RetriedAs { get; set; }
}

/// <summary>An operator wants the event of a failed run to be handled by another run from the start. It takes the failed one's place where that parks its key.</summary>
/// <param name="RunId">The failed run.</param>
/// <param name="By">The run to be stored, held by nobody.</param>
/// <param name="MaxBlocked">Most runs of a key that may wait.</param>
internal sealed record RunReplaced(long RunId, RunAccepted By, int MaxBlocked) : Change
{
    /// <summary>Set when the change was applied, as all below.</summary>
    public RetryOutcome Outcome { get; set; }

    public bool IsBlocked { get; set; }

    /// <summary>Who has the turn of a key that the failed run parked and the new one has not.</summary>
    public KeyTurn Next { get; set; }

    /// <inheritdoc cref="RunRetried.RetriedAs"/>
    public long? RetriedAs { get; set; }
}

/// <summary>An operator gives a key another state. Not while a server walks a run of it, which would write its own over it.</summary>
/// <param name="State">A JSON object; null to forget the state.</param>
internal sealed record KeyStateSet(string WorkflowId, string Key, Json? State, DateTimeOffset At, DateTimeOffset? ExpiresAt) : Change
{
    /// <summary>Only while the key keeps the state of one of these <see cref="KeyStateTag"/>s; null for whatever it keeps.</summary>
    public IReadOnlyList<string>? Expected { get; init; }

    /// <summary>True when it keeps another than was expected: nothing was stored. Set when the change was applied, as below.</summary>
    public bool IsChanged { get; set; }

    /// <summary>True when a server walks a run of the key: nothing was stored.</summary>
    public bool IsHeld { get; set; }
}

/// <summary>An operator lets a parked key go on without the run that parks it, which stays failed.</summary>
internal sealed record KeySkipped(string WorkflowId, string Key) : Change
{
    /// <summary>False when the key is not parked. Set when the change was applied, as below.</summary>
    public bool Skipped { get; set; }

    /// <summary>Who of the key has the turn now.</summary>
    public KeyTurn Next { get; set; }
}

/// <summary>An operator cancels what waits for its turn, earliest first. With the last of it the key is parked no more.</summary>
internal sealed record KeyDrained(string WorkflowId, string Key, DateTimeOffset At, int Limit) : Change
{
    /// <summary>The cancelled runs. Set when the change was applied, as below.</summary>
    public List<long> Runs { get; } = [];

    /// <summary>The waits of steps that called them.</summary>
    public EndedWaits Ended { get; } = new();

    /// <summary>Who of the key has the turn now.</summary>
    public KeyTurn Next { get; set; }
}

/// <summary>Deletes up to <paramref name="Limit"/> states of keys whose time is over.</summary>
internal sealed record StatesExpired(DateTimeOffset Now, int Limit) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Deleted { get; set; }
}
