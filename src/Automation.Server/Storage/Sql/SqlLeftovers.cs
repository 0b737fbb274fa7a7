namespace Automation.Server.Storage.Sql;

/// <summary>Deletes what would else grow with each version, server and workflow that ever was.</summary>
internal static class SqlLeftovers
{
    private const string
        // A server that lives is seen now. What others have of one that is away is kept by the name.
        Seen = "UPDATE brokers SET seen_at = ?1 WHERE name IN (SELECT name FROM servers)",
        Lonely = "NOT EXISTS (SELECT 1 FROM folder_schedules f WHERE f.workflow_id = schedules.workflow_id AND f.trigger_id = schedules.trigger_id)",
        // A match is pattern, path and value, with a line's end between.
        Unawaited = "NOT EXISTS (SELECT 1 FROM waits w WHERE w.match >= wait_sources.pattern || ?1 || wait_sources.path || ?1 AND w.match < wait_sources.pattern || ?1 || wait_sources.path || ?2)",
        InNoFolder = "NOT EXISTS (SELECT 1 FROM folder_workflows f WHERE f.workflow_id = workflows.id)",
        Forgotten = "SELECT id FROM workflows WHERE gone_at < ?1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.workflow_id = workflows.id) LIMIT ?2",
        Version = """
            DELETE FROM versions WHERE workflow_id = ?1 AND hash = ?2
              AND NOT EXISTS (SELECT 1 FROM workflows w WHERE w.id = ?1 AND w.active_hash = ?2)
              AND NOT EXISTS (SELECT 1 FROM activations a WHERE a.workflow_id = ?1 AND a.hash = ?2)
              AND NOT EXISTS (SELECT 1 FROM folder_workflows f WHERE f.workflow_id = ?1 AND f.hash = ?2)
              AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.workflow_id = ?1 AND r.version = ?2 AND r.state = 'waiting')
            """;

    private static readonly string[]
        Away =
        [
            "DELETE FROM folder_workflows WHERE broker IN (SELECT number FROM brokers WHERE seen_at < ?1)",
            "DELETE FROM folder_schedules WHERE broker IN (SELECT number FROM brokers WHERE seen_at < ?1)",
        ],
        OfKeys =
        [
            "DELETE FROM keys WHERE workflow_id = ?1 AND key IN (SELECT key FROM keys WHERE workflow_id = ?1 LIMIT ?2)",
            "DELETE FROM step_states WHERE workflow_id = ?1 AND key IN (SELECT key FROM step_states WHERE workflow_id = ?1 LIMIT ?2)",
            "DELETE FROM key_timers WHERE workflow_id = ?1 AND key IN (SELECT key FROM key_timers WHERE workflow_id = ?1 LIMIT ?2)",
        ],
        OfWorkflow =
        [
            "DELETE FROM activations WHERE workflow_id = ?1",
            "DELETE FROM versions WHERE workflow_id = ?1",
            "DELETE FROM workflows WHERE id = ?1",
        ];

    public static void Apply(ActivationsPruned change, SqlSession db)
    {
        change.Deleted = 0; // a refused neighbour makes the unit apply again
        var deleted = db.Sql("DELETE FROM activations WHERE id IN (SELECT id FROM activations WHERE workflow_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3) RETURNING id")
            .Bind(1, change.WorkflowId).Bind(2, change.Before).Bind(3, change.Limit);
        while (deleted.Read()) change.Deleted++;
    }

    public static void Apply(VersionsPruned change, SqlSession db) =>
        change.Deleted = change.Hashes.Count(hash => db.Sql(Version).Bind(1, change.WorkflowId).Bind(2, hash).TryRun());

    public static void Apply(LeftoversPruned change, WaitSources sources, SqlSession db)
    {
        change.HasMore = false;
        db.Sql(Seen).Bind(1, change.Now).Run();
        foreach (var delete in Away) db.Sql(delete).Bind(1, change.Now - LeftoversPruned.Away).Run();
        db.Sql($"DELETE FROM schedules WHERE {Lonely}").Run();
        if (db.Sql($"DELETE FROM wait_sources WHERE {Unawaited}").Bind(1, "\n").Bind(2, "\u000b").TryRun()) sources.Forget();
        SqlPortal.Forget(change.Now, db);
        SqlEndpointFiles.Forget(change.Now - LeftoversPruned.Abandoned, change.Now, db);
        ForgetServers(change, db);
        db.Sql($"UPDATE workflows SET gone_at = NULL WHERE gone_at IS NOT NULL AND NOT {InNoFolder}").Run();
        db.Sql($"UPDATE workflows SET gone_at = ?1 WHERE gone_at IS NULL AND {InNoFolder}").Bind(1, change.Now).Run();
        ForgetWorkflows(change, db);
    }

    /// <summary>Deletes the MQTT rows of servers that do not come back; then their names.</summary>
    private static void ForgetServers(LeftoversPruned change, SqlSession db)
    {
        var gone = new List<long>();
        var rows = db.Sql("SELECT number FROM brokers WHERE seen_at < ?1 ORDER BY number").Bind(1, change.Now - LeftoversPruned.Abandoned);
        while (rows.Read()) gone.Add(rows.Long(0));
        foreach (var broker in gone)
        {
            if (SqlMqtt.Delete(broker, change.Limit, db)) change.HasMore = true;
            else db.Sql("DELETE FROM brokers WHERE number = ?1").Bind(1, broker).Run();
            if (change.HasMore) return;
        }
    }

    private static void ForgetWorkflows(LeftoversPruned change, SqlSession db)
    {
        if (change.HasMore) return;
        var gone = new List<string>();
        var rows = db.Sql(Forgotten).Bind(1, change.Now - LeftoversPruned.Abandoned).Bind(2, change.Limit);
        while (rows.Read()) gone.Add(rows.Text(0));
        foreach (var id in gone)
        {
            foreach (var delete in OfKeys) change.HasMore |= db.Sql(delete).Bind(1, id).Bind(2, change.Limit).TryRun();
            if (change.HasMore) return;
            foreach (var delete in OfWorkflow) db.Sql(delete).Bind(1, id).Run();
        }

        change.HasMore = gone.Count == change.Limit;
    }
}
