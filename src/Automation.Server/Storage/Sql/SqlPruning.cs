namespace Automation.Server.Storage.Sql;

/// <summary>Deletes old events with all that came of them, a bounded number in one transaction so that intake never waits long.</summary>
internal static class SqlPruning
{
    // An event may go when its runs have ended and so have all deliveries of those runs.
    private const string Old = """
        SELECT e.id FROM events e WHERE e.id < ?1 AND e.open_runs = 0 AND NOT EXISTS (
          SELECT 1 FROM runs r JOIN deliveries d ON d.run_id = r.id WHERE r.event_id = e.id AND d.next_attempt_at IS NOT NULL)
          AND NOT EXISTS (SELECT 1 FROM key_timers t WHERE t.event_id = e.id)
        ORDER BY e.id LIMIT ?2
        """;

    private static readonly string[] Deletes =
    [
        "DELETE FROM attempts WHERE delivery_id IN (SELECT d.id FROM deliveries d JOIN runs r ON r.id = d.run_id WHERE r.event_id = ?1)",
        "DELETE FROM deliveries WHERE run_id IN (SELECT id FROM runs WHERE event_id = ?1)",
        "DELETE FROM waits WHERE run_id IN (SELECT id FROM runs WHERE event_id = ?1)", // a failed run keeps its own
        "DELETE FROM run_saves WHERE run_id IN (SELECT id FROM runs WHERE event_id = ?1)",
        "DELETE FROM runs WHERE event_id = ?1",
        "DELETE FROM events WHERE id = ?1",
    ];

    public static void Apply(EventsPruned change, SqlSession db)
    {
        var old = new List<long>();
        var rows = db.Sql(Old).Bind(1, change.Before).Bind(2, change.Limit);
        while (rows.Read()) old.Add(rows.Long(0));
        foreach (var id in old)
        {
            foreach (var delete in Deletes) db.Sql(delete).Bind(1, id).Run();
        }

        change.Deleted = old.Count;
    }
}
