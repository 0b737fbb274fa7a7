namespace Automation.Server.Storage.Sql;

/// <summary>Deletes old runs and events with all that came of them. What is to go was looked up by a reader; here it is looked at again, as a person may have retried it meanwhile.</summary>
internal static class SqlPruning
{
    private const string
        HasOpenDelivery = "EXISTS (SELECT 1 FROM deliveries d WHERE d.run_id = r.id AND d.next_attempt_at IS NOT NULL)",
        ParksItsKey = "EXISTS (SELECT 1 FROM keys k WHERE k.workflow_id = r.workflow_id AND k.key = r.key AND k.parked_run = r.id)",
        EndedRun = $"SELECT r.event_id FROM runs r WHERE r.id = ?1 AND r.ended_at IS NOT NULL AND NOT {HasOpenDelivery} AND NOT {ParksItsKey}",
        HandledEvent = $"SELECT e.id FROM events e WHERE e.id = ?1 AND e.open_runs = 0 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event_id = e.id AND (r.ended_at IS NULL OR {HasOpenDelivery} OR {ParksItsKey})) AND NOT {IsRemembered}",
        IsRemembered = "(EXISTS (SELECT 1 FROM key_timers t WHERE t.event_id = ?1) OR EXISTS (SELECT 1 FROM wait_events w WHERE w.event_id = ?1))", // a run may still begin with it, or look at it
        RunsOfEvent = "SELECT id FROM runs WHERE event_id = ?1",
        LonelyEvent = $"DELETE FROM events WHERE id = ?1 AND open_runs = 0 AND NOT EXISTS (SELECT 1 FROM runs WHERE event_id = ?1) AND NOT {IsRemembered}";

    private static readonly string[] DeletesOfRun =
    [
        "DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE run_id = ?1 AND emission_id IS NULL)",
        "DELETE FROM deliveries WHERE run_id = ?1 AND emission_id IS NULL", // those of emissions go with them
        "DELETE FROM callbacks WHERE run_id = ?1",
        "DELETE FROM wait_events WHERE wait_id IN (SELECT id FROM waits WHERE run_id = ?1)",
        "DELETE FROM waits WHERE run_id = ?1", // a failed run keeps its own
        "DELETE FROM run_saves WHERE run_id = ?1",
        "DELETE FROM runs WHERE id = ?1",
    ];

    public static void Apply(RunsPruned change, SqlSession db)
    {
        change.Deleted = 0; // a refused neighbour makes the unit apply again
        foreach (var run in change.Runs)
        {
            if (First(db.Sql(EndedRun).Bind(1, run)) is not { } eventId) continue;
            Delete(run, db);
            db.Sql(LonelyEvent).Bind(1, eventId).Run();
            change.Deleted++;
        }
    }

    public static void Apply(EventsPruned change, SqlSession db)
    {
        change.Deleted = 0;
        foreach (var id in change.Events)
        {
            if (First(db.Sql(HandledEvent).Bind(1, id)) is null) continue;
            var runs = new List<long>();
            var rows = db.Sql(RunsOfEvent).Bind(1, id);
            while (rows.Read()) runs.Add(rows.Long(0));
            foreach (var run in runs) Delete(run, db);
            db.Sql(LonelyEvent).Bind(1, id).Run();
            change.Deleted++;
        }
    }

    private static void Delete(long run, SqlSession db)
    {
        foreach (var delete in DeletesOfRun) db.Sql(delete).Bind(1, run).Run();
    }

    private static long? First(SqlStatement rows)
    {
        long? first = rows.Read() ? rows.Long(0) : null;
        rows.Reset();
        return first;
    }
}
