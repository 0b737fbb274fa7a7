using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Runs that are to go on in another version.</summary>
internal static class SqlMoves
{
    public static void Apply(MovableRunRead query, SqlSession db)
    {
        query.State = null;
        var row = db.Sql("SELECT r.state, r.version, r.trigger_id, r.key, r.snapshot, r.moves, e.trigger_type FROM runs r JOIN events e ON e.id = r.event_id WHERE r.id = ?1 AND r.workflow_id = ?2")
            .Bind(1, query.RunId).Bind(2, query.WorkflowId);
        if (!row.Read()) return;
        query.State = row.Text(0);
        query.Version = row.Text(1);
        query.TriggerId = row.Text(2);
        query.Key = row.TextOrNull(3);
        query.Snapshot = row.IsNull(4) ? null : new Json(row.Bytes(4));
        query.Moves = row.IsNull(5) ? null : new Json(row.Bytes(5));
        query.EventTrigger = row.Text(6);
        row.Reset();
    }

    public static void Apply(RunMoved change, SqlSession db) => Move(change, "waiting", db);

    public static void Move(RunMoved change, string state, SqlSession db) =>
        change.Moved = db.Sql("UPDATE runs SET version = ?3, moves = ?5 WHERE id = ?1 AND state = ?6 AND version = ?2 AND coalesce(snapshot, ?7) = ?4 AND EXISTS (SELECT 1 FROM versions v WHERE v.workflow_id = runs.workflow_id AND v.hash = ?3)")
            .Bind(1, change.RunId).Bind(2, change.From).Bind(3, change.To).Bind(4, change.Snapshot ?? Json.Null).Bind(5, change.Moves).Bind(6, state).Bind(7, Json.Null).TryRun();
}
