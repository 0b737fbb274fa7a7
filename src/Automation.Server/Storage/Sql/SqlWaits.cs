using Automation.Server.Runs;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>What runs wait for. A wait is over once <c>ended_at</c> is set; its row stays until its run has gone on.</summary>
internal static class SqlWaits
{
    private const string
        Due = "SELECT id, run_id FROM waits WHERE ended_at IS NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2",
        NextDue = "SELECT due_at FROM waits WHERE ended_at IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1",
        // Those of runs that another server walks are that server's: it has to tell the walk.
        DueHere = "SELECT w.id, w.run_id FROM waits w JOIN runs r ON r.id = w.run_id WHERE w.ended_at IS NULL AND w.due_at <= ?1 AND (r.owner IS NULL OR r.owner = ?3) ORDER BY w.due_at LIMIT ?2",
        NextDueHere = "SELECT w.due_at FROM waits w JOIN runs r ON r.id = w.run_id WHERE w.ended_at IS NULL AND w.due_at IS NOT NULL AND (r.owner IS NULL OR r.owner = ?1) ORDER BY w.due_at LIMIT 1";

    /// <summary>Stores the waits of a save; then lets the run go, if it waits and nothing it waits for is over.</summary>
    public static void Apply(RunSaved save, WaitSources sources, SqlSession db)
    {
        Store(save.RunId, save.Waits, save.EndedWaits, save.PassedEvents, save.At, sources, db);
        save.Woken.Clear(); // a refused neighbour makes the unit apply again
        if (save.IsWaiting || save.PassedEvents.Count > 0 || save.Waits.Any(wait => wait.Match is not null)) save.Woken.AddRange(Woken(save.RunId, db));
        if (save.IsWaiting && save.Woken.Count == 0) db.Sql("UPDATE runs SET state = 'waiting', owner = NULL WHERE id = ?1").Bind(1, save.RunId).Run();
    }

    public static void Store(long runId, IReadOnlyList<Wait> begun, IReadOnlyList<long> ended, IReadOnlyList<PassedEvent> passed, DateTimeOffset at, WaitSources sources, SqlSession db)
    {
        foreach (var id in ended)
        {
            SqlCallbacks.Close(id, at, db);
            db.Sql("DELETE FROM wait_events WHERE wait_id = ?1").Bind(1, id).Run();
            db.Sql("DELETE FROM waits WHERE id = ?1").Bind(1, id).Run();
        }

        foreach (var wait in begun)
        {
            db.Sql("INSERT INTO waits (id, run_id, step_id, due_at, match) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(1, wait.Id).Bind(2, runId).Bind(3, wait.Step).Bind(4, wait.DueAt).Bind(5, wait.Match).Run();
            if (wait.Match is not { } match) continue;
            if (WaitMatch.TryReadSource(match, out var pattern, out var path)) sources.Add(pattern, path);
            else if (WaitMatch.TryReadCallback(match, out var address)) SqlCallbacks.Begin(wait.Id, address, db);
            else if (WaitMatch.TryReadRun(match, out var called)) SqlCalls.Begin(wait.Id, called, at, db);
        }

        foreach (var (wait, @event) in passed)
        {
            db.Sql("DELETE FROM wait_events WHERE wait_id = ?1 AND event_id = ?2").Bind(1, wait).Bind(2, @event).Run();
            db.Sql("UPDATE waits SET ended_at = NULL WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM wait_events e WHERE e.wait_id = ?1)").Bind(1, wait).Run();
        }
    }

    public static void Apply(WaitsTimedOut change, SqlSession db)
    {
        change.Ended.Clear();
        var due = new List<(long Id, long RunId)>();
        var rows = db.SharesDatabase ? db.Sql(DueHere).Bind(3, db.Server) : db.Sql(Due);
        rows.Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) due.Add((rows.Long(0), rows.Long(1)));
        change.Count = due.Count;
        foreach (var (id, runId) in due) End(runId, new Woken(id, null), change.Now, change.Ended, db);

        EndRuns(change, db);
        var next = db.SharesDatabase ? db.Sql(NextDueHere).Bind(1, db.Server) : db.Sql(NextDue);
        change.NextDue = next.Read() ? next.Time(0) : null;
        next.Reset();
        var deadline = db.Sql("SELECT deadline_at FROM runs WHERE state = 'waiting' AND deadline_at IS NOT NULL ORDER BY deadline_at LIMIT 1");
        if (deadline.Read() && !(change.NextDue <= deadline.Time(0))) change.NextDue = deadline.Time(0);
        deadline.Reset();
    }

