namespace Automation.Server.Storage.Sql;

/// <summary>What the workflow folder of each server had at its last look: while folders differ, what one does not have is another's.</summary>
internal static class SqlFolders
{
    public static void Apply(FolderLooked change, SqlSession db)
    {
        var before = new HashSet<string>(StringComparer.Ordinal);
        var rows = db.Sql("SELECT workflow_id FROM folder_workflows WHERE broker = ?1").Bind(1, db.Broker);
        while (rows.Read()) before.Add(rows.Text(0));
        foreach (var gone in before.Except(change.Workflows)) db.Sql("DELETE FROM folder_workflows WHERE workflow_id = ?1 AND broker = ?2").Bind(1, gone).Bind(2, db.Broker).Run();
        foreach (var added in change.Workflows.Except(before)) db.Sql("INSERT INTO folder_workflows (workflow_id, broker) VALUES (?1, ?2)").Bind(1, added).Bind(2, db.Broker).Run();
    }

    public static void Apply(ElsewhereRead query, SqlSession db)
    {
        var row = db.Sql("SELECT 1 FROM folder_workflows f JOIN workflows w ON w.id = f.workflow_id WHERE f.workflow_id = ?1 AND f.broker <> ?2 AND w.enabled = 1 LIMIT 1").Bind(1, query.WorkflowId).Bind(2, db.Broker);
        query.IsOn = row.Read();
        row.Reset();
    }

    /// <summary>Notes the state of a workflow's files. False when they are as they were at this server's last look.</summary>
    public static bool Note(VersionStored change, SqlSession db)
    {
        var row = db.Sql("SELECT files FROM folder_workflows WHERE workflow_id = ?1 AND broker = ?2").Bind(1, change.WorkflowId).Bind(2, db.Broker);
        var before = row.Read() ? row.TextOrNull(0) : null;
        row.Reset();
        var isFile = change.Cause is Workflows.ActivationCause.Start or Workflows.ActivationCause.File; // what else is stored is not what the files make
        db.Sql("""
            INSERT INTO folder_workflows (workflow_id, broker, files, hash) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (workflow_id, broker) DO UPDATE SET files = ?3, hash = coalesce(?4, folder_workflows.hash)
            """).Bind(1, change.WorkflowId).Bind(2, db.Broker).Bind(3, change.Files?.Hash).Bind(4, isFile ? change.Hash : null).Run();
        return before is null || before != change.Files?.Hash;
    }
}
