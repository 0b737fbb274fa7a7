using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>What became of a retry.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="RunId">The run that is open now, or that took the place of the failed one before.</param>
/// <param name="Problem">Why there can be no other run, with <see cref="RetryOutcome.Refused"/>.</param>
internal sealed record RetryResult(RetryOutcome Outcome, long RunId, string? Problem = null);

/// <summary>Retries failed runs: from the failed step as the same run, or from the start as another run of the same event.</summary>
/// <remarks>Each retry is one unit of the journal that does nothing unless the run is failed then; so whoever asks twice, or at two servers, retries once.</remarks>
internal sealed class RunRetries(
    Journal journal, RunEngine engine, WorkflowCatalog catalog, VersionLookup versions, SandboxPool sandbox, IdSource ids, TimeProvider time, IOptions<RunOptions> options)
{
    /// <summary>The same run goes on at the step that failed it, with its data, its idempotency keys and its place among the runs of its key.</summary>
    /// <param name="failed">The run.</param>
    /// <param name="onNewest">True for the active version, where what the run names means the same there (<see cref="MoveCheck"/>); false for the run's own.</param>
    /// <exception cref="JournalException">The journal cannot write now.</exception>
    public async Task<RetryResult> GoOnAsync(RunRow failed, bool onNewest)
    {
        var (move, problem) = onNewest ? await ToNewestAsync(failed) : default;
        if (problem is not null) return Refused(failed, problem);
        var retry = new RunRetried(failed.Id, options.Value.MaxBlockedPerKey) { Move = move };
        if (!await StoreAsync(retry, () => retry.Outcome is RetryOutcome.Retried, () => retry.IsBlocked)) return new(RetryOutcome.Busy, failed.Id);
        return new(retry.Outcome, retry.RetriedAs ?? failed.Id);
    }

    /// <summary>Another run handles the event from the start, with idempotency keys of its own.</summary>
    /// <param name="failed">The run, with its event.</param>
    /// <param name="onNewest">True for the active version, false for the run's own.</param>
    /// <exception cref="JournalException">The journal cannot write now.</exception>
    public async Task<RetryResult> BeginAnewAsync(RunRow failed, bool onNewest)
    {
        var version = onNewest ? catalog.Current.Workflows.GetValueOrDefault(failed.WorkflowId)?.Version : await versions.GetAsync(failed.WorkflowId, failed.Version);
        if (version is null) return Refused(failed, onNewest ? NoActive(failed) : NotLoaded(failed));
        if (failed.Event!.TriggerType == KeyTimer.StepTrigger) return Refused(failed, $"The timer of the step \"{failed.TriggerId}\" started the run, with what the step held: that is not kept twice. Retry it from the failed step.");
        if (failed.TriggerId != RunEngine.ManualStart && !version.Triggers.ContainsKey(failed.TriggerId)) return Refused(failed, $"The active version has no trigger \"{failed.TriggerId}\", by which the run was started.");
        string? key = null;
        try
        {
            if (version.Key is { } rule) key = await rule.OfAsync(EventOf(failed.Event!), version.Program, sandbox);
        }
        catch (StepException problem)
        {
            return Refused(failed, problem.Error.Message);
        }
        catch (SandboxUnavailableException)
        {
            return new(RetryOutcome.Busy, failed.Id);
        }

        var run = new RunAccepted(ids.Next(), failed.EventId, failed.WorkflowId, version.Hash, failed.TriggerId, time.GetUtcNow(), Held: false) { Key = key };
        var retry = new RunReplaced(failed.Id, run, options.Value.MaxBlockedPerKey);
        if (!await StoreAsync(retry, () => retry.Outcome is RetryOutcome.Retried, () => retry.IsBlocked, () => retry.Next)) return new(RetryOutcome.Busy, failed.Id);
        return new(retry.Outcome, retry.RetriedAs ?? failed.Id);
    }

    /// <summary>Neither a move nor a problem when it is on that version already, or cannot be retried at all.</summary>
    private async Task<(RunMoved? Move, string? Problem)> ToNewestAsync(RunRow failed)
    {
        if (catalog.Current.Workflows.GetValueOrDefault(failed.WorkflowId)?.Version is not { } newest) return (null, NoActive(failed));
        var run = new MovableRunRead(failed.Id, failed.WorkflowId);
        await journal.CommitAsync(run);
        if (run.State != "failed" || run.Version == newest.Hash) return default;
        if (await versions.GetAsync(failed.WorkflowId, run.Version) is not { } own) return (null, NotLoaded(failed));
        var reasons = new MoveCheck(own, newest).Check(run);
        return reasons.Count == 0 ? (RunMoves.MoveOf(run, newest, time.GetUtcNow()), null) : (null, $"It cannot go on in the newest version: {string.Join(' ', reasons)} Retry it from the start (from=start).");
    }

    private static string NoActive(RunRow failed) => $"\"{failed.WorkflowId}\" has no active version.";

    private static string NotLoaded(RunRow failed) => $"Version {failed.Version} of \"{failed.WorkflowId}\" cannot be loaded by this program; retry on the newest from the start (from=start&version=newest).";

    private static RetryResult Refused(RunRow failed, string why) => new(RetryOutcome.Refused, failed.Id, why);

    /// <summary>False when there is no room for another open run.</summary>
    private async Task<bool> StoreAsync(Change retry, Func<bool> isRetried, Func<bool> isBlocked, Func<KeyTurn>? next = null)
    {
        if (!engine.TryAdmit(1)) return false;
        var isStored = false;
        try
        {
            await journal.CommitAsync(retry);
            isStored = isRetried();
        }
        finally
        {
            if (!isStored) engine.Withdraw(1);
        }

        if (isStored && !isBlocked()) engine.TakeUpNext(KeyTurn.Run);
        if (isStored && next is not null) engine.TakeUpNext(next());
        return true;
    }

    private static Event EventOf(EventRow row) => new()
    {
        Id = row.Id,
        Trigger = row.TriggerType,
        Type = row.Type,
        Source = row.Source,
        Subject = row.Subject,
        AcceptedAt = row.AcceptedAt,
        Attributes = Json.Parse(row.Attributes),
        ContentType = row.ContentType,
        Body = row.Body,
    };
}
