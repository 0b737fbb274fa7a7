namespace Automation.Server.Storage.Sql;

/// <summary>The schedules and when they fire next.</summary>
internal static class SqlSchedules
{
    // Several servers would all try to fire a time, and all but one in vain: those that came later to the database leave it to the first for so long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static void Apply(SchedulesRead change, SqlSession db)
    {
        change.Schedules.Clear();
        var rows = db.Sql("SELECT workflow_id, trigger_id, spec, next_at, last_at FROM schedules");
        while (rows.Read()) change.Schedules.Add((new ScheduleId(rows.Text(0), rows.Text(1)), rows.LongOrNull(3) is null ? null : rows.Text(2)));
    }

    public static void Apply(SchedulesDue change, SqlSession db)
    {
        change.Due.Clear();
        var late = db.IsFirst() ? TimeSpan.Zero : Patience;
        var rows = db.Sql("SELECT workflow_id, trigger_id, spec, next_at, last_at FROM schedules WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2").Bind(1, change.Now - late).Bind(2, change.Limit);
        while (rows.Read())
        {
            change.Due.Add(new DueSchedule(
                new ScheduleId(rows.Text(0), rows.Text(1)),
                rows.Text(2),
                rows.Time(3),
                rows.TimeOrNull(4)));
        }

        var next = db.Sql("SELECT next_at FROM schedules WHERE next_at > ?1 ORDER BY next_at LIMIT 1").Bind(1, change.Now - late);
        change.Next = next.Read() ? next.Time(0) + late : null;
        next.Reset();
    }

    public static void Apply(ScheduleStarted c, SqlSession db) =>
        db.Sql("""
            INSERT INTO schedules (workflow_id, trigger_id, spec, next_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (workflow_id, trigger_id) DO UPDATE SET spec = ?3, next_at = ?4, last_at = CASE WHEN schedules.spec = ?3 THEN schedules.last_at END
            WHERE schedules.spec <> ?3 OR schedules.next_at IS NULL
            """).Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, c.Spec).Bind(4, c.NextAt).Run();

    public static void Apply(ScheduleStopped c, SqlSession db) =>
        db.Sql(c.Forget ? "DELETE FROM schedules WHERE workflow_id = ?1 AND trigger_id = ?2" : "UPDATE schedules SET next_at = NULL WHERE workflow_id = ?1 AND trigger_id = ?2")
            .Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Run();

    /// <summary>False when the schedule is not at that time any more.</summary>
    public static bool Apply(ScheduleMoved c, SqlSession db) =>
        db.Sql("UPDATE schedules SET next_at = ?4, last_at = CASE WHEN ?5 = 1 THEN next_at ELSE last_at END WHERE workflow_id = ?1 AND trigger_id = ?2 AND next_at = ?3")
            .Bind(1, c.Id.WorkflowId).Bind(2, c.Id.TriggerId).Bind(3, c.From).Bind(4, c.To).Bind(5, c.Fires ? 1 : 0).TryRun();
}