    /// <summary>Frees waiting runs whose own time is up: whoever claims one fails it.</summary>
    private static void EndRuns(WaitsTimedOut change, SqlSession db)
    {
        var late = new List<long>();
        var rows = db.Sql("SELECT id FROM runs WHERE state = 'waiting' AND deadline_at <= ?1 ORDER BY deadline_at LIMIT ?2").Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) late.Add(rows.Long(0));
        foreach (var id in late) db.Sql("UPDATE runs SET state = 'running' WHERE id = ?1").Bind(1, id).Run();
        change.Ended.Runs += late.Count;
        change.Count = Math.Max(change.Count, late.Count);
    }

    /// <summary>Ends the waits for an accepted event. One that has met events which its step has yet to look at gets this one behind them.</summary>
    public static void Apply(EventAccepted change, WaitSources sources, SqlSession db)
    {
        change.Ended = null;
        foreach (var path in sources.PathsOf(change.WaitPattern))
        {
            if (path.Length == 0) Meet(change, WaitMatch.Of(change.WaitPattern, path, ""), db);
            else if (change.Event.TextAt(path) is { } value) Meet(change, WaitMatch.Of(change.WaitPattern, path, value), db);
        }
    }

    /// <summary>The waits of a run that are over.</summary>
    public static List<Woken> Woken(long runId, SqlSession db)
    {
        var woken = new List<Woken>();
        var rows = db.Sql("SELECT w.id, w.data, (SELECT min(e.event_id) FROM wait_events e WHERE e.wait_id = w.id) FROM waits w WHERE w.run_id = ?1 AND w.ended_at IS NOT NULL ORDER BY w.ended_at, w.id").Bind(1, runId);
        while (rows.Read()) woken.Add(new Woken(rows.Long(0), rows.Bytes(1) is { Length: > 0 } data ? new Json(data) : null) { EventId = rows.LongOrNull(2) });
        for (var i = 0; i < woken.Count; i++)
        {
            if (woken[i].EventId is { } id) woken[i] = woken[i] with { Data = SqlEvents.Read(id, db).ToScope() };
        }

        return woken;
    }

    public static void Delete(long runId, SqlSession db)
    {
        db.Sql("DELETE FROM wait_events WHERE wait_id IN (SELECT id FROM waits WHERE run_id = ?1)").Bind(1, runId).Run();
        db.Sql("DELETE FROM waits WHERE run_id = ?1").Bind(1, runId).Run();
    }

    /// <summary>Ends one wait, which is open, and frees its run if nothing else of it is under way.</summary>
    public static void End(long runId, Woken woken, DateTimeOffset at, EndedWaits ended, SqlSession db)
    {
        db.Sql("UPDATE waits SET ended_at = ?2 WHERE id = ?1").Bind(1, woken.WaitId).Bind(2, at).Run();
        var run = db.Sql("SELECT state, owner FROM runs WHERE id = ?1").Bind(1, runId);
        if (!run.Read()) return;
        var isWaiting = run.Text(0) == "waiting";
        var isHeld = run.LongOrNull(1) == db.Server;
        run.Reset();
        if (isHeld) ended.Held.Add((runId, woken));
        if (!isWaiting) return;
        db.Sql("UPDATE runs SET state = 'running' WHERE id = ?1").Bind(1, runId).Run();
        ended.Runs++;
    }

    private static void Meet(EventAccepted change, string match, SqlSession db)
    {
        var met = new List<(long Id, long RunId, bool IsOpen)>();
        // Nobody knows when a run that has failed is to look at what came: its waits are ended by the first, and keep no more.
        var rows = db.Sql("""
            SELECT w.id, w.run_id, w.ended_at FROM waits w
            WHERE w.match = ?1 AND (w.ended_at IS NULL OR (EXISTS (SELECT 1 FROM wait_events e WHERE e.wait_id = w.id) AND EXISTS (SELECT 1 FROM runs r WHERE r.id = w.run_id AND r.ended_at IS NULL)))
            ORDER BY w.id
            """).Bind(1, match);
        while (rows.Read()) met.Add((rows.Long(0), rows.Long(1), rows.LongOrNull(2) is null));
        if (met.Count == 0) return;
        change.Ended ??= new EndedWaits();
        foreach (var (id, runId, isOpen) in met)
        {
            db.Sql("INSERT INTO wait_events (wait_id, event_id) VALUES (?1, ?2) ON CONFLICT (wait_id, event_id) DO NOTHING").Bind(1, id).Bind(2, change.Event.Id).Run();
            if (isOpen) End(runId, new Woken(id, change.Event.ToScope()) { EventId = change.Event.Id }, change.Event.AcceptedAt, change.Ended, db);
        }
    }
}
