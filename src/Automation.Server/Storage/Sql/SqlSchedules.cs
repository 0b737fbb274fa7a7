namespace Automation.Server.Storage.Sql;

/// <summary>The schedules and when they fire next.</summary>
internal static class SqlSchedules
{
    // Several servers would all try to fire a time, and all but one in vain: those that came later to the database leave it to the first for so long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // A schedule that this server's folder does not have, or with another spec, is another server's.
    private const string
        Here = "FROM schedules s JOIN folder_schedules f ON f.workflow_id = s.workflow_id AND f.trigger_id = s.trigger_id AND f.spec = s.spec",
        Due = $"SELECT s.workflow_id, s.trigger_id, s.spec, s.next_at, s.last_at {Here} WHERE s.next_at <= ?1 AND f.broker = ?3 ORDER BY s.next_at LIMIT ?2",
        NextDue = $"SELECT s.next_at {Here} WHERE s.next_at > ?1 AND f.broker = ?2 ORDER BY s.next_at LIMIT 1";

    public static void Apply(SchedulesRead change, SqlSession db)
    {
        change.Schedules.Clear();
        var rows = db.Sql("""
            SELECT f.workflow_id, f.trigger_id, s.spec FROM folder_schedules f
            LEFT JOIN schedules s ON s.workflow_id = f.workflow_id AND s.trigger_id = f.trigger_id AND s.spec = f.spec AND s.next_at IS NOT NULL
            WHERE f.broker = ?1
            """).Bind(1, db.Broker);
        while (rows.Read()) change.Schedules.Add((new ScheduleId(rows.Text(0), rows.Text(1)), rows.TextOrNull(2)));
    }

    public static void Apply(SchedulesDue change, SqlSession db)
    {
        change.Due.Clear();
        var late = db.IsFirst() ? TimeSpan.Zero : Patience;
        var rows = db.Sql(Due).Bind(1, change.Now - late).Bind(2, change.Limit).Bind(3, db.Broker);
        while (rows.Read())
        {
            change.Due.Add(new DueSchedule(
                new ScheduleId(rows.Text(0), rows.Text(1)),
                rows.Text(2),
                rows.Time(3),
                rows.TimeOrNull(4)));
        }

        var next = db.Sql(NextDue).Bind(1, change.Now - late).Bind(2, db.Broker);
        change.Next = next.Read() ? next.Time(0) + late : null;
        next.Reset();
    }

    public static void Apply(ScheduleStarted c, SqlSession db)
    {
        var mine = db.Sql("SELECT spec FROM folder_schedules WHERE workflow_id = ?1 AND trigger_id = ?2 AND broker = ?3").Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, db.Broker);
        var hasChanged = !mine.Read() || mine.Text(0) != c.Spec;
        mine.Reset();
        if (hasChanged)
        {
            db.Sql("INSERT INTO folder_schedules (workflow_id, trigger_id, broker, spec) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (workflow_id, trigger_id, broker) DO UPDATE SET spec = ?4")
                .Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, db.Broker).Bind(4, c.Spec).Run();
        }

        // What did not change here does not take the place of what another server has.
        db.Sql("""
            INSERT INTO schedules (workflow_id, trigger_id, spec, next_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (workflow_id, trigger_id) DO UPDATE SET spec = ?3, next_at = ?4, last_at = CASE WHEN schedules.spec = ?3 THEN schedules.last_at END
            WHERE (schedules.spec = ?3 AND schedules.next_at IS NULL) OR (schedules.spec <> ?3 AND (?5 = 1
              OR NOT EXISTS (SELECT 1 FROM folder_schedules f WHERE f.workflow_id = ?1 AND f.trigger_id = ?2 AND f.spec = schedules.spec)))
            """).Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, c.Spec).Bind(4, c.NextAt).Bind(5, hasChanged ? 1 : 0).Run();
    }

    public static void Apply(ScheduleStopped c, SqlSession db)
    {
        if (!c.Forget)
        {
            db.Sql("UPDATE schedules SET next_at = NULL WHERE workflow_id = ?1 AND trigger_id = ?2").Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Run();
            return;
        }

        db.Sql("DELETE FROM folder_schedules WHERE workflow_id = ?1 AND trigger_id = ?2 AND broker = ?3").Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, db.Broker).Run();
        db.Sql("DELETE FROM schedules WHERE workflow_id = ?1 AND trigger_id = ?2 AND NOT EXISTS (SELECT 1 FROM folder_schedules f WHERE f.workflow_id = ?1 AND f.trigger_id = ?2)")
            .Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Run();
    }

    /// <summary>False when the schedule is not at that time any more.</summary>
    public static bool Apply(ScheduleMoved c, SqlSession db) =>
        db.Sql("UPDATE schedules SET next_at = ?4, last_at = CASE WHEN ?5 = 1 THEN next_at ELSE last_at END WHERE workflow_id = ?1 AND trigger_id = ?2 AND next_at = ?3")
            .Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, c.From).Bind(4, c.To).Bind(5, c.Fires ? 1 : 0).TryRun();
}
