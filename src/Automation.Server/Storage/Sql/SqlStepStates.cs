using System.Collections.Immutable;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>What steps remember of keys between runs.</summary>
internal static class SqlStepStates
{
    private const string
        OfKey = "SELECT step_id, step_type, state, expires_at FROM step_states WHERE workflow_id = ?1 AND key = ?2",
        Keep = """
            INSERT INTO step_states (workflow_id, key, step_id, step_type, state, updated_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (workflow_id, key, step_id) DO UPDATE SET step_type = ?4, state = ?5, updated_at = ?6, expires_at = ?7
            """,
        Forget = "DELETE FROM step_states WHERE workflow_id = ?1 AND key = ?2 AND step_id = ?3",
        // A run that waits for its turn may have been accepted before that time, and is to see it.
        Over = """
            SELECT workflow_id, key, step_id FROM step_states s WHERE expires_at IS NOT NULL AND expires_at <= ?1
              AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.workflow_id = s.workflow_id AND r.key = s.key AND r.ended_at IS NULL)
            ORDER BY expires_at LIMIT ?2
            """;

    public static ImmutableDictionary<string, StepMemory> Read(string workflowId, string key, SqlSession db)
    {
        var steps = ImmutableDictionary<string, StepMemory>.Empty;
        var rows = db.Sql(OfKey).Bind(1, workflowId).Bind(2, key);
        while (rows.Read())
        {
            var forgetAt = rows.TimeOrNull(3);
            steps = steps.Add(rows.Text(0), new StepMemory(rows.Text(1), new Json(rows.Bytes(2)), forgetAt));
        }

        return steps;
    }

    public static void Store(RunKey key, StepRemembered step, SqlSession db)
    {
        if (step.State is { } state)
        {
            db.Sql(Keep).Bind(1, key.WorkflowId).Bind(2, key.Key).Bind(3, step.Step).Bind(4, step.Type).Bind(5, state).Bind(6, key.ChangedAt).Bind(7, step.ForgetAt).Run();
        }
        else
        {
            db.Sql(Forget).Bind(1, key.WorkflowId).Bind(2, key.Key).Bind(3, step.Step).Run();
        }

        SqlKeyTimers.Store(key.WorkflowId, key.Key, step.Step, step.Timer, db);
    }

    public static void Apply(StepForgotten change, SqlSession db)
    {
        change.IsHeld = SqlKeys.IsHeld(change.WorkflowId, change.Key, db);
        if (change.IsHeld) return;
        db.Sql(Forget).Bind(1, change.WorkflowId).Bind(2, change.Key).Bind(3, change.Step).Run();
        SqlKeyTimers.Store(change.WorkflowId, change.Key, change.Step, null, db);
    }

    /// <summary>Deletes what is to be forgotten by then; returns how many.</summary>
    public static int Expire(DateTimeOffset now, int limit, SqlSession db)
    {
        var over = new List<(string Workflow, string Key, string Step)>();
        var rows = db.Sql(Over).Bind(1, now).Bind(2, limit);
        while (rows.Read()) over.Add((rows.Text(0), rows.Text(1), rows.Text(2)));
        foreach (var (workflow, key, step) in over) db.Sql(Forget).Bind(1, workflow).Bind(2, key).Bind(3, step).Run();
        return over.Count;
    }
}
