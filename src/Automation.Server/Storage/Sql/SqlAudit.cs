using System.Globalization;

namespace Automation.Server.Storage.Sql;

/// <summary>The audit log: rows are added, each with a hash that holds those before it.</summary>
internal static class SqlAudit
{
    public static void Apply(AuditNoted change, SqlSession db) => Add(change.Entry, db);

    public static void Apply(AuditPruned change, SqlSession db)
    {
        change.Deleted = 0; // a refused neighbour makes the unit apply again
        long last = 0;
        byte[] hash = [];
        var rows = db.Sql("SELECT id, at, hash FROM audit ORDER BY id LIMIT ?1").Bind(1, change.Limit);
        while (rows.Read())
        {
            if (rows.Time(1) >= change.Before) continue;
            (last, hash) = (rows.Long(0), rows.Bytes(2));
            change.Deleted++;
        }

        if (change.Deleted == 0) return;
        db.Sql("UPDATE audit_start SET id = ?1, hash = ?2").Bind(1, last).BindBlob(2, hash).Run();
        db.Sql("DELETE FROM audit WHERE id <= ?1").Bind(1, last).Run();
        Add(new AuditEntry(change.Now, "retention", null, "auditPruned", "", 200, string.Create(CultureInfo.InvariantCulture, $$"""{"deleted":{{change.Deleted}},"last":{{last}}}""")), db);
    }

    private static void Add(AuditEntry entry, SqlSession db)
    {
        var (id, before) = Last(db);
        entry = entry with { At = DateTimeOffset.FromUnixTimeMilliseconds(entry.At.ToUnixTimeMilliseconds()) };
        db.Sql("INSERT INTO audit (id, at, actor, address, action, target, status, detail, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .Bind(1, id + 1).Bind(2, entry.At).Bind(3, entry.Actor).Bind(4, entry.Address).Bind(5, entry.Action).Bind(6, entry.Target).Bind(7, entry.Status).Bind(8, entry.Detail)
            .BindBlob(9, entry.HashAfter(id + 1, before)).Run();
    }

    private static (long Id, byte[] Hash) Last(SqlSession db)
    {
        var last = (Id: 0L, Hash: Array.Empty<byte>());
        var rows = db.Sql("SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1");
        while (rows.Read()) last = (rows.Long(0), rows.Bytes(1));
        if (last.Id > 0) return last;
        rows = db.Sql("SELECT id, hash FROM audit_start");
        while (rows.Read()) last = (rows.Long(0), rows.Bytes(1));
        return last;
    }
}
