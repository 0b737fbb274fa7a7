using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>What operators do with runs.</summary>
internal static class SqlRuns
{
    public static void Apply(RunCancelled change, SqlSession db)
    {
        change.State = null;
        change.Next = KeyTurn.None;
        change.Ended.Clear();
        var run = db.Sql("SELECT state, owner, blocked, event_id, workflow_id, key, ended_at FROM runs WHERE id = ?1").Bind(1, change.RunId);
        if (!run.Read()) return;
        change.State = run.Text(0);
        change.IsHeld = run.LongOrNull(1) is not null;
        change.IsHeldElsewhere = run.LongOrNull(1) is { } owner && owner != db.Server;
        change.WasBlocked = run.Long(2) != 0;
        var eventId = run.Long(3);
        change.WorkflowId = run.Text(4);
        var key = run.TextOrNull(5);
        change.HasEnded = run.LongOrNull(6) is not null;
        run.Reset();
        if (change.IsHeldElsewhere)
        {
            db.Sql("UPDATE runs SET cancel_at = ?2 WHERE id = ?1 AND cancel_at IS NULL").Bind(1, change.RunId).Bind(2, change.At).Run();
            db.Notify();
        }

        change.Calls.AddRange(SqlCalls.Awaited(change.RunId, db).Except(change.Calls));
        if (!change.Cancelled) return;
        Cancel(change.RunId, eventId, change.At, change.Ended, db);
        if (key is not null && !change.WasBlocked) change.Next = SqlKeys.FreeNext(change.WorkflowId, key, db);
    }

    public static void Apply(RunRetried change, SqlSession db)
    {
        change.IsBlocked = false;
        if (Failed(change.RunId, out var outcome, db) is not { } run)
        {
            change.Outcome = outcome;
            return;
        }

        change.RetriedAs = run.RetriedAs;
        change.Outcome = run.RetriedAs is not null ? RetryOutcome.Superseded : run.CanGoOn ? RetryOutcome.Retried : RetryOutcome.NotKept;
        if (change.Outcome is not RetryOutcome.Retried) return;
        var parks = false;
        if (run.Key is { } key)
        {
            parks = SqlKeys.IsParkedBy(run.WorkflowId, key, change.RunId, db);
            change.IsBlocked = !parks && SqlKeys.IsTaken(run.WorkflowId, key, db);
            if (change.IsBlocked && SqlKeys.IsFull(run.WorkflowId, key, change.MaxBlocked, db))
            {
                change.Outcome = RetryOutcome.KeyFull;
                return;
            }

        }

        if (change.Move is { } move)
        {
            SqlMoves.Move(move, "failed", db);
            if (!move.Moved)
            {
                change.Outcome = RetryOutcome.Busy;
                return;
            }
        }

        if (parks) SqlKeys.Unpark(run.WorkflowId, run.Key!, db);
        db.Sql("INSERT INTO run_saves (run_id, step_runs) SELECT id, step_runs FROM runs WHERE id = ?1 AND length(step_runs) > 2").Bind(1, change.RunId).Run();
        db.Sql("""
            UPDATE runs SET state = CASE WHEN snapshot IS NULL THEN 'pending' ELSE 'running' END, owner = NULL, blocked = ?2,
              ended_at = NULL, step_runs = NULL, failed_step = NULL, error = NULL, cancel_at = NULL, deadline_at = NULL
            WHERE id = ?1
            """).Bind(1, change.RunId).Bind(2, change.IsBlocked ? 1 : 0).Run();
        Reopen(run.EventId, db);
    }

