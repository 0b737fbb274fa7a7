using System.Text.Json;

namespace Automation.Server.Storage.Sql;

/// <summary>Users, tokens, sessions and MQTT users.</summary>
internal static class SqlAccess
{
    private const string SessionColumns = "id, hash, user_name, stamp, created_at, expires_at, used_at, address, agent";
    private const string UserColumns = "name, role, password, disabled, created_at, created_by, changed_at, signed_in_at";
    private const string MqttUserColumns = "name, password, publish, subscribe, disabled, changed_at, changed_by";

    public static void Apply(UserSet change, SqlSession db)
    {
        WaitForOthers(db);
        var before = change.Before = User(change.Name, db);
        change.After = (change.Role ?? before?.Role, change.Password ?? before?.Password) is ({ } role, { } password)
            ? new StoredUser(change.Name, role, password, change.Disabled ?? before?.Disabled ?? false, before?.CreatedAt ?? change.At, before?.CreatedBy ?? change.By, change.At, before?.SignedInAt)
            : null;
        change.Refusal = change.OnlyFirst && Count(db.Sql("SELECT count(*) FROM users")) > 0 ? AccessRefusal.NotFirst
            : change.After is null ? AccessRefusal.Incomplete
            : Count(db.Sql("SELECT count(*) FROM users WHERE name <> ?1").Bind(1, change.Name)) >= change.MaxUsers ? AccessRefusal.TooMany
            : IsAdmin(before) && !IsAdmin(change.After) && !HasOtherAdmin(change.Name, db) ? AccessRefusal.LastAdmin
            : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None || change.After is not { } user) return;
        db.Sql("""
            INSERT INTO users (name, role, password, disabled, created_at, created_by, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET role = ?2, password = ?3, disabled = ?4, changed_at = ?7
            """)
            .Bind(1, user.Name).Bind(2, user.Role).Bind(3, user.Password).Bind(4, user.Disabled ? 1 : 0).Bind(5, user.CreatedAt).Bind(6, user.CreatedBy).Bind(7, user.ChangedAt).Run();
        if (user.Disabled || (before is not null && before.Password != user.Password)) EndSessions(user.Name, db);
    }

    public static void Apply(PasswordChanged change, SqlSession db)
    {
        WaitForOthers(db);
        change.Changed = db.Sql("UPDATE users SET password = ?3, changed_at = ?4 WHERE name = ?1 AND password = ?2 AND disabled = 0")
            .Bind(1, change.Name).Bind(2, change.Checked).Bind(3, change.Password).Bind(4, change.At).TryRun();
        if (change.Changed) EndSessions(change.Name, db);
    }

    public static void Apply(UserDeleted change, SqlSession db)
    {
        WaitForOthers(db);
        var user = User(change.Name, db);
        change.Refusal = user is null ? AccessRefusal.NotFound : IsAdmin(user) && !HasOtherAdmin(change.Name, db) ? AccessRefusal.LastAdmin : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        db.Sql("DELETE FROM users WHERE name = ?1").Bind(1, change.Name).Run();
        EndSessions(change.Name, db);
    }

    public static void Apply(TokenStored change, SqlSession db)
    {
        WaitForOthers(db);
        var token = change.Token;
        change.Refusal = Count(db.Sql("SELECT count(*) FROM api_tokens WHERE name = ?1").Bind(1, token.Name)) > 0 ? AccessRefusal.Taken
            : Count(db.Sql("SELECT count(*) FROM api_tokens")) >= change.MaxTokens ? AccessRefusal.TooMany
            : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None) return;
        db.Sql("INSERT INTO api_tokens (id, hash, name, role, names, created_at, created_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .Bind(1, token.Id).BindBlob(2, token.Hash).Bind(3, token.Name).Bind(4, token.Role).Bind(5, JsonSerializer.Serialize(token.Names)).Bind(6, token.CreatedAt).Bind(7, token.CreatedBy).Bind(8, token.ExpiresAt).Run();
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
        if (s.UserName is not null) WaitForOthers(db);
        change.Stored = s.UserName is null || db.Sql("UPDATE users SET signed_in_at = ?3, password = coalesce(?4, password) WHERE name = ?1 AND password = ?2 AND disabled = 0")
            .Bind(1, s.UserName).Bind(2, change.Checked).Bind(3, s.CreatedAt).Bind(4, change.Newer).TryRun();
        if (!change.Stored) return;
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

    public static void Apply(MqttUserSet change, SqlSession db)
    {
        WaitForOthers(db);
        var before = change.Before = MqttUser(change.Name, db);
        change.After = (change.Password ?? before?.Password) is { } password
            ? new StoredMqttUser(change.Name, password, change.Publish ?? before?.Publish ?? [], change.Subscribe ?? before?.Subscribe ?? [], change.Disabled ?? before?.Disabled ?? false, change.At, change.By)
            : null;
        change.Refusal = change.After is null ? AccessRefusal.Incomplete
            : Count(db.Sql("SELECT count(*) FROM mqtt_users WHERE name <> ?1").Bind(1, change.Name)) >= change.MaxUsers ? AccessRefusal.TooMany
            : AccessRefusal.None;
        if (change.Refusal is not AccessRefusal.None || change.After is not { } user) return;
        db.Sql("""
            INSERT INTO mqtt_users (name, password, publish, subscribe, disabled, changed_at, changed_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (name) DO UPDATE SET password = ?2, publish = ?3, subscribe = ?4, disabled = ?5, changed_at = ?6, changed_by = ?7
            """)
            .Bind(1, user.Name).Bind(2, user.Password).Bind(3, JsonSerializer.Serialize(user.Publish)).Bind(4, JsonSerializer.Serialize(user.Subscribe)).Bind(5, user.Disabled ? 1 : 0).Bind(6, user.ChangedAt).Bind(7, user.ChangedBy).Run();
    }

    public static void Apply(MqttUserDeleted change, SqlSession db)
    {
        WaitForOthers(db);
        change.Deleted = db.Sql("DELETE FROM mqtt_users WHERE name = ?1").Bind(1, change.Name).TryRun();
    }

    public static void Apply(AccessRead read, SqlSession db)
    {
        read.Users.Clear(); // a refused neighbour makes the unit apply again
        read.Tokens.Clear();
        read.MqttUsers.Clear();
        read.Revision = SqlRevisions.Read(SqlRevisions.Access, db);
        var rows = db.Sql($"SELECT {UserColumns} FROM users");
        while (rows.Read()) read.Users.Add(UserOf(rows));
        rows = db.Sql("SELECT id, hash, name, role, names, created_at, created_by, expires_at, used_at FROM api_tokens");
        while (rows.Read()) read.Tokens.Add(new StoredToken(rows.Text(0), rows.Bytes(1), rows.Text(2), rows.Text(3), List(rows.Bytes(4)), rows.Time(5), rows.TextOrNull(6), rows.TimeOrNull(7), rows.TimeOrNull(8)));
        rows = db.Sql($"SELECT {MqttUserColumns} FROM mqtt_users");
        while (rows.Read()) read.MqttUsers.Add(MqttUserOf(rows));
    }

    private static StoredSession SessionOf(SqlStatement row) =>
        new(row.Text(0), row.Bytes(1), row.TextOrNull(2), row.Text(3), row.Time(4), row.Time(5), row.Time(6), row.TextOrNull(7), row.TextOrNull(8));

    private static string[] List(byte[] json) => JsonSerializer.Deserialize<string[]>(json)!;

    private static StoredUser UserOf(SqlStatement row) =>
        new(row.Text(0), row.Text(1), row.Text(2), row.Long(3) != 0, row.Time(4), row.TextOrNull(5), row.Time(6), row.TimeOrNull(7));

    private static StoredMqttUser MqttUserOf(SqlStatement row) =>
        new(row.Text(0), row.Text(1), List(row.Bytes(2)), List(row.Bytes(3)), row.Long(4) != 0, row.Time(5), row.TextOrNull(6));

    /// <summary>The change is in the revision, whose row is taken until the commit: whoever changes users of the same database waits here, and then reads what was committed.</summary>
    private static void WaitForOthers(SqlSession db) => SqlRevisions.Add(SqlRevisions.Access, db);

    private static void EndSessions(string user, SqlSession db) => db.Sql("DELETE FROM sessions WHERE user_name = ?1").Bind(1, user).Run();

    private static bool IsAdmin(StoredUser? user) => user is { Role: "admin", Disabled: false };

    private static bool HasOtherAdmin(string name, SqlSession db) => Count(db.Sql("SELECT count(*) FROM users WHERE name <> ?1 AND role = 'admin' AND disabled = 0").Bind(1, name)) > 0;

    private static StoredUser? User(string name, SqlSession db)
    {
        var row = db.Sql($"SELECT {UserColumns} FROM users WHERE name = ?1").Bind(1, name);
        StoredUser? user = null;
        while (row.Read()) user = UserOf(row);
        return user;
    }

    private static StoredMqttUser? MqttUser(string name, SqlSession db)
    {
        var row = db.Sql($"SELECT {MqttUserColumns} FROM mqtt_users WHERE name = ?1").Bind(1, name);
        StoredMqttUser? user = null;
        while (row.Read()) user = MqttUserOf(row);
        return user;
    }

    private static long Count(SqlStatement rows)
    {
        var count = 0L;
        while (rows.Read()) count = rows.Long(0);
        return count;
    }
}
