using Automation.Server.Storage.Sql;

namespace Automation.Server.Storage.Postgres;

/// <summary>The servers of a database: who lives, and what becomes of what the dead held. (ADR 17)</summary>
/// <remarks>All times are the database's: clocks of servers may differ.</remarks>
internal static class PostgresServers
{
    /// <summary>All transactions that change something take it first, and hold it until they are committed.</summary>
    public const string Lock = "SELECT pg_advisory_xact_lock(7023195107)";

    /// <summary>The channel on which servers are told that something is left for them.</summary>
    public const string Channel = "automation";

    public const string
        Fence = "SELECT 1 FROM servers WHERE id = ?1",
        Notify = "SELECT pg_notify('automation', '')",
        // The lock that its connection may hold is free then. Whoever lives connects again.
        CutOff = """
            SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN servers s ON a.application_name = 'automation server ' || s.id
            WHERE a.datname = current_database() AND s.lease_until < (extract(epoch FROM clock_timestamp()) * 1000)::bigint
            """,
        Name = "SELECT set_config('application_name', 'automation server ' || ?1, false)";

    private const string
        Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
        Before = "SELECT id, name FROM servers WHERE instance = ?1 AND name = ?2",
        Over = $"SELECT id, name FROM servers WHERE lease_until < {Now}",
        Namesake = "SELECT 1 FROM servers WHERE name = ?1",
        Insert = $"INSERT INTO servers (started_at, name, instance, lease_until) VALUES (?1, ?2, ?3, {Now} + ?4) RETURNING id",
        Clash = "SELECT 1 FROM servers WHERE id % 1024 = ?1 % 1024 AND id <> ?1",
        Renew = $"UPDATE servers SET lease_until = {Now} + ?2 WHERE id = ?1",
        Broker = $"INSERT INTO brokers (name, number, seen_at) SELECT ?1, coalesce(max(number) + 1, 0), {Now} FROM brokers ON CONFLICT (name) DO UPDATE SET seen_at = {Now} RETURNING number",
        Take = "INSERT INTO held_duties (name, owner) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET owner = held_duties.owner RETURNING owner";

    private static readonly string[] Releases =
    [
        "UPDATE runs SET owner = NULL WHERE owner = ?1 AND ended_at IS NULL AND state <> 'waiting' AND blocked = 0",
        "UPDATE deliveries SET owner = NULL WHERE owner = ?1 AND next_attempt_at IS NOT NULL",
        "DELETE FROM held_duties WHERE owner = ?1",
        "DELETE FROM servers WHERE id = ?1",
    ];

    /// <summary>Becomes one of the servers, in a transaction of its own. What it held before, also as an earlier process on the same data folder and by the same name, is free at once.</summary>
    /// <param name="me">Who it is.</param>
    /// <param name="mine">What this process has been before. When it was something, others with its data folder and name are no predecessors: they run on a copy of it.</param>
    /// <param name="now">The time.</param>
    /// <param name="db">Within a transaction.</param>
    /// <returns>The number of its broker.</returns>
    /// <exception cref="JournalException">Another live server has the name.</exception>
    public static long Register(ServerIdentity me, IReadOnlySet<long> mine, DateTimeOffset now, SqlSession db)
    {
        foreach (var (id, _) in Read(db.Sql(Before).Bind(1, me.Instance).Bind(2, me.Name)))
        {
            if (mine.Count == 0 || mine.Contains(id)) Release(id, db);
        }

        foreach (var (id, _) in Read(db.Sql(Over))) Release(id, db);
        if (Number(db.Sql(Namesake).Bind(1, me.Name)) is not null)
        {
            throw new JournalException($"A server named \"{me.Name}\" uses this database already, or has died less than {me.Lease.TotalSeconds:0} seconds ago. Give each server a name of its own with Server:Name, and a data folder of its own that is no copy; or start again then.");
        }

        do db.Server = Number(db.Sql(Insert).Bind(1, now).Bind(2, me.Name).Bind(3, me.Instance).Bind(4, (long)me.Lease.TotalMilliseconds))!.Value;
        while (Number(db.Sql(Clash).Bind(1, db.Server)) is not null && TryRelease(db)); // its number goes into ids
        db.Sql(Notify).RunThen(static _ => { });
        return Number(db.Sql(Broker).Bind(1, me.Name))!.Value;
    }

    public static void Look(ServersLooked change, ServerIdentity me, SqlSession db)
    {
        change.IsShared = true;
        change.Dead.Clear(); // a refused neighbour makes the unit apply again
        change.Cancelled.Clear();
        change.Disabled.Clear();
        change.Held.Clear();
        db.Sql(Renew).Bind(1, db.Server).Bind(2, (long)me.Lease.TotalMilliseconds).Run();
        foreach (var (id, name) in Read(db.Sql(Over)))
        {
            Release(id, db);
            change.Dead.Add(name);
        }

        if (change.Dead.Count > 0) db.Sql(Notify).RunThen(static _ => { });
        foreach (var duty in change.Duties)
        {
            if (Number(db.Sql(Take).Bind(1, duty).Bind(2, db.Server)) == db.Server) change.Held.Add(duty);
        }

        var counts = db.Sql("""
            SELECT (SELECT count(*) FROM servers),
              (SELECT count(*) FROM runs WHERE ended_at IS NULL AND state <> 'waiting' AND blocked = 0) + (SELECT count(*) FROM runs WHERE key IS NOT NULL AND ended_at IS NULL AND blocked = 1),
              (SELECT count(*) FROM runs WHERE owner IS NULL AND ended_at IS NULL AND state <> 'waiting' AND blocked = 0)
            """);
        counts.Read();
        (change.Servers, change.OpenRuns, change.Claimable) = (counts.Long(0), counts.Long(1), counts.Long(2));
        counts.Reset();
        var cancelled = db.Sql("SELECT id FROM runs WHERE owner = ?1 AND cancel_at IS NOT NULL AND ended_at IS NULL").Bind(1, db.Server);
        while (cancelled.Read()) change.Cancelled.Add(cancelled.Long(0));
        var disabled = db.Sql("SELECT id FROM workflows WHERE enabled = 0");
        while (disabled.Read()) change.Disabled.Add(disabled.Text(0));
        SqlRevisions.Read(change.Revisions, db);
    }

    public static bool IsFirst(SqlSession db) => Number(db.Sql("SELECT min(id) FROM servers")) == db.Server;

    /// <summary>Frees what a server holds, and fences it off.</summary>
    public static void Release(long id, SqlSession db)
    {
        foreach (var release in Releases) db.Sql(release).Bind(1, id).Run();
    }

    private static bool TryRelease(SqlSession db)
    {
        Release(db.Server, db);
        return true;
    }

    private static List<(long Id, string Name)> Read(SqlStatement rows)
    {
        var all = new List<(long Id, string Name)>();
        while (rows.Read()) all.Add((rows.Long(0), rows.Text(1)));
        return all;
    }

    private static long? Number(SqlStatement rows)
    {
        long? number = rows.Read() ? rows.Long(0) : null;
        rows.Reset();
        return number;
    }
}
