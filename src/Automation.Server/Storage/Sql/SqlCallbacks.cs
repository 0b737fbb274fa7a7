using Automation.Server.Callbacks;
using Automation.Server.Runs;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Callbacks that were taken, and those that cannot be any more.</summary>
internal static class SqlCallbacks
{
    public static void Apply(CallbackRead read, SqlSession db)
    {
        var run = db.Sql("SELECT workflow_id, version FROM runs WHERE id = ?1").Bind(1, read.Address.RunId);
        (read.WorkflowId, read.VersionHash) = run.Read() ? (run.Text(0), run.Text(1)) : (null, null);
        run.Reset();
        read.Closed = Closed(read.Address, db);
    }

    public static void Apply(CallbackTaken change, SqlSession db)
    {
        change.Ended.Clear();
        change.Closed = Closed(change.Address, db);
        if (change.Closed is not null) return;
        var address = change.Address.ToString();
        db.Sql("INSERT INTO callbacks (address, run_id, used_at, data) VALUES (?1, ?2, ?3, ?4)").Bind(1, address).Bind(2, change.Address.RunId).Bind(3, change.At).BindText(4, change.Data.Utf8.Span).Run();
        var open = new List<long>(); // several where several arrows lead to the step
        var waits = db.Sql("SELECT id FROM waits WHERE match = ?1 AND ended_at IS NULL ORDER BY id").Bind(1, WaitMatch.OfCallback(address));
        while (waits.Read()) open.Add(waits.Long(0));
        foreach (var id in open)
        {
            db.Sql("UPDATE waits SET data = ?2 WHERE id = ?1").Bind(1, id).BindBlob(2, change.Data.Utf8.Span).Run();
            SqlWaits.End(change.Address.RunId, new Woken(id, change.Data), change.At, change.Ended, db);
        }
    }

    /// <summary>A wait for a callback was stored: it is over at once when the callback came before. One that was closed can be taken again, as after a retry.</summary>
    public static void Begin(long waitId, string address, SqlSession db)
    {
        db.Sql("DELETE FROM callbacks WHERE address = ?1 AND data IS NULL").Bind(1, address).Run();
        var row = db.Sql("SELECT used_at, data FROM callbacks WHERE address = ?1").Bind(1, address);
        if (!row.Read()) return;
        var (at, data) = (row.Time(0), row.Bytes(1));
        row.Reset();
        db.Sql("UPDATE waits SET ended_at = ?2, data = ?3 WHERE id = ?1").Bind(1, waitId).Bind(2, at).BindBlob(3, data).Run();
    }

    /// <summary>A wait is about to be deleted: if it was for a callback that has not come, and none else is open for it, that is not taken any more.</summary>
    public static void Close(long waitId, DateTimeOffset at, SqlSession db)
    {
        var row = db.Sql("SELECT match, run_id FROM waits WHERE id = ?1 AND match IS NOT NULL").Bind(1, waitId);
        if (!row.Read()) return;
        var (match, runId) = (row.Text(0), row.Long(1));
        row.Reset();
        if (!WaitMatch.TryReadCallback(match, out var address) || IsOpen(match, waitId, db)) return;
        db.Sql("INSERT INTO callbacks (address, run_id, used_at) VALUES (?1, ?2, ?3) ON CONFLICT (address) DO NOTHING").Bind(1, address).Bind(2, runId).Bind(3, at).Run();
    }

    private static CallbackClosed? Closed(CallbackAddress address, SqlSession db)
    {
        var text = address.ToString();
        var used = db.Sql("SELECT data FROM callbacks WHERE address = ?1").Bind(1, text);
        if (used.Read())
        {
            var closed = used.TextOrNull(0) is null ? CallbackClosed.TooLate : CallbackClosed.Used;
            used.Reset();
            return closed;
        }

        var run = db.Sql("SELECT ended_at FROM runs WHERE id = ?1").Bind(1, address.RunId);
        var isOpen = run.Read() && run.LongOrNull(0) is null;
        run.Reset();
        if (!isOpen) return CallbackClosed.RunEnded;
        var match = WaitMatch.OfCallback(text);
        var over = db.Sql("SELECT 1 FROM waits WHERE match = ?1 AND ended_at IS NOT NULL").Bind(1, match); // its time was up, and its step has yet to say so
        var isOver = over.Read();
        over.Reset();
        return isOver && !IsOpen(match, 0, db) ? CallbackClosed.TooLate : null;
    }

    /// <summary>Whether a wait other than <paramref name="except"/> is open for a callback.</summary>
    private static bool IsOpen(string match, long except, SqlSession db)
    {
        var other = db.Sql("SELECT 1 FROM waits WHERE match = ?1 AND ended_at IS NULL AND id <> ?2 LIMIT 1").Bind(1, match).Bind(2, except);
        var isOpen = other.Read();
        other.Reset();
        return isOpen;
    }
}
