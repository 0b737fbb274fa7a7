using System.Text.Json;

namespace Automation.Server.Storage.Sql;

/// <summary>Users, tokens, sessions and MQTT users.</summary>
internal static class SqlAccess
{
    private const string SessionColumns = "id, hash, user_name, stamp, created_at, expires_at, used_at, address, agent";

    public static void Apply(UserStored change, SqlSession db)
    {
        var user = change.User;
        change.Refusal = change.OnlyFirst && Count(db.Sql("SELECT count(*) FROM users")) > 0 ? AccessRefusal.NotFirst
            : Count(db.Sql("SELECT count(*) FROM users WHERE name <> ?1").Bind(1, user.Name)) >= change.MaxUsers ? AccessRefusal.TooMany
            : IsAdmin(user.Name, db) && (user.Disabled || user.Role != "admin") && !HasOtherAdmin(user.Name, db) ? AccessRefusal.LastAdmin
            : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        if (user.Disabled || Password(user.Name, db) is { } before && before != user.Password) db.Sql("DELETE FROM sessions WHERE user_name = ?1").Bind(1, user.Name).Run();
        db.Sql("""
            INSERT INTO users (name, role, password, disabled, created_at, created_by, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET role = ?2, password = ?3, disabled = ?4, changed_at = ?7
            """)
            .Bind(1, user.Name).Bind(2, user.Role).Bind(3, user.Password).Bind(4, user.Disabled ? 1 : 0).Bind(5, user.CreatedAt).Bind(6, user.CreatedBy).Bind(7, user.ChangedAt).Run();
        SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(UserDeleted change, SqlSession db)
    {
        change.Refusal = Password(change.Name, db) is null ? AccessRefusal.NotFound
            : IsAdmin(change.Name, db) && !HasOtherAdmin(change.Name, db) ? AccessRefusal.LastAdmin
            : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        db.Sql("DELETE FROM sessions WHERE user_name = ?1").Bind(1, change.Name).Run();
        db.Sql("DELETE FROM users WHERE name = ?1").Bind(1, change.Name).Run();
        SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(UserSignedIn change, SqlSession db)
    {
        db.Sql("UPDATE users SET signed_in_at = ?2, password = coalesce(?3, password) WHERE name = ?1").Bind(1, change.Name).Bind(2, change.At).Bind(3, change.Password).Run();
        SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(TokenStored change, SqlSession db)
    {
        var token = change.Token;
        change.Refusal = Count(db.Sql("SELECT count(*) FROM api_tokens")) >= change.MaxTokens ? AccessRefusal.TooMany : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        db.Sql("INSERT INTO api_tokens (id, hash, name, role, names, created_at, created_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .Bind(1, token.Id).BindBlob(2, token.Hash).Bind(3, token.Name).Bind(4, token.Role).Bind(5, JsonSerializer.Serialize(token.Names)).Bind(6, token.CreatedAt).Bind(7, token.CreatedBy).Bind(8, token.ExpiresAt).Run();
        SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(TokenDeleted change, SqlSession db)
    {
        change.Deleted = db.Sql("DELETE FROM api_tokens WHERE id = ?1").Bind(1, change.Id).TryRun();
        if (change.Deleted) SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(TokenUsed change, SqlSession db) =>
        db.Sql("UPDATE api_tokens SET used_at = ?2 WHERE id = ?1 AND (used_at IS NULL OR used_at < ?2)").Bind(1, change.Id).Bind(2, change.At).Run();

    public static void Apply(SessionStored change, SqlSession db)
    {
        var s = change.Session;
        db.Sql("DELETE FROM sessions WHERE expires_at <= ?1").Bind(1, s.CreatedAt).Run();
        db.Sql("DELETE FROM sessions WHERE id IN (SELECT id FROM sessions ORDER BY used_at DESC LIMIT 1000 OFFSET ?1)").Bind(1, change.MaxSessions - 1).Run();
        db.Sql("INSERT INTO sessions (id, hash, user_name, stamp, created_at, expires_at, used_at, address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
            .Bind(1, s.Id).BindBlob(2, s.Hash).Bind(3, s.UserName).Bind(4, s.Stamp).Bind(5, s.CreatedAt).Bind(6, s.ExpiresAt).Bind(7, s.UsedAt).Bind(8, s.Address).Bind(9, s.Agent).Run();
    }

    public static void Apply(SessionRead read, SqlSession db)
    {
        read.Session = null;
        var row = db.Sql($"SELECT {SessionColumns} FROM sessions WHERE hash = ?1").BindBlob(1, read.Hash);
        while (row.Read()) read.Session = SessionOf(row);
    }

    public static void Apply(SessionsRead read, SqlSession db)
    {
        read.Sessions.Clear();
        var rows = db.Sql($"SELECT {SessionColumns} FROM sessions ORDER BY created_at DESC, id LIMIT ?1").Bind(1, read.Limit);
        while (rows.Read()) read.Sessions.Add(SessionOf(rows));
    }

    public static void Apply(SessionUsed change, SqlSession db) => db.Sql("UPDATE sessions SET used_at = ?2 WHERE id = ?1 AND used_at < ?2").Bind(1, change.Id).Bind(2, change.At).Run();

    public static void Apply(SessionsEnded change, SqlSession db)
    {
        change.Ended = 0;
        var rows = db.Sql("DELETE FROM sessions WHERE id = ?1 OR user_name = ?2 OR expires_at <= ?3 RETURNING id").Bind(1, change.Id).Bind(2, change.UserName).Bind(3, change.ExpiredBy);
        while (rows.Read()) change.Ended++;
        if (change.Ended > 0) SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(MqttUserStored change, SqlSession db)
    {
        var user = change.User;
        change.Refusal = Count(db.Sql("SELECT count(*) FROM mqtt_users WHERE name <> ?1").Bind(1, user.Name)) >= change.MaxUsers ? AccessRefusal.TooMany : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        db.Sql("""
            INSERT INTO mqtt_users (name, password, publish, subscribe, disabled, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET password = ?2, publish = ?3, subscribe = ?4, disabled = ?5, changed_at = ?6, changed_by = ?7
            """)
            .Bind(1, user.Name).Bind(2, user.Password).Bind(3, JsonSerializer.Serialize(user.Publish)).Bind(4, JsonSerializer.Serialize(user.Subscribe)).Bind(5, user.Disabled ? 1 : 0).Bind(6, user.ChangedAt).Bind(7, user.ChangedBy).Run();
        SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(MqttUserDeleted change, SqlSession db)
    {
        change.Deleted = db.Sql("DELETE FROM mqtt_users WHERE name = ?1").Bind(1, change.Name).TryRun();
        if (change.Deleted) SqlRevisions.Add(SqlRevisions.Access, db);
    }

    public static void Apply(AccessRead read, SqlSession db)
    {
        read.Users.Clear(); // a refused neighbour makes the unit apply again
        read.Tokens.Clear();
        read.MqttUsers.Clear();
        read.Revision = SqlRevisions.Read(SqlRevisions.Access, db);
        var rows = db.Sql("SELECT name, role, password, disabled, created_at, created_by, changed_at, signed_in_at FROM users");
        while (rows.Read()) read.Users.Add(new StoredUser(rows.Text(0), rows.Text(1), rows.Text(2), rows.Long(3) != 0, rows.Time(4), rows.TextOrNull(5), rows.Time(6), rows.TimeOrNull(7)));
        rows = db.Sql("SELECT id, hash, name, role, names, created_at, created_by, expires_at, used_at FROM api_tokens");
        while (rows.Read()) read.Tokens.Add(new StoredToken(rows.Text(0), rows.Bytes(1), rows.Text(2), rows.Text(3), List(rows.Bytes(4)), rows.Time(5), rows.TextOrNull(6), rows.TimeOrNull(7), rows.TimeOrNull(8)));
        rows = db.Sql("SELECT name, password, publish, subscribe, disabled, changed_at, changed_by FROM mqtt_users");
        while (rows.Read()) read.MqttUsers.Add(new StoredMqttUser(rows.Text(0), rows.Text(1), List(rows.Bytes(2)), List(rows.Bytes(3)), rows.Long(4) != 0, rows.Time(5), rows.TextOrNull(6)));
    }

    private static StoredSession SessionOf(SqlStatement row) =>
        new(row.Text(0), row.Bytes(1), row.TextOrNull(2), row.Text(3), row.Time(4), row.Time(5), row.Time(6), row.TextOrNull(7), row.TextOrNull(8));

    private static string[] List(byte[] json) => JsonSerializer.Deserialize<string[]>(json)!;

    private static bool IsAdmin(string name, SqlSession db) => Count(db.Sql("SELECT count(*) FROM users WHERE name = ?1 AND role = 'admin' AND disabled = 0").Bind(1, name)) > 0;

    private static bool HasOtherAdmin(string name, SqlSession db) => Count(db.Sql("SELECT count(*) FROM users WHERE name <> ?1 AND role = 'admin' AND disabled = 0").Bind(1, name)) > 0;

    private static string? Password(string name, SqlSession db)
    {
        var row = db.Sql("SELECT password FROM users WHERE name = ?1").Bind(1, name);
        string? password = null;
        while (row.Read()) password = row.Text(0);
        return password;
    }

    private static long Count(SqlStatement rows)
    {
        var count = 0L;
        while (rows.Read()) count = rows.Long(0);
        return count;
    }
}
