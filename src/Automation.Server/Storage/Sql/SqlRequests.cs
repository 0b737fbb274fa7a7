using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Requests to hooks that started nothing, and the paths whose requests are kept on purpose.</summary>
internal static class SqlRequests
{
    private const string
        Insert = """
            INSERT INTO requests (id, at, outcome, method, path, query, headers, content_type, body, body_size, remote_address, status, workflow_id, trigger_id, scheme, reason, hint, signed, skipped)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
            """,
        Trim = "DELETE FROM requests WHERE id < (SELECT id FROM requests ORDER BY id DESC LIMIT 1 OFFSET ?1)",
        Capture = "INSERT INTO captures (path, until_at) VALUES (?1, ?2) ON CONFLICT (path) DO UPDATE SET until_at = ?2";

    public static void Apply(RequestKept change, SqlSession db)
    {
        var r = change.Request;
        db.Sql(Insert).Bind(1, r.Id).Bind(2, r.At).Bind(3, JsonFormat.NameOf(r.Outcome)).Bind(4, r.Method).Bind(5, r.Path).Bind(6, r.Query).Bind(7, r.Headers).Bind(8, r.ContentType).BindBlob(9, r.Body)
            .Bind(10, r.BodySize).Bind(11, r.RemoteAddress).Bind(12, r.Status).Bind(13, r.WorkflowId).Bind(14, r.TriggerId).Bind(15, r.Scheme).Bind(16, r.Reason).Bind(17, r.Hint).Bind(18, r.Signed).Bind(19, r.Skipped).Run();
        db.Sql(Trim).Bind(1, Math.Max(0, change.Most - 1)).Run();
    }

    public static void Apply(PathCaptured change, SqlSession db)
    {
        db.Sql("DELETE FROM captures WHERE until_at <= ?1").Bind(1, change.Now).Run();
        if (change.Until is { } until) db.Sql(Capture).Bind(1, change.Path).Bind(2, until).Run();
        else db.Sql("DELETE FROM captures WHERE path = ?1").Bind(1, change.Path).Run();
    }
}
