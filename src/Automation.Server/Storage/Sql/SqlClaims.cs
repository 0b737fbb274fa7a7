using Automation.Server.Deliveries;

namespace Automation.Server.Storage.Sql;

/// <summary>Takes hold of due deliveries, oldest due first.</summary>
/// <remarks>
/// Goes from destination to destination in the index <c>deliveries_open</c> and looks at the first row of each: one seek a destination, however many rows
/// wait behind it. Each delivery that is taken costs a seek more, for the next of its destination.
/// </remarks>
internal static class SqlClaims
{
    // All of them are answered by the index alone: its columns, and the id that every index entry ends with.
    public const string
        FirstDestination = "SELECT destination, next_attempt_at, id FROM deliveries WHERE owner IS NULL AND next_attempt_at IS NOT NULL ORDER BY destination, next_attempt_at, id LIMIT 1",
        NextDestination = "SELECT destination, next_attempt_at, id FROM deliveries WHERE owner IS NULL AND next_attempt_at IS NOT NULL AND destination > ?1 ORDER BY destination, next_attempt_at, id LIMIT 1",
        NextOfDestination = "SELECT destination, next_attempt_at, id FROM deliveries WHERE owner IS NULL AND next_attempt_at IS NOT NULL AND destination = ?1 ORDER BY next_attempt_at, id LIMIT 1";

    public static void Apply(DeliveriesClaimed change, SqlSession db)
    {
        var now = change.Now.ToUnixTimeMilliseconds();
        var except = new HashSet<string>(change.Except, StringComparer.Ordinal);
        var due = new PriorityQueue<Head, (long Due, long Id)>();
        long? later = null;
        change.Deliveries.Clear(); // a refused neighbour makes the unit apply again
        foreach (var head in Heads(db)) Sort(head);
        while (change.Deliveries.Count < change.Limit && due.TryDequeue(out var head, out _))
        {
            db.Sql("UPDATE deliveries SET owner = ?2 WHERE id = ?1").Bind(1, head.Id).Bind(2, db.Server).Run();
            change.Deliveries.Add(Read(db, head.Id));
            if (Next(db.Sql(NextOfDestination).Bind(1, head.Destination)) is { } next) Sort(next);
        }

        change.NextDue = later is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

        void Sort(Head head)
        {
            if (except.Contains(head.Destination)) return;
            if (head.Due <= now) due.Enqueue(head, (head.Due, head.Id));
            else later = later < head.Due ? later : head.Due;
        }
    }

    /// <summary>The earliest due delivery of each destination that has one which nobody holds.</summary>
    private static IEnumerable<Head> Heads(SqlSession db)
    {
        for (var head = Next(db.Sql(FirstDestination)); head is { } found; head = Next(db.Sql(NextDestination).Bind(1, found.Destination))) yield return found;
    }

    private static Head? Next(SqlStatement rows)
    {
        Head? head = rows.Read() ? new Head(rows.Text(0), rows.Long(1), rows.Long(2)) : null;
        rows.Reset();
        return head;
    }

    private static Delivery Read(SqlSession db, long id)
    {
        var row = db.Sql("SELECT id, run_id, workflow_id, step_id, idempotency_key, destination, attempts, request, body, created_at, max_attempts FROM deliveries WHERE id = ?1").Bind(1, id);
        row.Read();
        var request = StoredRequest.Read(row.Bytes(7), row.Bytes(8));
        var maxAttempts = (int)row.Long(10);
        var delivery = new Delivery(
            row.Long(0),
            row.Long(1),
            row.Text(2),
            row.Text(3),
            row.Text(4),
            row.Text(5),
            request with { MaxAttempts = maxAttempts },
            row.Time(9),
            (int)row.Long(6))
        {
            Owner = db.Server,
            AttemptsBeforeReplay = maxAttempts - request.MaxAttempts, // a replay allows that many on top of those made
        };
        row.Reset();
        return delivery;
    }

    /// <summary>The first delivery of a destination.</summary>
    private readonly record struct Head(string Destination, long Due, long Id);
}
