using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>The timers of keys. One fires in the transaction that deletes it and stores its run, so that it fires once, whoever tries.</summary>
/// <remarks>
/// The order of a key is that of time: a timer goes before the events that were accepted at its time or later, and after those before. So it fires when the key has no open run; or when
/// the turn would go to a run that was accepted later.
/// </remarks>
internal static class SqlKeyTimers
{
    private const string
        FirstOfKey = "SELECT target, kind, due_at, event_id, snapshot, waiting, next_at FROM key_timers WHERE workflow_id = ?1 AND key = ?2 ORDER BY due_at, target LIMIT 1",
        Due = "SELECT workflow_id, key FROM key_timers WHERE waiting = 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
        NextDue = "SELECT due_at FROM key_timers WHERE waiting = 0 ORDER BY due_at LIMIT 1",
        Wait = "UPDATE key_timers SET waiting = 1 WHERE workflow_id = ?1 AND key = ?2 AND waiting = 0 AND due_at <= ?3",
        GoOn = """
            UPDATE key_timers SET due_at = next_at, event_id = next_event, next_at = NULL, next_event = NULL, waiting = 0
            WHERE workflow_id = ?1 AND key = ?2 AND target = ?3 AND kind = ?4
            """,
        Set = """
            INSERT INTO key_timers (workflow_id, key, target, kind, due_at, event_id, snapshot) VALUES (?1, ?2, ?3, 'step', ?4, ?5, ?6)
            ON CONFLICT (workflow_id, key, target, kind) DO UPDATE SET due_at = ?4, event_id = ?5, snapshot = ?6, waiting = 0
            """,
        // A silence that is over stays so, although it has not been told yet: what follows counts from this event.
        Hear = """
            INSERT INTO key_timers (workflow_id, key, target, kind, due_at, event_id) VALUES (?1, ?2, ?3, 'trigger', ?4, ?5)
            ON CONFLICT (workflow_id, key, target, kind) DO UPDATE SET
              next_at = CASE WHEN key_timers.due_at <= ?6 THEN ?4 END,
              next_event = CASE WHEN key_timers.due_at <= ?6 THEN ?5 END,
              event_id = CASE WHEN key_timers.due_at <= ?6 THEN key_timers.event_id ELSE ?5 END,
              due_at = CASE WHEN key_timers.due_at <= ?6 THEN key_timers.due_at ELSE ?4 END
            """,
        Delete = "DELETE FROM key_timers WHERE workflow_id = ?1 AND key = ?2 AND target = ?3 AND kind = ?4",
        CopyEvent = """
            INSERT INTO events (id, state, open_runs, trigger_type, type, source, subject, accepted_at, attributes, content_type, body, copy_of)
            SELECT ?1, 'accepted', 1, ?2, type, source, subject, ?3, attributes, content_type, body, coalesce(copy_of, id) FROM events WHERE id = ?4
            """,
        LostEvent = """
            INSERT INTO events (id, state, open_runs, trigger_type, type, source, accepted_at, attributes, body, copy_of)
            VALUES (?1, 'accepted', 1, ?2, 'event.gone', '/timers', ?3, '{"type":"event.gone"}', ?4, ?5)
            """,
        Start = """
            INSERT INTO runs (id, event_id, workflow_id, version, trigger_id, state, created_at, key, snapshot)
            VALUES (?1, ?2, ?3, (SELECT active_hash FROM workflows WHERE id = ?3), ?4, 'pending', ?5, ?6, ?7)
            """;

    /// <summary>The earliest timer of a key.</summary>
    public static KeyTimer? First(string workflowId, string key, SqlSession db)
    {
        var row = db.Sql(FirstOfKey).Bind(1, workflowId).Bind(2, key);
        var timer = row.Read()
            ? new KeyTimer(workflowId, key, row.Text(0), row.Text(1), row.Time(2), row.Long(3), row.Bytes(4) is { Length: > 0 } snapshot ? snapshot : null, row.Long(5) != 0, row.LongOrNull(6) is not null)
            : null;
        row.Reset();
        return timer;
    }

    /// <summary>Stores its run, with the turn and free to be claimed; deletes it, or has it go on.</summary>
    public static void Fire(KeyTimer timer, SqlSession db)
    {
        db.Sql(timer.GoesOn ? GoOn : Delete).Bind(1, timer.WorkflowId).Bind(2, timer.Key).Bind(3, timer.Target).Bind(4, timer.Kind).Run();
        var (eventId, runId) = (db.Ids.Next(), db.Ids.Next());
        var isKept = db.Sql("SELECT 1 FROM events WHERE id = ?1").Bind(1, timer.EventId);
        var copy = isKept.Read();
        isKept.Reset();
        var type = timer.Kind == "step" ? KeyTimer.StepTrigger : KeyTimer.SilenceTrigger;
        if (copy) db.Sql(CopyEvent).Bind(1, eventId).Bind(2, type).Bind(3, timer.DueAt).Bind(4, timer.EventId).Run();
        else db.Sql(LostEvent).Bind(1, eventId).Bind(2, type).Bind(3, timer.DueAt).BindBlob(4, []).Bind(5, timer.EventId).Run();
        var start = db.Sql(Start).Bind(1, runId).Bind(2, eventId).Bind(3, timer.WorkflowId).Bind(4, timer.Target).Bind(5, timer.DueAt).Bind(6, timer.Key);
        if (timer.Snapshot is { } snapshot) start.BindText(7, snapshot).Run();
        else start.BindNull(7, SqlType.Text).Run();
    }

    public static void Apply(KeyTimersFired change, SqlSession db)
    {
        change.Runs = 0;
        var due = new List<(string Workflow, string Key)>();
        var rows = db.Sql(Due).Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) due.Add((rows.Text(0), rows.Text(1)));
        change.Count = due.Count;
        foreach (var (workflow, key) in due)
        {
            if (First(workflow, key, db) is not { } timer || timer.DueAt > change.Now) continue; // its key came twice, and it has fired
            if (!SqlKeys.IsBusy(workflow, key, db))
            {
                Fire(timer, db);
                change.Runs++;
            }

            db.Sql(Wait).Bind(1, workflow).Bind(2, key).Bind(3, change.Now).Run(); // what is left of the key's has to wait for that run
        }

        var next = db.Sql(NextDue);
        change.NextDue = next.Read() ? next.Time(0) : null;
        next.Reset();
    }

    /// <summary>The key was heard: a trigger fires when it has not been heard again by then.</summary>
    public static void Watch(RunAccepted run, string trigger, DateTimeOffset dueAt, SqlSession db)
    {
        if (run.Key is { } key) db.Sql(Hear).Bind(1, run.WorkflowId).Bind(2, key).Bind(3, trigger).Bind(4, dueAt).Bind(5, run.EventId).Bind(6, run.CreatedAt).Run();
    }

    /// <summary>Sets the timer of a step anew, or stops it.</summary>
    public static void Store(string workflowId, string key, string step, StepTimer? timer, SqlSession db)
    {
        if (timer is null) db.Sql(Delete).Bind(1, workflowId).Bind(2, key).Bind(3, step).Bind(4, "step").Run();
        else db.Sql(Set).Bind(1, workflowId).Bind(2, key).Bind(3, step).Bind(4, timer.DueAt).Bind(5, timer.EventId).Bind(6, timer.Snapshot).Run();
    }
}
