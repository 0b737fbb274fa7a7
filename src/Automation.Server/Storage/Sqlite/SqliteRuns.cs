namespace Automation.Server.Storage.Sqlite;

/// <summary>What operators do with runs.</summary>
internal static class SqliteRuns
{
    public static void Apply(RunCancelled change, Func<string, SqliteStatement> sql)
    {
        change.State = null;
        change.HasFreedNext = false;
        var run = sql("SELECT state, owner, blocked, event_id, workflow_id, key, ended_at FROM runs WHERE id = ?1").Bind(1, change.RunId);
        if (!run.Read()) return;
        change.State = run.Text(0);
        change.IsHeld = run.LongOrNull(1) is not null;
        change.WasBlocked = run.Long(2) != 0;
        var eventId = run.Long(3);
        change.WorkflowId = run.Text(4);
        var key = run.TextOrNull(5);
        change.HasEnded = run.LongOrNull(6) is not null;
        run.Reset();
        if (!change.Cancelled) return;
        Cancel(change.RunId, eventId, change.At, sql);
        if (key is not null && !change.WasBlocked) change.HasFreedNext = SqliteKeys.FreeNext(change.WorkflowId, key, sql);
    }

    /// <summary>One run of an event has ended, and with its last open one the event: failed if any of them failed, else done.</summary>
    public static void EndOfEvent(long eventId, bool failed, Func<string, SqliteStatement> sql) =>
        sql("""
            UPDATE events SET open_runs = open_runs - 1, failed_runs = failed_runs + ?2,
              state = CASE WHEN open_runs > 1 THEN state WHEN failed_runs + ?2 > 0 THEN 'failed' ELSE 'done' END
            WHERE id = ?1
            """).Bind(1, eventId).Bind(2, failed ? 1 : 0).Run();

    private static void Cancel(long runId, long eventId, DateTimeOffset at, Func<string, SqliteStatement> sql)
    {
        sql("UPDATE runs SET state = 'cancelled', blocked = 0, ended_at = ?2, snapshot = NULL WHERE id = ?1").Bind(1, runId).Bind(2, at).Run();
        SqliteWaits.Delete(runId, sql);
        EndOfEvent(eventId, failed: false, sql);
    }
}
