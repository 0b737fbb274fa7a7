using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Storage.Sql;

/// <summary>Endpoints and event types as the folders of the servers have them (ADR 26): an own change is stored, what is in no folder goes.</summary>
internal static class SqlEndpointFiles
{
    private const string Endpoint = "endpoint", EventType = "eventType";

    public static void Apply(EndpointFolderLooked c, SqlSession db)
    {
        c.Changed.Clear(); // a refused neighbour makes the unit apply again
        var before = Before(Endpoint, db);
        foreach (var file in c.Endpoints)
        {
            if (file.Config is not { } config || !Note(Endpoint, file.Id, Hash(config.Utf8.Span), before, db)) continue;
            SqlEndpoints.Apply(new EndpointStored(file.Id, config, file.Patterns, FromFile: true, c.At), db);
            c.Changed.Add(file.Id);
        }

        foreach (var gone in Gone(Endpoint, before.Keys.Except(c.Endpoints.Select(e => e.Id)), db))
        {
            SqlEndpoints.Apply(new EndpointDeleted(gone, FromFile: true, c.At), db);
            c.Changed.Add(gone);
        }

        if (c.Types is not { } types) return;
        before = Before(EventType, db);
        foreach (var type in types)
        {
            if (Note(EventType, type.Name, Hash(Encoding.UTF8.GetBytes($"{type.Description}\n{type.Example}")), before, db)) SqlEndpoints.Apply(new EventTypeStored(type.Name, type.Description, type.Example, FromFile: true, c.At), db);
        }

        foreach (var gone in Gone(EventType, before.Keys.Except(types.Select(t => t.Name)), db)) SqlEndpoints.Apply(new EventTypeDeleted(gone, FromFile: true), db);
    }

    /// <summary>What only servers had that are away since before a time, and do not come back.</summary>
    public static void Forget(DateTimeOffset before, DateTimeOffset now, SqlSession db)
    {
        db.Sql("DELETE FROM folder_endpoints WHERE broker IN (SELECT number FROM brokers WHERE seen_at < ?1)").Bind(1, before).Run();
        foreach (var id in Names(db.Sql("SELECT id FROM endpoints e WHERE from_file = 1 AND NOT EXISTS (SELECT 1 FROM folder_endpoints f WHERE f.kind = 'endpoint' AND f.name = e.id)"))) SqlEndpoints.Apply(new EndpointDeleted(id, FromFile: true, now), db);
        foreach (var name in Names(db.Sql("SELECT name FROM event_types t WHERE from_file = 1 AND NOT EXISTS (SELECT 1 FROM folder_endpoints f WHERE f.kind = 'eventType' AND f.name = t.name)"))) SqlEndpoints.Apply(new EventTypeDeleted(name, FromFile: true), db);
    }

    private static Dictionary<string, string> Before(string kind, SqlSession db)
    {
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        var rows = db.Sql("SELECT name, hash FROM folder_endpoints WHERE broker = ?1 AND kind = ?2").Bind(1, db.Broker).Bind(2, kind);
        while (rows.Read()) before[rows.Text(0)] = rows.Text(1);
        return before;
    }

    /// <summary>False when the file says what it said at this server's last look: what another has stored since is newer.</summary>
    private static bool Note(string kind, string name, string hash, Dictionary<string, string> before, SqlSession db)
    {
        if (before.TryGetValue(name, out var known) && known == hash) return false;
        db.Sql("INSERT INTO folder_endpoints (broker, kind, name, hash) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, name, broker) DO UPDATE SET hash = ?4").Bind(1, db.Broker).Bind(2, kind).Bind(3, name).Bind(4, hash).Run();
        return true;
    }

    /// <summary>Those that no other server's folder has either.</summary>
    private static List<string> Gone(string kind, IEnumerable<string> names, SqlSession db)
    {
        var gone = new List<string>();
        foreach (var name in names.ToList())
        {
            db.Sql("DELETE FROM folder_endpoints WHERE broker = ?1 AND kind = ?2 AND name = ?3").Bind(1, db.Broker).Bind(2, kind).Bind(3, name).Run();
            var other = db.Sql("SELECT 1 FROM folder_endpoints WHERE kind = ?1 AND name = ?2 LIMIT 1").Bind(1, kind).Bind(2, name);
            if (!other.Read()) gone.Add(name);
            else other.Reset();
        }

        return gone;
    }

    private static List<string> Names(SqlStatement rows)
    {
        var names = new List<string>();
        while (rows.Read()) names.Add(rows.Text(0));
        return names;
    }

    private static string Hash(ReadOnlySpan<byte> text) => Convert.ToHexStringLower(SHA256.HashData(text));
}
