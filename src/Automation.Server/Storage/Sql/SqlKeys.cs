using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Whose turn it is among the runs of a key, and what the key keeps between them.</summary>
internal static class SqlKeys
{
    public const string
        // All name blocked, so that they are answered by runs_open_by_key and not by the index of all runs the key has ever had.
        Open = "FROM runs WHERE workflow_id = ?1 AND key = ?2 AND ended_at IS NULL",
        OpenRun = "SELECT 1 " + Open + " AND blocked IN (0, 1) LIMIT 1",
        HeldRun = "SELECT 1 " + Open + " AND blocked = 0 AND owner IS NOT NULL LIMIT 1",
        RunWithTurn = "SELECT 1 " + Open + " AND blocked = 0 LIMIT 1",
        NextRun = "SELECT id " + Open + " AND blocked = 1 ORDER BY id LIMIT 1",
        LastAllowed = "SELECT id " + Open + " AND blocked = 1 ORDER BY id LIMIT 1 OFFSET ?3";

    private const string
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
    public static void Apply(RunAccepted run, SqlSession db)
    {
        run.HasFiredTimer = false;
        run.Steps = null;
        run.IsBlocked = Has(db.Sql(OpenRun).Bind(1, run.WorkflowId).Bind(2, run.Key)) || IsParked(run.WorkflowId, run.Key!, db);
        if (!run.IsBlocked && SqlKeyTimers.First(run.WorkflowId, run.Key!, db) is { } timer && timer.DueAt <= run.CreatedAt)
        {
            SqlKeyTimers.Fire(timer, db); // it comes before the run, which has its turn after it
            run.HasFiredTimer = run.IsBlocked = true;
        }

        run.IsRefused = run.IsBlocked && IsFull(run.WorkflowId, run.Key!, run.MaxBlocked, db);
        run.State = null;
        if (run.IsBlocked) return;
        run.State = State(run.WorkflowId, run.Key!, run.CreatedAt, db);
        if (run.HasSteps) run.Steps = SqlStepStates.Read(run.WorkflowId, run.Key!, db);
    }

    /// <summary>After the run's end: whose turn is it now?</summary>
    public static void Apply(RunEnded end, RunKey key, SqlSession db)
    {
        Store(key, db);
        end.Next = KeyTurn.None;
        if (end.State == "failed" && key.Parks)
        {
            db.Sql(Park).Bind(1, key.WorkflowId).Bind(2, key.Key).Bind(3, end.RunId).Bind(4, end.EndedAt).Run();
            return;
        }

        end.Next = FreeNext(key.WorkflowId, key.Key, db);
    }

    /// <summary>Lets the first run of a key that waits be claimed, or fires the timer that comes before it. Nothing when there is neither, or another run has the turn.</summary>
    public static KeyTurn FreeNext(string workflowId, string key, SqlSession db)
    {
        if (Has(db.Sql(RunWithTurn).Bind(1, workflowId).Bind(2, key))) return KeyTurn.None;
        var row = db.Sql(NextRun).Bind(1, workflowId).Bind(2, key);
        long? next = row.Read() ? row.Long(0) : null;
        row.Reset();
        if (SqlKeyTimers.First(workflowId, key, db) is { } timer && (next is { } behind ? timer.DueAt <= AcceptedAt(behind, db) : timer.IsWaiting))
        {
            SqlKeyTimers.Fire(timer, db);
            return KeyTurn.Timer;
        }

        if (next is null) return KeyTurn.None;
        db.Sql("UPDATE runs SET blocked = 0 WHERE id = ?1").Bind(1, next).Run();
        return KeyTurn.Run;
    }

    /// <summary>Whether a run of the key is open or the key is parked: a timer of it has to wait.</summary>
    public static bool IsBusy(string workflowId, string key, SqlSession db) =>
        Has(db.Sql(OpenRun).Bind(1, workflowId).Bind(2, key)) || IsParked(workflowId, key, db);

    /// <summary>Whether a server walks a run of the key.</summary>
    public static bool IsHeld(string workflowId, string key, SqlSession db) => Has(db.Sql(HeldRun).Bind(1, workflowId).Bind(2, key));

    /// <summary>Whether a run of the key has the turn, or the key is parked.</summary>
    public static bool IsTaken(string workflowId, string key, SqlSession db) =>
        Has(db.Sql(RunWithTurn).Bind(1, workflowId).Bind(2, key)) || IsParked(workflowId, key, db);

    public static bool IsParked(string workflowId, string key, SqlSession db) => Has(db.Sql(Parked).Bind(1, workflowId).Bind(2, key));

    public static bool IsParkedBy(string workflowId, string key, long runId, SqlSession db) =>
        Has(db.Sql("SELECT 1 FROM keys WHERE workflow_id = ?1 AND key = ?2 AND parked_run = ?3").Bind(1, workflowId).Bind(2, key).Bind(3, runId));

    /// <summary>Whether as many runs of the key wait for their turn as may. Looks at so many entries of the index.</summary>
    public static bool IsFull(string workflowId, string key, int maxBlocked, SqlSession db) =>
        Has(db.Sql(LastAllowed).Bind(1, workflowId).Bind(2, key).Bind(3, maxBlocked - 1));

    /// <summary>The key is parked no more.</summary>
    public static void Unpark(string workflowId, string key, SqlSession db)
    {
        db.Sql("UPDATE keys SET parked_run = NULL, parked_at = NULL WHERE workflow_id = ?1 AND key = ?2").Bind(1, workflowId).Bind(2, key).Run();
        Tidy(workflowId, key, db);
    }

    /// <summary>Deletes the row of a key that keeps no state and is not parked.</summary>
    public static void Tidy(string workflowId, string key, SqlSession db) =>
        db.Sql("DELETE FROM keys WHERE workflow_id = ?1 AND key = ?2 AND state IS NULL AND parked_at IS NULL").Bind(1, workflowId).Bind(2, key).Run();

    public static void Store(RunKey key, SqlSession db)
    {
        foreach (var step in key.Steps) SqlStepStates.Store(key, step, db);
        if (key.State is { } state) db.Sql(Keep).Bind(1, key.WorkflowId).Bind(2, key.Key).BindText(3, state.Utf8.Span).Bind(4, key.ChangedAt).Bind(5, key.ExpiresAt).Run();
    }

    public static Json? State(string workflowId, string key, DateTimeOffset now, SqlSession db)
    {
        var row = db.Sql(StateOf).Bind(1, workflowId).Bind(2, key).Bind(3, now);
        Json? state = row.Read() && row.Bytes(0) is { Length: > 0 } json ? new Json(json) : null;
        row.Reset();
        return state;
    }

    private static DateTimeOffset AcceptedAt(long runId, SqlSession db)
    {
        var row = db.Sql("SELECT created_at FROM runs WHERE id = ?1").Bind(1, runId);
        row.Read();
        var at = row.Time(0);
        row.Reset();
        return at;
    }

    private static bool Has(SqlStatement rows)
    {
        var has = rows.Read();
        rows.Reset();
        return has;
    }
}
