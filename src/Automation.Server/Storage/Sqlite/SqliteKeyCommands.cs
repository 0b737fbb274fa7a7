namespace Automation.Server.Storage.Sqlite;

/// <summary>What operators do with keys, and what time does.</summary>
internal static class SqliteKeyCommands
{
    public static void Apply(KeyStateSet change, Func<string, SqliteStatement> sql)
    {
        var held = sql("SELECT 1 FROM runs INDEXED BY runs_open_by_key WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL AND owner IS NOT NULL LIMIT 1").Bind(1, change.WorkflowId).Bind(2, change.Key);
        change.IsHeld = held.Read();
        held.Reset();
        if (change.IsHeld) return;
        if (change.State is { } state)
        {
            SqliteKeys.Store(new(change.WorkflowId, change.Key) { State = state, ChangedAt = change.At, ExpiresAt = change.ExpiresAt }, sql);
            return;
        }

        sql("UPDATE keys SET state = NULL, updated_at = ?3, expires_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, change.WorkflowId).Bind(2, change.Key).Bind(3, change.At).Run();
        SqliteKeys.Tidy(change.WorkflowId, change.Key, sql);
    }

    public static void Apply(KeySkipped change, Func<string, SqliteStatement> sql)
    {
        change.Skipped = SqliteKeys.IsParked(change.WorkflowId, change.Key, sql);
        change.HasFreedNext = false;
        if (!change.Skipped) return;
        SqliteKeys.Unpark(change.WorkflowId, change.Key, sql);
        change.HasFreedNext = SqliteKeys.FreeNext(change.WorkflowId, change.Key, sql);
    }

    public static void Apply(KeyDrained change, Func<string, SqliteStatement> sql)
    {
        change.Runs.Clear(); // a refused neighbour makes the unit apply again
        var blocked = new List<(long Run, long Event)>();
        var rows = sql("SELECT id, event_id FROM runs INDEXED BY runs_open_by_key WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL AND blocked = 1 ORDER BY id LIMIT ?3").Bind(1, change.WorkflowId).Bind(2, change.Key).Bind(3, change.Limit);
        while (rows.Read()) blocked.Add((rows.Long(0), rows.Long(1)));
        foreach (var (run, of) in blocked)
        {
            SqliteRuns.Cancel(run, of, change.At, sql);
            change.Runs.Add(run);
        }

        if (blocked.Count < change.Limit) SqliteKeys.Unpark(change.WorkflowId, change.Key, sql);
    }

    public static void Apply(StatesExpired change, Func<string, SqliteStatement> sql)
    {
        var over = new List<(string Workflow, string Key)>();
        var rows = sql("SELECT workflow_id, key FROM keys WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2").Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) over.Add((rows.Text(0), rows.Text(1)));
        foreach (var (workflow, key) in over)
        {
            sql("UPDATE keys SET state = NULL, expires_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, workflow).Bind(2, key).Run();
            SqliteKeys.Tidy(workflow, key, sql);
        }

        change.Deleted = over.Count;
    }
}
