using Automation.Server.Runs;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Runs that steps of other runs called, and the waits of those steps.</summary>
internal static class SqlCalls
{
    public static void Apply(CallRead read, SqlSession db)
    {
        (read.RunId, read.End) = (null, null);
        var run = db.Sql("SELECT id FROM runs WHERE called_by = ?1 ORDER BY id DESC LIMIT 1").Bind(1, read.Key);
        if (!run.Read()) return;
        var id = run.Long(0);
        run.Reset();
        (read.RunId, read.End) = (id, EndOf(id, db));
    }

    /// <summary>A called run was accepted.</summary>
    public static void Store(long runId, string key, SqlSession db) => db.Sql("UPDATE runs SET called_by = ?2 WHERE id = ?1").Bind(1, runId).Bind(2, key).Run();

    /// <summary>A called run has ended: so has the wait of the step that called it.</summary>
    public static void End(long runId, Json? output, DateTimeOffset at, EndedWaits ended, SqlSession db)
    {
        if (output is { } given) db.Sql("UPDATE runs SET output = ?2 WHERE id = ?1").Bind(1, runId).Bind(2, given).Run();
        var waits = new List<(long Id, long RunId)>();
        var rows = db.Sql("SELECT id, run_id FROM waits WHERE match = ?1 AND ended_at IS NULL").Bind(1, WaitMatch.OfRun(runId));
        while (rows.Read()) waits.Add((rows.Long(0), rows.Long(1)));
        if (waits.Count == 0 || EndOf(runId, db) is not { } end) return;
        foreach (var (id, caller) in waits)
        {
            db.Sql("UPDATE waits SET data = ?2 WHERE id = ?1").Bind(1, id).BindBlob(2, end.Utf8.Span).Run();
            SqlWaits.End(caller, new Woken(id, end), at, ended, db);
        }
    }

    /// <summary>A wait for a called run was stored: it is over at once when that has ended.</summary>
    public static void Begin(long waitId, long runId, DateTimeOffset at, SqlSession db)
    {
        if (EndOf(runId, db) is { } end) db.Sql("UPDATE waits SET ended_at = ?2, data = ?3 WHERE id = ?1").Bind(1, waitId).Bind(2, at).BindBlob(3, end.Utf8.Span).Run();
    }

    /// <summary>The runs that a run waits for.</summary>
    public static List<long> Awaited(long runId, SqlSession db)
    {
        var runs = new List<long>();
        var rows = db.Sql("SELECT match FROM waits WHERE run_id = ?1 AND ended_at IS NULL AND match LIKE 'run:%' ORDER BY id").Bind(1, runId);
        while (rows.Read())
        {
            if (WaitMatch.TryReadRun(rows.Text(0), out var called)) runs.Add(called);
        }

        return runs;
    }

    /// <summary>Null while the run is open.</summary>
    private static Json? EndOf(long runId, SqlSession db)
    {
        var name = PublicId.Format(PublicId.Run, runId);
        var run = db.Sql("SELECT state, ended_at, output, failed_step, error FROM runs WHERE id = ?1").Bind(1, runId);
        if (!run.Read()) return Json.From(new CallEnd(name, "deleted", null, null, null));
        Json? end = run.LongOrNull(1) is null ? null : Json.From(new CallEnd(name, run.Text(0), Text(run, 2), run.TextOrNull(3), Text(run, 4)));
        run.Reset();
        return end;
    }

    private static Json? Text(SqlStatement row, int column) => row.Bytes(column) is { Length: > 0 } json ? new Json(json) : null;
}
