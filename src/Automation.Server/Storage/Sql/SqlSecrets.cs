using Automation.Server.Secrets;

namespace Automation.Server.Storage.Sql;

/// <summary>Sealed secrets, and which keys they are sealed with.</summary>
internal static class SqlSecrets
{
    public static void Apply(SecretStored change, SqlSession db)
    {
        var secret = change.Secret;
        change.IsRefused = change.Before is { } before ? !Nonce(secret.Name, db).AsSpan().SequenceEqual(before) : Others(secret.Name, db) >= change.MaxSecrets;
        if (change.IsRefused) return;
        db.Sql("""
            INSERT INTO secrets (name, key_id, nonce, sealed, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (name) DO UPDATE SET key_id = ?2, nonce = ?3, sealed = ?4, changed_at = ?5, changed_by = ?6
            """)
            .Bind(1, secret.Name).Bind(2, secret.KeyId).BindBlob(3, secret.Nonce).BindBlob(4, secret.Sealed).Bind(5, secret.ChangedAt).Bind(6, secret.ChangedBy).Run();
        SqlRevisions.Add(SqlRevisions.Secrets, db);
    }

    public static void Apply(SecretDeleted change, SqlSession db)
    {
        change.Deleted = db.Sql("DELETE FROM secrets WHERE name = ?1").Bind(1, change.Name).TryRun();
        if (change.Deleted) SqlRevisions.Add(SqlRevisions.Secrets, db);
    }

    public static void Apply(SecretsRead read, SqlSession db)
    {
        read.Changed.Clear(); // a refused neighbour makes the unit apply again
        read.Names.Clear();
        read.Revision = SqlRevisions.Read(SqlRevisions.Secrets, db);
        var changed = new List<string>();
        var rows = db.Sql("SELECT name, nonce FROM secrets");
        while (rows.Read())
        {
            var name = rows.Text(0);
            read.Names.Add(name);
            if (!read.Known.TryGetValue(name, out var known) || !rows.Bytes(1).AsSpan().SequenceEqual(known)) changed.Add(name);
        }

        foreach (var name in changed)
        {
            var row = db.Sql("SELECT key_id, nonce, sealed, changed_at, changed_by FROM secrets WHERE name = ?1").Bind(1, name);
            while (row.Read()) read.Changed.Add(new SealedSecret(name, row.Text(0), row.Bytes(1), row.Bytes(2), row.Time(3), row.TextOrNull(4)));
        }
    }

    public static void Apply(SecretKeyNoted change, SqlSession db)
    {
        Read(change.Ids, db);
        if (change.KeyId is null || change.Ids.Contains(change.KeyId) || (change.OnlyFirst && change.Ids.Count > 0)) return;
        db.Sql("INSERT INTO secret_keys (id, created_at) VALUES (?1, ?2)").Bind(1, change.KeyId).Bind(2, change.At).Run();
        change.Ids.Add(change.KeyId);
    }

    public static void Apply(PlainKeysRead read, SqlSession db)
    {
        Read(read.Callbacks, db.Sql("SELECT secret FROM callback_keys ORDER BY id DESC"));
        Read(read.Endpoints, db.Sql("SELECT secret FROM endpoint_keys ORDER BY id DESC"));
    }

    public static void Apply(PlainKeysErased change, SqlSession db)
    {
        var written = new byte[32];
        if (change.Name == ServerKeys.Callbacks)
        {
            db.Sql("UPDATE callback_keys SET secret = ?1").BindBlob(1, written).Run();
            db.Sql("DELETE FROM callback_keys").Run();
        }
        else
        {
            db.Sql("UPDATE endpoint_keys SET secret = ?1").BindBlob(1, written).Run();
            db.Sql("DELETE FROM endpoint_keys").Run();
        }
    }

    private static void Read(List<byte[]> keys, SqlStatement rows)
    {
        keys.Clear();
        while (rows.Read()) keys.Add(rows.Bytes(0));
    }

    private static void Read(List<string> ids, SqlSession db)
    {
        ids.Clear();
        var rows = db.Sql("SELECT id FROM secret_keys ORDER BY created_at, id");
        while (rows.Read()) ids.Add(rows.Text(0));
    }

    private static byte[] Nonce(string name, SqlSession db)
    {
        var row = db.Sql("SELECT nonce FROM secrets WHERE name = ?1").Bind(1, name);
        byte[] nonce = [];
        while (row.Read()) nonce = row.Bytes(0);
        return nonce;
    }

    private static long Others(string name, SqlSession db)
    {
        var row = db.Sql("SELECT count(*) FROM secrets WHERE name <> ?1").Bind(1, name);
        var count = 0L;
        while (row.Read()) count = row.Long(0);
        return count;
    }
}
