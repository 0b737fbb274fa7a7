using Automation.Server.Values;

namespace Automation.Server.Storage.Sqlite;

/// <summary>Whose turn it is among the runs of a key, and what the key keeps between them.</summary>
internal static class SqliteKeys
{
    private const string
        OpenRun = "SELECT id FROM runs WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL ORDER BY id LIMIT 1",
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
        run.IsBlocked = Has(sql(OpenRun).Bind(1, run.WorkflowId).Bind(2, run.Key)) || Has(sql(Parked).Bind(1, run.WorkflowId).Bind(2, run.Key));
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

    /// <summary>Lets the first open run of a key be claimed; false when there is none, or it was its turn already.</summary>
    public static bool FreeNext(string workflowId, string key, Func<string, SqliteStatement> sql)
    {
        var next = sql("SELECT id, blocked FROM runs WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL ORDER BY id LIMIT 1").Bind(1, workflowId).Bind(2, key);
        if (!next.Read()) return false;
        var (id, isBlocked) = (next.Long(0), next.Long(1) != 0);
        next.Reset();
        if (isBlocked) sql("UPDATE runs SET blocked = 0 WHERE id = ?1").Bind(1, id).Run();
        return isBlocked;
    }

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
