using Automation.Server.Triggers.Filters;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>What filters of triggers remember, and what they counted.</summary>
/// <remarks><c>filter_states.version</c> is the id of the event that got past last: it never comes again, also not in a row that was deleted and made anew.</remarks>
internal static class SqlFilters
{
    private const string
        Keep = """
            INSERT INTO filter_states (workflow_id, trigger_id, key, state, version, expires_at) VALUES (?1, ?2, ?3, ?4, ?6, ?5)
            ON CONFLICT (workflow_id, trigger_id, key) DO NOTHING
            """,
        Change = "UPDATE filter_states SET state = ?4, version = ?6, expires_at = ?5 WHERE workflow_id = ?1 AND trigger_id = ?2 AND key = ?3 AND version = ?7",
        Count = """
            INSERT INTO filter_counts (workflow_id, trigger_id, passed, by_when, by_dedupe, by_changed, by_throttle, sample, by_repeat, counted_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            ON CONFLICT (workflow_id, trigger_id) DO UPDATE SET passed = filter_counts.passed + ?3, by_when = filter_counts.by_when + ?4, by_dedupe = filter_counts.by_dedupe + ?5,
              by_changed = filter_counts.by_changed + ?6, by_throttle = filter_counts.by_throttle + ?7, by_repeat = filter_counts.by_repeat + ?9, sample = coalesce(?8, filter_counts.sample), counted_at = ?10
            """,
        // Nothing is remembered of a trigger without such a row: by it the rest is found when the trigger is gone.
        CountNothing = """
            INSERT INTO filter_counts (workflow_id, trigger_id, passed, by_when, by_dedupe, by_changed, by_throttle, by_repeat, counted_at) VALUES (?1, ?2, 0, 0, 0, 0, 0, 0, ?3)
            ON CONFLICT (workflow_id, trigger_id) DO NOTHING
            """,
        Forget = "DELETE FROM filter_states WHERE workflow_id = ?1 AND trigger_id = ?2 AND key = ?3";

    public static void Apply(FilterMemoryRead change, SqlSession db)
    {
        var row = db.Sql("SELECT state, version FROM filter_states WHERE workflow_id = ?1 AND trigger_id = ?2 AND key = ?3").Bind(1, change.Id.WorkflowId).Bind(2, change.Id.TriggerId).Bind(3, change.Id.Key);
        (change.Memory, change.LastPassed) = row.Read() ? (new Json(row.Bytes(0)).To<FilterMemory>(), row.Long(1)) : (null, 0);
        row.Reset();
    }

    public static void Apply(FilterPassed change, SqlSession db)
    {
        var row = db.Sql(change.LastPassed == 0 ? Keep : Change)
            .Bind(1, change.Id.WorkflowId).Bind(2, change.Id.TriggerId).Bind(3, change.Id.Key).Bind(4, Json.From(change.Memory)).Bind(5, change.ForgetAt).Bind(6, change.EventId);
        if (change.LastPassed != 0) row.Bind(7, change.LastPassed);
        if (!row.TryRun()) throw JournalException.SupersededBy($"The filters of {change.Id.WorkflowId}/{change.Id.TriggerId} have let another event of the key pass in between.");
        if (change.LastPassed == 0) db.Sql(CountNothing).Bind(1, change.Id.WorkflowId).Bind(2, change.Id.TriggerId).Bind(3, IdSource.TimeOf(change.EventId)).Run();
    }

    public static void Apply(FilterCounted change, SqlSession db)
    {
        var t = change.Tally;
        db.Sql(Count).Bind(1, change.WorkflowId).Bind(2, change.TriggerId).Bind(3, t.Passed).Bind(4, t.When).Bind(5, t.Dedupe).Bind(6, t.Changed).Bind(7, t.Throttle).Bind(8, t.Sample).Bind(9, t.Repeat).Bind(10, change.At).Run();
    }

    public static void Apply(FiltersForgotten change, SqlSession db)
    {
        change.Deleted = 0;
        var old = db.Sql("SELECT 1 FROM filter_counts WHERE workflow_id = ?1 AND trigger_id = ?2 AND counted_at < ?3").Bind(1, change.WorkflowId).Bind(2, change.TriggerId).Bind(3, change.Before);
        var isOld = old.Read();
        old.Reset();
        if (!isOld) return;
        var keys = new List<string>();
        var rows = db.Sql("SELECT key FROM filter_states WHERE workflow_id = ?1 AND trigger_id = ?2 ORDER BY key LIMIT ?3").Bind(1, change.WorkflowId).Bind(2, change.TriggerId).Bind(3, change.Limit);
        while (rows.Read()) keys.Add(rows.Text(0));
        foreach (var key in keys) db.Sql(Forget).Bind(1, change.WorkflowId).Bind(2, change.TriggerId).Bind(3, key).Run();
        change.Deleted = keys.Count;
        if (keys.Count < change.Limit) db.Sql("DELETE FROM filter_counts WHERE workflow_id = ?1 AND trigger_id = ?2").Bind(1, change.WorkflowId).Bind(2, change.TriggerId).Run();
    }

    /// <summary>Deletes what is to be forgotten by then; returns how many.</summary>
    public static int Expire(DateTimeOffset now, int limit, SqlSession db)
    {
        var over = new List<FilterId>();
        var rows = db.Sql("SELECT workflow_id, trigger_id, key FROM filter_states WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2").Bind(1, now).Bind(2, limit);
        while (rows.Read()) over.Add(new(rows.Text(0), rows.Text(1), rows.Text(2)));
        foreach (var id in over) db.Sql(Forget).Bind(1, id.WorkflowId).Bind(2, id.TriggerId).Bind(3, id.Key).Run();
        return over.Count;
    }
}
