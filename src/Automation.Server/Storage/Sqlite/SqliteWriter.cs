using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>Turns changes into rows, on the one connection that writes. Used by one thread at a time.</summary>
internal sealed class SqliteWriter : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly sqlite3 handle;
    private readonly Dictionary<object, SqliteStatement> statements = new(ReferenceEqualityComparer.Instance); // the texts are constants of this program
    private readonly long server;

    /// <summary>Opens the file, migrates it and registers this process as a server.</summary>
    /// <exception cref="JournalException">The file cannot be opened or migrated, or was written by a newer program.</exception>
    public SqliteWriter(string file, DateTimeOffset now)
    {
        connection = SqliteDatabase.OpenForWriting(file);
        handle = connection.Handle!;
        Sql("INSERT INTO servers (started_at) VALUES (?1)").Bind(1, now).Run();
        server = raw.sqlite3_last_insert_rowid(handle);
        ReleaseWhatOthersHeld();
    }

    /// <summary>Whether the statement that just ran found no row of its kind.</summary>
    private bool NothingChanged => raw.sqlite3_changes(handle) == 0;

    public void Begin() => Sql("BEGIN IMMEDIATE").Run();

    /// <summary>Returns after the fsync of the write-ahead log.</summary>
    public void Commit() => Sql("COMMIT").Run();

    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(handle) == 0) Sql("ROLLBACK").Run();
    }

    public void Apply(Change change)
    {
        switch (change)
        {
            case EventAccepted c: Apply(c); break;
            case RunAccepted c: Apply(c); break;
            case RunSaved c: Apply(c); break;
            case RunEnded c: Apply(c); break;
            case DeliveryQueued c: Apply(c); break;
            case DeliveryAttempted c: Apply(c); break;
            case DeliveryReleased c: Apply(c); break;
            case DeliveryReplayed c: Apply(c); break;
            case VersionStored c: Apply(c); break;
            case WorkflowSwitched c: Apply(c); break;
            case RunsClaimed c: Apply(c); break;
            case RunRetried c: SqliteRuns.Apply(c, Sql); break;
            case RunReplaced c: SqliteRuns.Apply(c, Sql); break;
            case KeyStateSet c: SqliteKeyCommands.Apply(c, Sql); break;
            case KeySkipped c: SqliteKeyCommands.Apply(c, Sql); break;
            case KeyDrained c: SqliteKeyCommands.Apply(c, Sql); break;
            case StatesExpired c: SqliteKeyCommands.Apply(c, Sql); break;
            case RunCancelled c: SqliteRuns.Apply(c, Sql); break;
            case WaitsTimedOut c: SqliteWaits.Apply(c, server, Sql); break;
            case DeliveriesClaimed c: SqliteClaims.Apply(c, server, Sql); break;
            case VersionRead c: Apply(c); break;
            case EventsPruned c: SqlitePruning.Apply(c, Sql); break;
            case SchedulesRead c: SqliteSchedules.Apply(c, Sql); break;
            case SchedulesDue c: SqliteSchedules.Apply(c, Sql); break;
            case ScheduleStarted c: SqliteSchedules.Apply(c, Sql); break;
            case ScheduleStopped c: SqliteSchedules.Apply(c, Sql); break;
            case ScheduleMoved c: Apply(c); break;
            case MqttStored c: SqliteMqtt.Apply(c, Sql); break;
            case MqttLoaded c: SqliteMqtt.Apply(c, Sql); break;
            default: throw new InvalidOperationException($"No SQL for {change.GetType().Name}.");
        }
    }

    /// <summary>The greatest id stored, so that new ones come after it.</summary>
    public long GreatestId() =>
        Number("SELECT max(coalesce((SELECT max(id) FROM events), 0), coalesce((SELECT max(id) FROM runs), 0), coalesce((SELECT max(id) FROM deliveries), 0), coalesce((SELECT max(id) FROM waits), 0))");

    public (long All, long Claimable) OpenRuns() => (
        Number("SELECT count(*) FROM runs WHERE ended_at IS NULL AND state <> 'waiting'"),
        Number("SELECT count(*) FROM runs WHERE ended_at IS NULL AND state <> 'waiting' AND blocked = 0"));

    public List<string> DisabledWorkflows()
    {
        var ids = new List<string>();
        var row = Sql("SELECT id FROM workflows WHERE enabled = 0 ORDER BY id");
        while (row.Read()) ids.Add(row.Text(0));
        return ids;
    }

    public void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        connection.Dispose();
    }

    private void Apply(EventAccepted change)
    {
        var e = change.Event;
        Sql("INSERT INTO events (id, state, open_runs, trigger_type, type, source, subject, accepted_at, attributes, content_type, body) VALUES (?1, CASE WHEN ?2 > 0 THEN 'accepted' ELSE 'filtered' END, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
            .Bind(1, e.Id).Bind(2, change.Runs).Bind(3, e.Trigger).Bind(4, e.Type).Bind(5, e.Source).Bind(6, e.Subject).Bind(7, e.AcceptedAt)
            .BindText(8, e.Attributes.Utf8.Span).Bind(9, e.ContentType).BindBlob(10, e.Body.Span).Run();
    }

    private void Apply(RunAccepted c)
    {
        if (c.Key is not null) SqliteKeys.Apply(c, Sql);
        Sql("INSERT INTO runs (id, event_id, workflow_id, version, trigger_id, state, owner, created_at, key, blocked) VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?8, ?9)")
            .Bind(1, c.RunId).Bind(2, c.EventId).Bind(3, c.WorkflowId).Bind(4, c.VersionHash).Bind(5, c.TriggerId).Bind(6, c is { Held: true, IsBlocked: false } ? server : null)
            .Bind(7, c.CreatedAt).Bind(8, c.Key).Bind(9, c.IsBlocked ? 1 : 0).Run();
        if (!c.IsRefused) return;
        Sql("UPDATE runs SET state = 'failed', blocked = 0, ended_at = ?2, error = ?3 WHERE id = ?1").Bind(1, c.RunId).Bind(2, c.CreatedAt).BindText(3, Json.From(RunAccepted.KeyFull).Utf8.Span).Run();
        SqliteRuns.EndOfEvent(c.EventId, failed: true, Sql);
    }

    private void Apply(RunSaved c)
    {
        Sql("UPDATE runs SET state = 'running', snapshot = ?2, started_at = ?3 WHERE id = ?1 AND ended_at IS NULL")
            .Bind(1, c.RunId).BindText(2, c.Snapshot.Utf8.Span).Bind(3, c.StartedAt).Run();
        if (NothingChanged) return;
        if (c.StepRuns.Utf8.Length > 2) Sql("INSERT INTO run_saves (run_id, step_runs) VALUES (?1, ?2)").Bind(1, c.RunId).BindText(2, c.StepRuns.Utf8.Span).Run();
        SqliteWaits.Apply(c, Sql);
        if (c.Key is { } key) SqliteKeys.Store(key, Sql);
    }

    private void Apply(RunEnded c)
    {
        var run = Sql("UPDATE runs SET state = ?2, owner = NULL, started_at = ?3, ended_at = ?4, snapshot = CASE WHEN ?9 THEN snapshot ELSE ?8 END, step_runs = ?5, failed_step = ?6, error = ?7 WHERE id = ?1 AND ended_at IS NULL")
            .Bind(1, c.RunId).Bind(2, c.State).Bind(3, c.StartedAt).Bind(4, c.EndedAt).BindText(5, c.StepRuns.Utf8.Span).Bind(6, c.FailedStep);
        if (c.Error is { } error) run.BindText(7, error.Utf8.Span);
        else run.BindNull(7);
        if (c.Snapshot is { } snapshot) run.BindText(8, snapshot.Utf8.Span);
        else run.BindNull(8);
        run.Bind(9, c.KeepsLastSave ? 1 : 0).Run();
        if (NothingChanged) return;
        if (c.Snapshot is not null) SqliteWaits.Store(c.RunId, c.Waits, c.EndedWaits, Sql);
        else if (c is { HasWaited: true, KeepsLastSave: false }) SqliteWaits.Delete(c.RunId, Sql);
        if (c.Key is { } key) SqliteKeys.Apply(c, key, Sql);
        SqliteRuns.EndOfEvent(c.EventId, c.State == "failed", Sql);
    }

    private void Apply(DeliveryQueued change)
    {
        var d = change.Delivery;
        Sql("""
            INSERT INTO deliveries (id, run_id, workflow_id, step_id, idempotency_key, destination, state, owner, next_attempt_at, attempts, max_attempts, request, body, created_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?8, 0, ?9, ?10, ?11, ?8)
            """)
            .Bind(1, d.Id).Bind(2, d.RunId).Bind(3, d.WorkflowId).Bind(4, d.StepId).Bind(5, d.IdempotencyKey).Bind(6, d.Destination)
            .Bind(7, change.Held ? server : null).Bind(8, d.CreatedAt).Bind(9, d.Request.MaxAttempts)
            .BindText(10, StoredRequest.Write(d.Request)).BindBlob(11, d.Request.Body.Span).Run();
    }

    private void Apply(DeliveryAttempted c)
    {
        var a = c.Attempt;
        Sql("UPDATE deliveries SET state = ?2, owner = NULL, next_attempt_at = ?3, attempts = ?4, ended_at = ?5 WHERE id = ?1 AND owner = ?6")
            .Bind(1, c.DeliveryId).Bind(2, c.State).Bind(3, c.NextAttemptAt).Bind(4, a.Number)
            .Bind(5, c.NextAttemptAt is null ? a.StartedAt.AddMilliseconds(a.DurationMs) : null).Bind(6, server).Run();
        if (NothingChanged) return;
        Sql("INSERT OR REPLACE INTO attempts (delivery_id, number, started_at, duration_ms, status, error, message, response_head) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
            .Bind(1, c.DeliveryId).Bind(2, a.Number).Bind(3, a.StartedAt).Bind(4, a.DurationMs).Bind(5, a.Status).Bind(6, a.Error).Bind(7, a.Message).Bind(8, a.ResponseHead).Run();
    }

    private void Apply(DeliveryReleased c) => Sql("UPDATE deliveries SET owner = NULL WHERE id = ?1 AND owner = ?2").Bind(1, c.DeliveryId).Bind(2, server).Run();

    private void Apply(DeliveryReplayed c)
    {
        Sql("UPDATE deliveries SET state = 'pending', next_attempt_at = ?2, max_attempts = attempts + json_extract(request, '$.maxAttempts'), ended_at = NULL WHERE id = ?1 AND state IN ('dead', 'succeeded')")
            .Bind(1, c.DeliveryId).Bind(2, c.At).Run();
        c.Replayed = !NothingChanged;
    }

    private void Apply(VersionStored c)
    {
        Sql("INSERT OR IGNORE INTO versions (workflow_id, hash, document, files, created_at) VALUES (?1, ?2, ?3, ?4, ?5)")
            .Bind(1, c.WorkflowId).Bind(2, c.Hash).BindText(3, c.Source.Document.Utf8.Span).BindText(4, JsonSerializer.SerializeToUtf8Bytes(c.Source.Files, JsonFormat.Wire)).Bind(5, c.At).Run();
        Sql("INSERT INTO workflows (id, active_hash, changed_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET active_hash = ?2, changed_at = ?3 WHERE active_hash IS NOT ?2")
            .Bind(1, c.WorkflowId).Bind(2, c.Hash).Bind(3, c.At).Run();
    }

    private void Apply(WorkflowSwitched c) =>
        Sql("INSERT INTO workflows (id, enabled, changed_at) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET enabled = ?2, changed_at = ?3")
            .Bind(1, c.WorkflowId).Bind(2, c.Enabled ? 1 : 0).Bind(3, c.At).Run();

    private void Apply(ScheduleMoved c)
    {
        SqliteSchedules.Apply(c, Sql);
        if (NothingChanged && c.Fires) throw JournalException.SupersededBy($"{c.Id.WorkflowId}/{c.Id.TriggerId} is not at {c.From:O} any more.");
    }

    private void Apply(RunsClaimed change)
    {
        var rows = Sql("""
            SELECT r.id, r.workflow_id, r.version, r.trigger_id, r.started_at, r.snapshot,
              e.id, e.trigger_type, e.type, e.source, e.subject, e.accepted_at, e.attributes, e.content_type, e.body, r.key
            FROM runs r JOIN events e ON e.id = r.event_id WHERE r.owner IS NULL AND r.ended_at IS NULL AND r.state <> 'waiting' AND r.blocked = 0 ORDER BY r.id LIMIT ?1
            """).Bind(1, change.Limit);
        change.Runs.Clear(); // a refused neighbour makes the unit apply again
        var room = change.Bytes;
        while ((room > 0 || change.Runs.Count == 0) && rows.Read())
        {
            var accepted = new Event
            {
                Id = rows.Long(6),
                Trigger = rows.Text(7),
                Type = rows.Text(8),
                Source = rows.Text(9),
                Subject = rows.TextOrNull(10),
                AcceptedAt = rows.Time(11),
                Attributes = new Json(rows.Bytes(12)),
                ContentType = rows.TextOrNull(13),
                Body = rows.Bytes(14),
            };
            var snapshot = rows.Bytes(5);
            room -= accepted.Body.Length + accepted.Attributes.Utf8.Length + snapshot.Length;
            change.Runs.Add(new ClaimedRun(
                rows.Long(0),
                accepted,
                rows.Text(1),
                rows.Text(2),
                rows.Text(3),
                rows.LongOrNull(4) is { } started ? DateTimeOffset.FromUnixTimeMilliseconds(started) : null,
                snapshot.Length == 0 ? null : new Json(snapshot))
            { Key = rows.TextOrNull(15) });
        }

        rows.Reset();
        for (var i = 0; i < change.Runs.Count; i++)
        {
            var run = change.Runs[i];
            Sql("UPDATE runs SET owner = ?2 WHERE id = ?1").Bind(1, run.RunId).Bind(2, server).Run();
            if (run.Snapshot is not null) run = run with { Woken = SqliteWaits.Woken(run.RunId, Sql) };
            if (run.Key is { } key) run = run with { State = SqliteKeys.State(run.WorkflowId, key, change.Now, Sql) };
            change.Runs[i] = run;
        }
    }

    private void Apply(VersionRead query)
    {
        var row = Sql("SELECT document, files FROM versions WHERE workflow_id = ?1 AND hash = coalesce(?2, (SELECT active_hash FROM workflows WHERE id = ?1))")
            .Bind(1, query.WorkflowId).Bind(2, query.Hash);
        while (row.Read())
        {
            var files = JsonSerializer.Deserialize<Dictionary<string, string>>(row.Bytes(1), JsonFormat.Wire)!;
            query.Source = new VersionSource(new Json(row.Bytes(0)), files);
        }
    }

    /// <summary>A SQLite file has one server at a time (the data folder's lock), so whoever else holds rows is dead.</summary>
    private void ReleaseWhatOthersHeld()
    {
        Sql("UPDATE runs SET owner = NULL WHERE owner <> ?1 AND ended_at IS NULL").Bind(1, server).Run();
        Sql("UPDATE deliveries SET owner = NULL WHERE owner <> ?1 AND next_attempt_at IS NOT NULL").Bind(1, server).Run();
        Sql("DELETE FROM servers WHERE id <> ?1").Bind(1, server).Run();
    }

    private long Number(string sql)
    {
        var row = Sql(sql);
        var number = row.Read() ? row.Long(0) : 0;
        while (row.Read())
        {
        }

        return number;
    }

    private SqliteStatement Sql(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement)) statements.Add(sql, statement = new SqliteStatement(handle, sql));
        statement.Reset(); // whoever used it last may have failed between two rows
        return statement;
    }
}
