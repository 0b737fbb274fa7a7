using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Events on their way to triggers and endpoints.</summary>
internal static class SqlEmissions
{
    private const string
        Columns = "id, emit_id, type, key, data, source, depth, run_id, workflow_id, step_id, created_at, after",
        Unheard = $"SELECT {Columns} FROM emissions WHERE heard_at IS NULL ORDER BY id LIMIT ?1",
        ToFanOut = $"SELECT {Columns} FROM emissions WHERE fanned_out_at IS NULL ORDER BY id LIMIT ?1";

    public static void Apply(EventEmitted c, SqlSession db)
    {
        var e = c.Emission;
        if (e.EmitId is not null && First(db.Sql("SELECT id FROM emissions WHERE type = ?1 AND emit_id = ?2").Bind(1, e.Type).Bind(2, e.EmitId)) is { } earlier)
        {
            c.StoredId = earlier;
            return;
        }

        db.Sql("INSERT INTO emissions (id, emit_id, type, key, data, source, depth, run_id, workflow_id, step_id, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
            .Bind(1, e.Id).Bind(2, e.EmitId).Bind(3, e.Type).Bind(4, e.Key).Bind(5, e.Data).Bind(6, e.Source).Bind(7, e.Depth).Bind(8, e.RunId).Bind(9, e.WorkflowId).Bind(10, e.StepId).Bind(11, e.CreatedAt).Run();
        c.StoredId = e.Id;
        db.Notify();
    }

    public static void Apply(EmissionFannedOut c, SqlSession db) =>
        db.Sql("""
            UPDATE emissions SET after = ?3, deliveries = deliveries + ?4, error = coalesce(error, ?6), fanned_out_at = CASE WHEN ?5 = 1 THEN ?7 END, ended_at = CASE WHEN ?5 = 1 AND heard_at IS NOT NULL THEN ?7 END
            WHERE id = ?1 AND fanned_out_at IS NULL AND coalesce(after, '-') = coalesce(?2, '-')
            """)
            .Bind(1, c.Id).Bind(2, c.From).Bind(3, c.To).Bind(4, c.Deliveries).Bind(5, c.IsLast ? 1 : 0).Bind(6, c.Error).Bind(7, c.At).RunOrSupersede("Another server was faster with these endpoints.");

    public static void Apply(EmissionHeard c, SqlSession db) =>
        db.Sql("UPDATE emissions SET heard_at = ?2, error = coalesce(error, ?3), ended_at = CASE WHEN fanned_out_at IS NOT NULL THEN ?2 END WHERE id = ?1 AND heard_at IS NULL")
            .Bind(1, c.Id).Bind(2, c.At).Bind(3, c.Error).RunOrSupersede("Another server was faster with this event.");

    public static void Apply(EmissionsOpen c, SqlSession db)
    {
        c.Emissions.Clear();
        var bytes = 0L;
        var row = db.Sql(c.Unheard ? Unheard : ToFanOut).Bind(1, c.Limit);
        while (bytes < c.Bytes && row.Read())
        {
            c.Emissions.Add(new Emission(row.Long(0), row.TextOrNull(1), row.Text(2), row.TextOrNull(3), new Json(row.Bytes(4)), row.Text(5), (int)row.Long(6), row.Long(7), row.Text(8), row.Text(9), row.Time(10)) { After = row.TextOrNull(11) });
            bytes += c.Emissions[^1].Data.Utf8.Length;
        }

        row.Reset();
    }

    public static void Apply(EmissionsPruned c, SqlSession db)
    {
        c.Deleted = 0;
        var old = new List<long>();
        var rows = db.Sql("SELECT e.id FROM emissions e WHERE e.id < ?1 AND e.ended_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.emission_id = e.id AND d.next_attempt_at IS NOT NULL) ORDER BY e.id LIMIT ?2").Bind(1, c.Before).Bind(2, c.Limit);
        while (rows.Read()) old.Add(rows.Long(0));
        foreach (var id in old)
        {
            db.Sql("DELETE FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE emission_id = ?1)").Bind(1, id).Run();
            db.Sql("DELETE FROM deliveries WHERE emission_id = ?1").Bind(1, id).Run();
            db.Sql("DELETE FROM emissions WHERE id = ?1").Bind(1, id).Run();
            c.Deleted++;
        }
    }

    private static long? First(SqlStatement rows)
    {
        long? first = rows.Read() ? rows.Long(0) : null;
        rows.Reset();
        return first;
    }
}
