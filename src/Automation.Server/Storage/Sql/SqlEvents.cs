using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>Stored events, as they were accepted.</summary>
internal static class SqlEvents
{
    /// <summary>The columns that <see cref="Of"/> reads, of the table or alias <c>e</c>.</summary>
    public const string Columns = "e.id, e.trigger_type, e.type, e.source, e.subject, e.accepted_at, e.attributes, e.content_type, e.body";

    private const string ById = "SELECT " + Columns + " FROM events e WHERE e.id = ?1";

    public static Event Read(long id, SqlSession db)
    {
        var row = db.Sql(ById).Bind(1, id);
        if (!row.Read()) throw new InvalidOperationException($"Event {id} is gone, which a wait is still to look at.");
        var found = Of(row, 0);
        row.Reset();
        return found;
    }

    /// <param name="row">At a row.</param>
    /// <param name="first">Place of the first of the <see cref="Columns"/>.</param>
    public static Event Of(SqlStatement row, int first) => new()
    {
        Id = row.Long(first),
        Trigger = row.Text(first + 1),
        Type = row.Text(first + 2),
        Source = row.Text(first + 3),
        Subject = row.TextOrNull(first + 4),
        AcceptedAt = row.Time(first + 5),
        Attributes = new Json(row.Bytes(first + 6)),
        ContentType = row.TextOrNull(first + 7),
        Body = row.Bytes(first + 8),
    };
}
