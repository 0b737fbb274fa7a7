using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Moves waiting runs from the version they are pinned to (P6) to another one of their workflow.</summary>
/// <remarks>
/// Each run is looked at as it is stored, and moved in a transaction that does nothing unless it still waits there just so. A run that wakes meanwhile goes on
/// where it was, on the version it had.
/// </remarks>
internal sealed class RunMoves(Journal journal, VersionLookup versions, TimeProvider time)
{
    private const string GoesOn = "It goes on already.";

    /// <summary>Moves a run, unless <paramref name="isDry"/>. Returns why it cannot be moved; nothing when it can.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="to">A version of the workflow that the run is of.</param>
    /// <param name="isDry">True to only look.</param>
    /// <exception cref="JournalException">The journal cannot write now.</exception>
    public async Task<IReadOnlyList<string>> MoveAsync(long runId, WorkflowVersion to, bool isDry)
    {
        var run = new MovableRunRead(runId, to.WorkflowId);
        await journal.CommitAsync(run);
        if (Refusal(run, to) is { } refusal) return [refusal];
        if (await versions.GetAsync(to.WorkflowId, run.Version) is not { } from) return [$"Version {run.Version}, which it is pinned to, cannot be loaded by this program; so it cannot be compared."];
        var reasons = new MoveCheck(from, to).Check(run);
        if (reasons.Count > 0 || isDry) return reasons;
        var move = MoveOf(run, to, time.GetUtcNow());
        await journal.CommitAsync(move);
        return move.Moved ? [] : [GoesOn];
    }

    public static RunMoved MoveOf(MovableRunRead run, WorkflowVersion to, DateTimeOffset at) =>
        new(run.RunId, run.Version, to.Hash, run.Snapshot, Json.From((run.Moves?.To<List<RunMove>>() ?? []).Append(new RunMove(run.Version, to.Hash, at))));

    private static string? Refusal(MovableRunRead run, WorkflowVersion to) => run.State switch
    {
        null => $"There is no such run of \"{to.WorkflowId}\".",
        "waiting" when run.Version == to.Hash => "It is on this version.",
        "waiting" => null,
        "running" => GoesOn,
        "pending" => "It has not begun; only a run that waits at a step can be moved.",
        _ => "It has ended.",
    };
}

/// <summary>That a run went from one version to another.</summary>
/// <param name="From">Hash of the version before.</param>
/// <param name="To">Hash of the version after.</param>
/// <param name="At">When.</param>
internal sealed record RunMove(string From, string To, DateTimeOffset At);