    public static void Apply(RunReplaced change, SqlSession db)
    {
        change.IsBlocked = false;
        change.Next = KeyTurn.None;
        if (Failed(change.RunId, out var outcome, db) is not { } run)
        {
            change.Outcome = outcome;
            return;
        }

        change.RetriedAs = run.RetriedAs;
        change.Outcome = run.RetriedAs is not null ? RetryOutcome.Superseded : RetryOutcome.Retried;
        if (change.Outcome is not RetryOutcome.Retried) return;
        var by = change.By;
        var freed = run.Key is { } parked && SqlKeys.IsParkedBy(run.WorkflowId, parked, change.RunId, db) ? run.Key : null;
        if (by.Key is { } key && key != freed)
        {
            change.IsBlocked = SqlKeys.IsTaken(run.WorkflowId, key, db);
            if (change.IsBlocked && SqlKeys.IsFull(run.WorkflowId, key, change.MaxBlocked, db))
            {
                change.Outcome = RetryOutcome.KeyFull;
                return;
            }
        }

        if (freed is not null)
        {
            SqlKeys.Unpark(run.WorkflowId, freed, db); // with the same key it has the turn: those behind stay blocked until it ends
            if (by.Key != freed) change.Next = SqlKeys.FreeNext(run.WorkflowId, freed, db);
        }

        db.Sql("INSERT INTO runs (id, event_id, workflow_id, version, trigger_id, state, created_at, key, blocked, retry_of) VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?8, ?9)")
            .Bind(1, by.RunId).Bind(2, run.EventId).Bind(3, run.WorkflowId).Bind(4, by.VersionHash).Bind(5, by.TriggerId).Bind(6, by.CreatedAt)
            .Bind(7, by.Key).Bind(8, change.IsBlocked ? 1 : 0).Bind(9, change.RunId).Run();
        db.Sql("UPDATE runs SET called_by = (SELECT o.called_by FROM runs o WHERE o.id = ?2) WHERE id = ?1").Bind(1, by.RunId).Bind(2, change.RunId).Run();
        db.Sql("UPDATE runs SET retried_as = ?2, snapshot = NULL WHERE id = ?1").Bind(1, change.RunId).Bind(2, by.RunId).Run();
        SqlWaits.Delete(change.RunId, db);
        change.RetriedAs = by.RunId;
        Reopen(run.EventId, db);
    }

    /// <summary>One run of an event has ended, and with its last open one the event: failed if any of them failed, else done.</summary>
    public static void EndOfEvent(long eventId, bool failed, SqlSession db) =>
        db.Sql("""
            UPDATE events SET open_runs = open_runs - 1, failed_runs = failed_runs + ?2,
              state = CASE WHEN open_runs > 1 THEN state WHEN failed_runs + ?2 > 0 THEN 'failed' ELSE 'done' END
            WHERE id = ?1
            """).Bind(1, eventId).Bind(2, failed ? 1 : 0).Run();

    public static void Cancel(long runId, long eventId, DateTimeOffset at, EndedWaits ended, SqlSession db)
    {
        db.Sql("UPDATE runs SET state = 'cancelled', blocked = 0, ended_at = ?2, snapshot = NULL WHERE id = ?1").Bind(1, runId).Bind(2, at).Run();
        SqlWaits.Delete(runId, db);
        SqlCalls.End(runId, null, at, ended, db);
        SqlFirstEvents.Keep(runId, RunAnswer.Cancelled, db);
        EndOfEvent(eventId, failed: false, db);
    }

    /// <summary>A failed run of the event is made good by one that is open now: the event's end is that one's.</summary>
    private static void Reopen(long eventId, SqlSession db) =>
        db.Sql("UPDATE events SET state = 'accepted', open_runs = open_runs + 1, failed_runs = failed_runs - 1 WHERE id = ?1").Bind(1, eventId).Run();

    private static FailedRun? Failed(long runId, out RetryOutcome outcome, SqlSession db)
    {
        outcome = RetryOutcome.NotFound;
        // Without a snapshot it can go on only if nothing of it has ever run. A run without its key would only fail again.
        var row = db.Sql("""
            SELECT state, event_id, workflow_id, key, retried_as,
              CASE WHEN snapshot IS NOT NULL THEN 1 ELSE 0 END,
              CASE WHEN coalesce(length(step_runs), 0) > 2 OR EXISTS (SELECT 1 FROM run_saves s WHERE s.run_id = r.id) THEN 1 ELSE 0 END, error
            FROM runs r WHERE id = ?1
            """).Bind(1, runId);
        if (!row.Read()) return null;
        outcome = row.Text(0) == "failed" ? RetryOutcome.Retried : RetryOutcome.NotFailed;
        var run = new FailedRun(row.Long(1), row.Text(2), row.TextOrNull(3), row.LongOrNull(4), row.Long(5) != 0 || (row.Long(6) == 0 && !IsWithoutKey(row.Bytes(7))));
        row.Reset();
        return outcome is RetryOutcome.Retried ? run : null;
    }

    private static bool IsWithoutKey(byte[] error) => error.Length > 0 && new Json(error).To<StepError>()?.Code == StepError.KeyFailed;

    private sealed record FailedRun(long EventId, string WorkflowId, string? Key, long? RetriedAs, bool CanGoOn);
}
