using Automation.Server.Runs;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sqlite;

/// <summary>What runs wait for. A wait is over once <c>ended_at</c> is set; its row stays until its run has gone on.</summary>
internal static class SqliteWaits
{
    /// <summary>Stores the waits of a save; then lets the run go, if it waits and nothing it waits for is over.</summary>
    public static void Apply(RunSaved save, Func<string, SqliteStatement> sql)
    {
        foreach (var id in save.EndedWaits) sql("DELETE FROM waits WHERE id = ?1").Bind(1, id).Run();
        foreach (var wait in save.Waits)
        {
            sql("INSERT INTO waits (id, run_id, step_id, due_at, match) VALUES (?1, ?2, ?3, ?4, ?5)")
                .Bind(1, wait.Id).Bind(2, save.RunId).Bind(3, wait.Step).Bind(4, wait.DueAt).Bind(5, wait.Match).Run();
        }

        if (!save.IsWaiting) return;
        save.Woken.Clear(); // a refused neighbour makes the unit apply again
        save.Woken.AddRange(Woken(save.RunId, sql));
        if (save.Woken.Count == 0) sql("UPDATE runs SET state = 'waiting', owner = NULL WHERE id = ?1").Bind(1, save.RunId).Run();
    }

    public static void Apply(WaitsTimedOut change, long server, Func<string, SqliteStatement> sql)
    {
        change.Held.Clear();
        change.Runs = 0;
        var due = new List<(long Id, long RunId)>();
        var rows = sql("SELECT id, run_id FROM waits WHERE ended_at IS NULL AND due_at <= ?1 ORDER BY due_at LIMIT ?2").Bind(1, change.Now).Bind(2, change.Limit);
        while (rows.Read()) due.Add((rows.Long(0), rows.Long(1)));
        change.Count = due.Count;
        foreach (var (id, runId) in due)
        {
            sql("UPDATE waits SET ended_at = ?2 WHERE id = ?1").Bind(1, id).Bind(2, change.Now).Run();
            var run = sql("SELECT state, owner FROM runs WHERE id = ?1").Bind(1, runId);
            if (!run.Read()) continue;
            var isWaiting = run.Text(0) == "waiting";
            var isHeld = run.LongOrNull(1) == server;
            run.Reset();
            if (isHeld) change.Held.Add((runId, new Woken(id, null)));
            if (!isWaiting) continue;
            sql("UPDATE runs SET state = 'running' WHERE id = ?1").Bind(1, runId).Run();
            change.Runs++;
        }

        var next = sql("SELECT due_at FROM waits WHERE ended_at IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1");
        change.NextDue = next.Read() ? next.Time(0) : null;
        next.Reset();
    }

    /// <summary>The waits of a run that are over.</summary>
    public static List<Woken> Woken(long runId, Func<string, SqliteStatement> sql)
    {
        var woken = new List<Woken>();
        var rows = sql("SELECT id, data FROM waits WHERE run_id = ?1 AND ended_at IS NOT NULL ORDER BY ended_at, id").Bind(1, runId);
        while (rows.Read()) woken.Add(new Woken(rows.Long(0), rows.Bytes(1) is { Length: > 0 } data ? new Json(data) : null));
        return woken;
    }

    public static void Delete(long runId, Func<string, SqliteStatement> sql) => sql("DELETE FROM waits WHERE run_id = ?1").Bind(1, runId).Run();
}
