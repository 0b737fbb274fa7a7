using Automation.Server.Values;

namespace Automation.Server.Storage.Sqlite;

/// <summary>Whose turn it is among the runs of a key, and what the key keeps between them.</summary>
internal static class SqliteKeys
{
    private const string
        // Named, because the planner may take the index of all runs the key has ever had.
        Open = "FROM runs INDEXED BY runs_open_by_key WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL",
        OpenRun = "SELECT 1 " + Open + " LIMIT 1",
        RunWithTurn = "SELECT 1 " + Open + " AND blocked = 0 LIMIT 1",
        NextRun = "SELECT id " + Open + " AND blocked = 1 ORDER BY id LIMIT 1",
        LastAllowed = "SELECT id " + Open + " AND blocked = 1 ORDER BY id LIMIT 1 OFFSET ?3",
        Parked = "SELECT 1 FROM keys WHERE workflow_id = ?1 AND key = ?2 AND parked_at IS NOT NULL",
        StateOf = "SELECT state FROM keys WHERE workflow_id = ?1 AND key = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        Keep = """
            INSERT INTO keys (workflow_id, key, state, updated_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (workflow_id, key) DO UPDATE SET state = ?3, updated_at = ?4, expires_at = ?5
            """,
        Park = """
            INSERT INTO keys (workflow_id, key, updated_at, parked_run, parked_at) VALUES (?1, ?2, ?4, ?3, ?4)
            ON CONFLICT (workflow_id, key) DO UPDATE SET parked_run = ?3, parked_at = ?4
            """;

    /// <summary>Before the run's row is there: is it its turn?</summary>
    public static void Apply(RunAccepted run, Func<string, SqliteStatement> sql)
    {
        run.IsBlocked = Has(sql(OpenRun).Bind(1, run.WorkflowId).Bind(2, run.Key)) || IsParked(run.WorkflowId, run.Key!, sql);
        run.IsRefused = run.IsBlocked && IsFull(run.WorkflowId, run.Key!, run.MaxBlocked, sql);
        run.State = run.IsBlocked ? null : State(run.WorkflowId, run.Key!, run.CreatedAt, sql);
    }

    /// <summary>After the run's end: whose turn is it now?</summary>
    public static void Apply(RunEnded end, RunKey key, Func<string, SqliteStatement> sql)
    {
        Store(key, sql);
        end.HasFreedNext = false;
        if (end.State == "failed" && key.Parks)
        {
            sql(Park).Bind(1, key.WorkflowId).Bind(2, key.Key).Bind(3, end.RunId).Bind(4, end.EndedAt).Run();
            return;
        }

        end.HasFreedNext = FreeNext(key.WorkflowId, key.Key, sql);
    }

    /// <summary>Lets the first run of a key that waits be claimed; false when there is none, or another has the turn.</summary>
    public static bool FreeNext(string workflowId, string key, Func<string, SqliteStatement> sql)
    {
        if (Has(sql(RunWithTurn).Bind(1, workflowId).Bind(2, key))) return false;
        var next = sql(NextRun).Bind(1, workflowId).Bind(2, key);
        if (!next.Read()) return false;
        var id = next.Long(0);
        next.Reset();
        sql("UPDATE runs SET blocked = 0 WHERE id = ?1").Bind(1, id).Run();
        return true;
    }

    /// <summary>Whether a run of the key has the turn, or the key is parked.</summary>
    public static bool IsTaken(string workflowId, string key, Func<string, SqliteStatement> sql) =>
        Has(sql(RunWithTurn).Bind(1, workflowId).Bind(2, key)) || IsParked(workflowId, key, sql);

    public static bool IsParked(string workflowId, string key, Func<string, SqliteStatement> sql) => Has(sql(Parked).Bind(1, workflowId).Bind(2, key));

    public static bool IsParkedBy(string workflowId, string key, long runId, Func<string, SqliteStatement> sql) =>
        Has(sql("SELECT 1 FROM keys WHERE workflow_id = ?1 AND key = ?2 AND parked_run = ?3").Bind(1, workflowId).Bind(2, key).Bind(3, runId));

    /// <summary>Whether as many runs of the key wait for their turn as may. Looks at so many entries of the index.</summary>
    public static bool IsFull(string workflowId, string key, int maxBlocked, Func<string, SqliteStatement> sql) =>
        Has(sql(LastAllowed).Bind(1, workflowId).Bind(2, key).Bind(3, maxBlocked - 1));

    /// <summary>The key is parked no more.</summary>
    public static void Unpark(string workflowId, string key, Func<string, SqliteStatement> sql)
    {
        sql("UPDATE keys SET parked_run = NULL, parked_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, workflowId).Bind(2, key).Run();
        Tidy(workflowId, key, sql);
    }

    /// <summary>Deletes the row of a key that keeps no state and is not parked.</summary>
    public static void Tidy(string workflowId, string key, Func<string, SqliteStatement> sql) =>
        sql("DELETE FROM keys WHERE workflow_id = ?1 AND key = ?2 AND state IS NULL AND parked_at IS NULL").Bind(1, workflowId).Bind(2, key).Run();

    public static void Store(RunKey key, Func<string, SqliteStatement> sql)
    {
        if (key.State is { } state) sql(Keep).Bind(1, key.WorkflowId).Bind(2, key.Key).BindText(3, state.Utf8.Span).Bind(4, key.ChangedAt).Bind(5, key.ExpiresAt).Run();
    }

    public static Json? State(string workflowId, string key, DateTimeOffset now, Func<string, SqliteStatement> sql)
    {
        var row = sql(StateOf).Bind(1, workflowId).Bind(2, key).Bind(3, now);
        Json? state = row.Read() && row.Bytes(0) is { Length: > 0 } json ? new Json(json) : null;
        row.Reset();
        return state;
    }

    private static bool Has(SqliteStatement rows)
    {
        var has = rows.Read();
        rows.Reset();
        return has;
    }
}
