using Automation.Server.Deliveries;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Endpoints, what they subscribe to, and whether they may be called. What waits for one that is paused or disabled is due never.</summary>
internal static class SqlEndpoints
{
    private const string Columns = "id, config, from_file, state, reason, generation, previous_until, created_at";

    public static void Apply(EndpointStored c, SqlSession db)
    {
        c.IsStored = false;
        var before = Read(c.Id, db);
        if (before is null ? c.IsNew is false : c.IsNew is true || (before.FromFile && !c.FromFile)) return;
        db.Sql("""
            INSERT INTO endpoints (id, config, from_file, state, generation, created_at, changed_at) VALUES (?1, ?2, ?3, 'active', 1, ?4, ?4)
            ON CONFLICT (id) DO UPDATE SET config = ?2, from_file = ?3, changed_at = ?4, failing_since = NULL
            """).Bind(1, c.Id).Bind(2, c.Config).Bind(3, c.FromFile ? 1 : 0).Bind(4, c.At).Run();
        db.Sql("DELETE FROM subscriptions WHERE endpoint_id = ?1").Bind(1, c.Id).Run();
        foreach (var pattern in c.Patterns) db.Sql("INSERT INTO subscriptions (endpoint_id, pattern) VALUES (?1, ?2) ON CONFLICT (endpoint_id, pattern) DO NOTHING").Bind(1, c.Id).Bind(2, pattern).Run();
        c.IsStored = true;
    }

    public static void Apply(EndpointDeleted c, SqlSession db)
    {
        c.IsDeleted = Read(c.Id, db) is { } found && found.FromFile == c.FromFile;
        if (!c.IsDeleted) return;
        db.Sql("DELETE FROM subscriptions WHERE endpoint_id = ?1").Bind(1, c.Id).Run();
        db.Sql("DELETE FROM endpoints WHERE id = ?1").Bind(1, c.Id).Run();
        SqlPortal.DeleteOf(c.Id, db);
        db.Sql("UPDATE deliveries SET state = 'dead', next_attempt_at = NULL, ended_at = ?2 WHERE endpoint_id = ?1 AND next_attempt_at IS NOT NULL AND owner IS NULL").Bind(1, c.Id).Bind(2, c.At).Run();
    }

    public static void Apply(EndpointStateSet c, SqlSession db)
    {
        var found = Read(c.Id, db);
        (c.IsFound, c.IsDisabled) = (found is not null, c.State == EndpointState.Paused && found?.State == EndpointState.Disabled);
        if (c is { IsFound: true, IsDisabled: false }) SetState(c.Id, c.State, c.Reason, c.At, db);
    }

    public static void Apply(EndpointRotated c, SqlSession db)
    {
        c.IsFound = Read(c.Id, db) is not null;
        db.Sql("UPDATE endpoints SET generation = generation + 1, previous_until = ?2, changed_at = ?3 WHERE id = ?1").Bind(1, c.Id).Bind(2, c.PreviousUntil).Bind(3, c.At).Run();
    }

    public static void Apply(EndpointRead c, SqlSession db) => c.Endpoint = Read(c.Id, db);

    public static void Apply(EventTypeStored c, SqlSession db)
    {
        var row = db.Sql("SELECT from_file FROM event_types WHERE name = ?1").Bind(1, c.Name);
        c.IsStored = !row.Read() || row.Long(0) == 0 || c.FromFile;
        row.Reset();
        if (!c.IsStored) return;
        db.Sql("""
            INSERT INTO event_types (name, description, example, from_file, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (name) DO UPDATE SET description = ?2, example = ?3, from_file = ?4, changed_at = ?5
            """).Bind(1, c.Name).Bind(2, c.Description).Bind(3, c.Example).Bind(4, c.FromFile ? 1 : 0).Bind(5, c.At).Run();
    }

