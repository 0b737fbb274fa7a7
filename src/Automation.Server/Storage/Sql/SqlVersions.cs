using System.Text.Json;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Storage.Sql;

/// <summary>Versions of workflows, and which of them is the active one.</summary>
internal static class SqlVersions
{
    public static void Apply(VersionStored change, SqlSession db)
    {
        db.Sql("INSERT INTO versions (workflow_id, hash, document, files, created_at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workflow_id, hash) DO NOTHING")
            .Bind(1, change.WorkflowId).Bind(2, change.Hash).Bind(3, change.Source.Document).BindText(4, JsonSerializer.SerializeToUtf8Bytes(change.Source.Files, JsonFormat.Wire)).Bind(5, change.At).Run();
        var (active, pin) = Active(change.WorkflowId, db);
        var isChosen = change.Cause is ActivationCause.Rollback or ActivationCause.Unpinned;
        var hasChanged = SqlFolders.Note(change, db);
        change.Pin = pin is not null && (pin.Files == change.Files?.Hash || !hasChanged) ? pin : null;
        if (change.Pin is not null && !isChosen) return;
        change.Pin = change.Cause is ActivationCause.Rollback ? new Pin(change.Hash, change.Files?.Hash ?? "", DateTimeOffset.FromUnixTimeMilliseconds(change.At.ToUnixTimeMilliseconds())) : null;
        if (active == change.Hash && pin == change.Pin) return;
        db.Sql("""
            INSERT INTO workflows (id, active_hash, changed_at, pinned_files, pinned_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (id) DO UPDATE SET active_hash = ?2, changed_at = ?3, pinned_files = ?4, pinned_at = ?5
            """)
            .Bind(1, change.WorkflowId).Bind(2, change.Hash).Bind(3, change.At).Bind(4, change.Pin?.Files).Bind(5, change.Pin?.Since).Run();
        if (active == change.Hash) return;
        db.Sql("INSERT INTO activations (id, workflow_id, hash, at, cause, files, commit_id, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .Bind(1, db.Ids.Next()).Bind(2, change.WorkflowId).Bind(3, change.Hash).Bind(4, change.At).Bind(5, change.Cause).Bind(6, change.Files?.Hash).Bind(7, change.Files?.Commit).Bind(8, change.Actor).Run();
    }

    public static void Apply(VersionCommitted change, SqlSession db) =>
        db.Sql("UPDATE activations SET commit_id = ?3 WHERE files = ?2 AND id = (SELECT max(id) FROM activations WHERE workflow_id = ?1)")
            .Bind(1, change.WorkflowId).Bind(2, change.Files).Bind(3, change.Commit).Run();

    public static void Apply(VersionRead query, SqlSession db)
    {
        var row = db.Sql("SELECT document, files FROM versions WHERE workflow_id = ?1 AND hash = coalesce(?2, (SELECT active_hash FROM workflows WHERE id = ?1))")
            .Bind(1, query.WorkflowId).Bind(2, query.Hash);
        while (row.Read())
        {
            var files = JsonSerializer.Deserialize<Dictionary<string, string>>(row.Bytes(1), JsonFormat.Wire)!;
            query.Source = new VersionSource(new Json(row.Bytes(0)), files);
        }
    }

    public static void Apply(PinsRead query, SqlSession db)
    {
        query.Pins.Clear(); // a refused neighbour makes the unit apply again
        var rows = db.Sql("SELECT id, active_hash, pinned_files, pinned_at FROM workflows WHERE pinned_at IS NOT NULL");
        while (rows.Read()) query.Pins[rows.Text(0)] = new Pin(rows.Text(1), rows.Text(2), rows.Time(3));
    }

    private static (string? Active, Pin? Pin) Active(string workflowId, SqlSession db)
    {
        var row = db.Sql("SELECT active_hash, pinned_files, pinned_at FROM workflows WHERE id = ?1").Bind(1, workflowId);
        if (!row.Read()) return (null, null);
        var active = row.TextOrNull(0);
        var pin = row.IsNull(2) ? null : new Pin(active!, row.Text(1), row.Time(2));
        row.Reset();
        return (active, pin);
    }
}
