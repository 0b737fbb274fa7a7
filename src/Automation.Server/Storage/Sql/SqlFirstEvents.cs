using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Which events were the first with their idempotency key, and what they were answered.</summary>
internal static class SqlFirstEvents
{
    private const string
        Claim = """
            INSERT INTO first_events (workflow_id, trigger_id, mark, event_id, run_id, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (workflow_id, trigger_id, mark) DO UPDATE SET event_id = ?4, run_id = ?5, expires_at = ?6, answer = NULL WHERE first_events.expires_at <= ?7
            """,
        Duplicate = """
            INSERT INTO events (id, state, open_runs, trigger_type, type, source, subject, accepted_at, attributes, content_type, body, copy_of)
            VALUES (?1, 'duplicate', 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
        Forget = "DELETE FROM first_events WHERE workflow_id = ?1 AND trigger_id = ?2 AND mark = ?3";

    public static void Apply(RunAccepted run, SqlSession db)
    {
        var (mark, until) = run.Repeats!.Value;
        var claim = db.Sql(Claim).Bind(1, run.WorkflowId).Bind(2, run.TriggerId).Bind(3, mark).Bind(4, run.EventId).Bind(5, run.RunId).Bind(6, until).Bind(7, run.CreatedAt);
        if (!claim.TryRun()) throw JournalException.SupersededBy($"An event with the same idempotency key was accepted by {run.WorkflowId}/{run.TriggerId} in between.");
    }

    public static void Apply(EventRepeated change, SqlSession db)
    {
        var e = change.Event;
        db.Sql(Duplicate).Bind(1, e.Id).Bind(2, e.Trigger).Bind(3, e.Type).Bind(4, e.Source).Bind(5, e.Subject).Bind(6, e.AcceptedAt)
            .Bind(7, e.Attributes).Bind(8, e.ContentType).BindBlob(9, []).Bind(10, change.First).Run();
    }

    public static void Apply(FirstEventRead change, SqlSession db)
    {
        var row = db.Sql("SELECT event_id, run_id, answer FROM first_events WHERE workflow_id = ?1 AND trigger_id = ?2 AND mark = ?3 AND expires_at > ?4")
            .Bind(1, change.Id.WorkflowId).Bind(2, change.Id.TriggerId).Bind(3, change.Id.Mark).Bind(4, change.Now);
        change.EventId = null;
        if (row.Read()) (change.EventId, change.RunId, change.Answer) = (row.Long(0), row.Long(1), row.Bytes(2) is { Length: > 0 } answer ? new Json(answer) : null);
        row.Reset();
    }

    public static void Apply(AnswerKept change, SqlSession db) => Keep(change.RunId, change.Answer, db);

    /// <summary>Keeps what a run's caller is answered by how it ended, unless there was an answer before.</summary>
    public static void Keep(long runId, StepError error, SqlSession db) => Keep(runId, Json.From(new RunAnswer(runId, null, Json.Null, null, error)), db);

    private static void Keep(long runId, Json answer, SqlSession db) => db.Sql("UPDATE first_events SET answer = ?2 WHERE run_id = ?1 AND answer IS NULL").Bind(1, runId).Bind(2, answer).Run();

    /// <summary>Whether repetitions of the run's event will ask for its answer.</summary>
    public static bool WantsAnswer(long runId, SqlSession db)
    {
        var row = db.Sql("SELECT 1 FROM first_events WHERE run_id = ?1 AND answer IS NULL").Bind(1, runId);
        var wants = row.Read();
        row.Reset();
        return wants;
    }

    /// <summary>Deletes what is to be forgotten by then; returns how many.</summary>
    public static int Expire(DateTimeOffset now, int limit, SqlSession db)
    {
        var over = new List<FirstEventId>();
        var rows = db.Sql("SELECT workflow_id, trigger_id, mark FROM first_events WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2").Bind(1, now).Bind(2, limit);
        while (rows.Read()) over.Add(new(rows.Text(0), rows.Text(1), rows.Text(2)));
        foreach (var id in over) db.Sql(Forget).Bind(1, id.WorkflowId).Bind(2, id.TriggerId).Bind(3, id.Mark).Run();
        return over.Count;
    }
}