    public static void Apply(EventTypeDeleted c, SqlSession db) => c.IsDeleted = db.Sql("DELETE FROM event_types WHERE name = ?1 AND from_file = ?2").Bind(1, c.Name).Bind(2, c.FromFile ? 1 : 0).TryRun();

    /// <summary>When a delivery to an endpoint may be tried that is due at that time: never, while the endpoint is paused or disabled.</summary>
    public static DateTimeOffset DueAt(string? endpoint, DateTimeOffset at, SqlSession db)
    {
        if (endpoint is null) return at;
        var row = db.Sql("SELECT 1 FROM endpoints WHERE id = ?1 AND state <> 'active'").Bind(1, endpoint);
        var waits = row.Read();
        row.Reset();
        return waits ? Delivery.Paused : at;
    }

    /// <summary>Takes note of an attempt; an endpoint that fails for too long is disabled, and an event tells of it.</summary>
    public static void Note(EndpointAttempted a, SqlSession db)
    {
        a.IsDisabled = false;
        if (a.Succeeded)
        {
            db.Sql("UPDATE endpoints SET failing_since = NULL WHERE id = ?1 AND failing_since IS NOT NULL").Bind(1, a.Id).Run();
            return;
        }

        var row = db.Sql("SELECT failing_since FROM endpoints WHERE id = ?1 AND state <> 'disabled'").Bind(1, a.Id);
        if (!row.Read()) return;
        var since = row.TimeOrNull(0);
        row.Reset();
        if (since is null) db.Sql("UPDATE endpoints SET failing_since = ?2 WHERE id = ?1").Bind(1, a.Id).Bind(2, a.At).Run();
        if (!a.IsGone && (since is not { } first || a.At - first < a.DisableAfter || a.At - first < a.Apart)) return;
        var reason = a.IsGone ? "It answered 410: it is gone for good." : $"Every attempt since {since:yyyy-MM-dd HH:mm} UTC has failed, the last with {a.Error}.";
        SetState(a.Id, EndpointState.Disabled, reason, a.At, db);
        a.IsDisabled = true;
        var data = Json.From(new { endpoint = a.Id, reason, failingSince = since?.UtcDateTime, disabledAt = a.At.UtcDateTime });
        SqlEmissions.Apply(new EventEmitted(new Emission(db.Ids.Next(), null, Endpoints.EventTypes.EndpointDisabled, a.Id, data, "/endpoints/" + a.Id, 0, 0, "", "", a.At)), db);
    }

    private static void SetState(string id, string state, string? reason, DateTimeOffset at, SqlSession db)
    {
        db.Sql("UPDATE endpoints SET state = ?2, reason = ?3, changed_at = ?4, failing_since = CASE WHEN ?2 = 'active' THEN NULL ELSE failing_since END WHERE id = ?1").Bind(1, id).Bind(2, state).Bind(3, reason).Bind(4, at).Run();
        if (state == EndpointState.Active)
        {
            db.Sql("UPDATE deliveries SET next_attempt_at = ?2 WHERE endpoint_id = ?1 AND next_attempt_at = ?3").Bind(1, id).Bind(2, at).Bind(3, Delivery.Paused).Run();
            db.Notify();
        }
        else
        {
            db.Sql("UPDATE deliveries SET next_attempt_at = ?2 WHERE endpoint_id = ?1 AND next_attempt_at < ?2 AND owner IS NULL").Bind(1, id).Bind(2, Delivery.Paused).Run();
        }
    }

    private static StoredEndpoint? Read(string id, SqlSession db)
    {
        var row = db.Sql($"SELECT {Columns} FROM endpoints WHERE id = ?1").Bind(1, id);
        if (!row.Read()) return null;
        var found = new StoredEndpoint(row.Text(0), new Json(row.Bytes(1)), row.Long(2) != 0, row.Text(3), row.TextOrNull(4), row.Long(5), row.TimeOrNull(6), row.Time(7));
        row.Reset();
        return found;
    }
}
