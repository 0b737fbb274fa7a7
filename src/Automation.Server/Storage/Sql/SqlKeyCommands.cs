namespace Automation.Server.Storage.Sql;

/// <summary>What operators do with keys, and what time does.</summary>
internal static class SqlKeyCommands
{
    public const string
        BlockedRuns = "SELECT id, event_id FROM runs WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL AND blocked = 1 ORDER BY id LIMIT ?3";

    public static void Apply(KeyStateSet change, SqlSession db)
    {
        change.IsHeld = SqlKeys.IsHeld(change.WorkflowId, change.Key, db);
        change.IsChanged = !change.IsHeld && change.Expected is { } expected && !IsAmong(expected, TagOf(change.WorkflowId, change.Key, db));
        if (change.IsHeld || change.IsChanged) return;
        if (change.State is { } state)
        {
            SqlKeys.Store(new(change.WorkflowId, change.Key) { State = state, ChangedAt = change.At, ExpiresAt = change.ExpiresAt }, db);
            return;
        }

        db.Sql("UPDATE keys SET state = NULL, updated_at = ?3, expires_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, change.WorkflowId).Bind(2, change.Key).Bind(3, change.At).Run();
        SqlKeys.Tidy(change.WorkflowId, change.Key, db);
    }

    // RFC 9110, section 13.1.1: * is any state, but there is one.
    private static bool IsAmong(IReadOnlyList<string> expected, string tag) => expected.Contains(tag) || (expected.Contains("*") && tag != KeyStateTag.None);

    public static void Apply(KeySkipped change, SqlSession db)
    {
        change.Skipped = SqlKeys.IsParked(change.WorkflowId, change.Key, db);
        change.Next = KeyTurn.None;
        if (!change.Skipped) return;
        SqlKeys.Unpark(change.WorkflowId, change.Key, db);
        change.Next = SqlKeys.FreeNext(change.WorkflowId, change.Key, db);
    }

    public static void Apply(KeyDrained change, SqlSession db)
    {
        change.Next = KeyTurn.None;
        change.Ended.Clear();
        change.Runs.Clear(); // a refused neighbour makes the unit apply again
        var blocked = new List<(long Run, long Event)>();
        var rows = db.Sql(BlockedRuns).Bind(1, change.WorkflowId).Bind(2, change.Key).Bind(3, change.Limit);
        while (rows.Read()) blocked.Add((rows.Long(0), rows.Long(1)));
        foreach (var (run, of) in blocked)
        {
            SqlRuns.Cancel(run, of, change.At, change.Ended, db);
            change.Runs.Add(run);
        }

        if (blocked.Count == change.Limit) return;
        SqlKeys.Unpark(change.WorkflowId, change.Key, db);
        change.Next = SqlKeys.FreeNext(change.WorkflowId, change.Key, db);
    }

    public static void Apply(StatesExpired change, SqlSession db)
    {
        var over = new List<(string Workflow, string Key)>();
        var rows = db.Sql("SELECT workflow_id, key FROM keys WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2").Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) over.Add((rows.Text(0), rows.Text(1)));
        foreach (var (workflow, key) in over)
        {
            db.Sql("UPDATE keys SET state = NULL, expires_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, workflow).Bind(2, key).Run();
            SqlKeys.Tidy(workflow, key, db);
        }

        change.Deleted = over.Count + SqlStepStates.Expire(change.Now, change.Limit, db) + SqlFilters.Expire(change.Now, change.Limit, db) + SqlFirstEvents.Expire(change.Now, change.Limit, db);
    }

    private static string TagOf(string workflowId, string key, SqlSession db)
    {
        var row = db.Sql("SELECT state FROM keys WHERE workflow_id = ?1 AND key = ?2").Bind(1, workflowId).Bind(2, key);
        var tag = KeyStateTag.Of(row.Read() && row.Bytes(0) is { } state ? state : default(ReadOnlySpan<byte>));
        row.Reset();
        return tag;
    }
}
