using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>A place in the graph that a run has come to: the step to run next, and with what.</summary>
/// <param name="Step">Id of the step.</param>
/// <param name="From">Number of the step run whose output is the input; null at the start, where the input is the event's data; <see cref="FromTimer"/>.</param>
/// <param name="Input">What the step gets.</param>
/// <param name="Iteration">
/// Tells apart the step runs of one step in one run: empty, or the steps by which the token came to steps that several lead to and the rounds of loops it is in,
/// as <c>.crm.audit</c> and <c>.each[3]</c>. It depends on the path only, so that an idempotency key is the same when a run is walked again after a crash.
/// </param>
/// <param name="Handling">True on the path from the workflow's <c>onError</c> step: an error here fails the run.</param>
/// <param name="Frame">Where the token is: the run itself or a round of a loop.</param>
internal sealed record Token(string Step, int? From, Json Input, string Iteration, bool Handling, Frame Frame)
{
    /// <summary>As <see cref="From"/>: the input is what a step held until its timer was due.</summary>
    public const int FromTimer = 0;

    /// <summary>Rounds that a loop without items has made at this token; its next one is this one.</summary>
    public int Round { get; init; }

    /// <summary>The tries that failed before a pause, or what a wait said of what it passed over; null when the next one is the first.</summary>
    public Tries? Earlier { get; init; }

    /// <summary>What the token waits for, or what it waited for until just now; null for one that came by an arrow.</summary>
    public Wait? Wait { get; init; }

    /// <summary>How that wait ended; null while it goes on.</summary>
    public Woken? Woken { get; init; }
}

/// <summary>The failed tries of a step run, kept over a durable pause.</summary>
/// <param name="Attempts">How many.</param>
/// <param name="Lines">What they logged.</param>
internal sealed record Tries(int Attempts, IReadOnlyList<LogLine> Lines);

/// <summary>What a parked token waits for. It is a row of the journal from the run's next save until it is over.</summary>
/// <param name="Id">Of the row.</param>
/// <param name="Step">Id of the step that waits.</param>
/// <param name="StartedAt">When the step began.</param>
/// <param name="DueAt">When the waiting ends by itself; null for never.</param>
/// <param name="Match">What else ends it, see <see cref="Steps.StepWait.Match"/>; null for nothing.</param>
/// <param name="Memo">What the step wants to know again then.</param>
internal sealed record Wait(long Id, string Step, DateTimeOffset StartedAt, DateTimeOffset? DueAt, string? Match, Json Memo)
{
    /// <summary>True for a pause between two tries: the step runs again, it does not resume.</summary>
    public bool IsPause { get; init; }
}

/// <summary>A wait that is over.</summary>
/// <param name="WaitId">Which.</param>
/// <param name="Data">What ended it; null when its time was up.</param>
internal readonly record struct Woken(long WaitId, Json? Data)
{
    /// <summary>The event that ended it; null when it was none.</summary>
    public long? EventId { get; init; }
}

/// <summary>An event that ended a wait, and was not what it is for.</summary>
internal readonly record struct PassedEvent(long WaitId, long EventId);
