using Automation.Server.Runs;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>What runs wait for. A wait is over once <c>ended_at</c> is set; its row stays until its run has gone on.</summary>
internal static class SqlWaits
{
    /// <summary>Stores the waits of a save; then lets the run go, if it waits and nothing it waits for is over.</summary>
    public static void Apply(RunSaved save, SqlSession db)
    {
        Store(save.RunId, save.Waits, save.EndedWaits, db);
        if (!save.IsWaiting) return;
        save.Woken.Clear(); // a refused neighbour makes the unit apply again
        save.Woken.AddRange(Woken(save.RunId, db));
        if (save.Woken.Count == 0) db.Sql("UPDATE runs SET state = 'waiting', owner = NULL WHERE id = ?1").Bind(1, save.RunId).Run();
    }

    public static void Store(long runId, IReadOnlyList<Wait> begun, IReadOnlyList<long> ended, SqlSession db)
    {
        foreach (var id in ended) db.Sql("DELETE FROM waits WHERE id = ?1").Bind(1, id).Run();
        foreach (var wait in begun)
        {
            db.Sql("INSERT INTO waits (id, run_id, step_id, due_at, match) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(1, wait.Id).Bind(2, runId).Bind(3, wait.Step).Bind(4, wait.DueAt).Bind(5, wait.Match).Run();
        }
    }

    public static void Apply(WaitsTimedOut change, SqlSession db)
    {
        change.Held.Clear();
        change.Runs = 0;
        var due = new List<(long Id, long RunId)>();
        var rows = db.Sql("SELECT id, run_id FROM waits WHERE ended_at IS NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2").Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) due.Add((rows.Long(0), rows.Long(1)));
        change.Count = due.Count;
        foreach (var (id, runId) in due)
        {
            db.Sql("UPDATE waits SET ended_at = ?2 WHERE id = ?1").Bind(1, id).Bind(2, change.Now).Run();
            var run = db.Sql("SELECT state, owner FROM runs WHERE id = ?1").Bind(1, runId);
            if (!run.Read()) continue;
            var isWaiting = run.Text(0) == "waiting";
            var isHeld = run.LongOrNull(1) == db.Server;
            run.Reset();
            if (isHeld) change.Held.Add((runId, new Woken(id, null)));
            if (!isWaiting) continue;
            db.Sql("UPDATE runs SET state = 'running' WHERE id = ?1").Bind(1, runId).Run();
            change.Runs++;
        }

        var next = db.Sql("SELECT due_at FROM waits WHERE ended_at IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1");
        change.NextDue = next.Read() ? next.Time(0) : null;
        next.Reset();
    }

    /// <summary>The waits of a run that are over.</summary>
    public static List<Woken> Woken(long runId, SqlSession db)
    {
        var woken = new List<Woken>();
        var rows = db.Sql("SELECT id, data FROM waits WHERE run_id = ?1 AND ended_at IS NOT NULL ORDER BY ended_at, id").Bind(1, runId);
        while (rows.Read()) woken.Add(new Woken(rows.Long(0), rows.Bytes(1) is { Length: > 0 } data ? new Json(data) : null));
        return woken;
    }

    public static void Delete(long runId, SqlSession db) => db.Sql("DELETE FROM waits WHERE run_id = ?1").Bind(1, runId).Run();
}
