using Automation.Server.Deliveries;

namespace Automation.Server.Storage.Sql;

/// <summary>Deliveries from their queueing to their end. Of those in order, one of a key is due at a time: the others are due never, until the end of the one before frees them.</summary>
internal static class SqlDeliveries
{
    private const string
        OthersDelivery = "The delivery is not this server's any more.",
        HasOpenOfKey = "SELECT 1 FROM deliveries WHERE destination = ?1 AND order_key = ?2 AND next_attempt_at IS NOT NULL LIMIT 1",
        FreeFirstOfKey = "UPDATE deliveries SET next_attempt_at = ?3 WHERE id = (SELECT min(id) FROM deliveries WHERE destination = ?1 AND order_key = ?2 AND next_attempt_at IS NOT NULL) AND next_attempt_at = ?4";

    public static void Apply(DeliveryQueued change, SqlSession db)
    {
        var d = change.Delivery;
        d.Owner = change.Held ? db.Server : 0;
        var firstAttemptAt = d.Request.OrderKey is { } key && Exists(db.Sql(HasOpenOfKey).Bind(1, d.Destination).Bind(2, key)) ? Delivery.Blocked : SqlEndpoints.DueAt(d.Request.Endpoint, d.FirstAttemptAt, db);
        db.Sql("""
            INSERT INTO deliveries (id, run_id, workflow_id, step_id, idempotency_key, destination, state, owner, next_attempt_at, attempts, max_attempts, request, body, created_at, order_key, endpoint_id, emission_id)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending', ?7, ?12, 0, ?9, ?10, ?11, ?8, ?13, ?14, ?15)
            """)
            .Bind(1, d.Id).Bind(2, d.RunId).Bind(3, d.WorkflowId).Bind(4, d.StepId).Bind(5, d.IdempotencyKey).Bind(6, d.Destination)
            .Bind(7, change.Held ? db.Server : null).Bind(8, d.CreatedAt).Bind(9, d.Request.MaxAttempts)
            .BindText(10, StoredRequest.Write(d.Request)).BindBlob(11, d.Request.Body.Span).Bind(12, firstAttemptAt).Bind(13, d.Request.OrderKey).Bind(14, d.Request.Endpoint).Bind(15, d.Request.EmissionId).Run();
    }

    public static void Apply(DeliveryAttempted c, SqlSession db)
    {
        var a = c.Attempt;
        var endedAt = a.StartedAt.AddMilliseconds(a.DurationMs);
        db.Sql("UPDATE deliveries SET state = ?2, owner = NULL, next_attempt_at = ?3, attempts = ?4, ended_at = ?5 WHERE id = ?1 AND owner = ?6")
            .Bind(1, c.DeliveryId).Bind(2, c.State).Bind(3, c.NextAttemptAt is { } next ? SqlEndpoints.DueAt(c.Endpoint?.Id, next, db) : null).Bind(4, a.Number)
            .Bind(5, c.NextAttemptAt is null ? endedAt : null).Bind(6, c.Owner).RunOrSupersede(OthersDelivery);
        db.Sql("""
            INSERT INTO attempts (delivery_id, number, started_at, duration_ms, status, error, message, response_head, request_head, dns_ms, connect_ms, tls_ms, first_byte_ms, total_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
            ON CONFLICT (delivery_id, number) DO UPDATE SET started_at = ?3, duration_ms = ?4, status = ?5, error = ?6, message = ?7, response_head = ?8,
              request_head = ?9, dns_ms = ?10, connect_ms = ?11, tls_ms = ?12, first_byte_ms = ?13, total_ms = ?14
            """)
            .Bind(1, c.DeliveryId).Bind(2, a.Number).Bind(3, a.StartedAt).Bind(4, a.DurationMs).Bind(5, a.Status).Bind(6, a.Error).Bind(7, a.Message).Bind(8, a.ResponseHead)
            .Bind(9, a.RequestHead).Bind(10, a.Timing?.DnsMs).Bind(11, a.Timing?.ConnectMs).Bind(12, a.Timing?.TlsMs).Bind(13, a.Timing?.FirstByteMs).Bind(14, a.Timing?.TotalMs).Run();
        if (c.Order is { } order && c.NextAttemptAt is null) Free(order.Destination, order.Key, SqlEndpoints.DueAt(c.Endpoint?.Id, endedAt, db), db);
        if (c.Endpoint is { } endpoint) SqlEndpoints.Note(endpoint, db);
    }

    public static void Apply(DeliveryReleased c, SqlSession db) =>
        db.Sql("UPDATE deliveries SET owner = NULL, next_attempt_at = CASE WHEN EXISTS (SELECT 1 FROM endpoints e WHERE e.id = deliveries.endpoint_id AND e.state <> 'active') THEN ?3 ELSE next_attempt_at END WHERE id = ?1 AND owner = ?2")
            .Bind(1, c.DeliveryId).Bind(2, c.Owner).Bind(3, Delivery.Paused).Run();

    public static void Apply(DeliveryReplayed c, SqlSession db)
    {
        c.Replayed = false;
        var row = db.Sql("SELECT attempts, request, destination, order_key, endpoint_id FROM deliveries WHERE id = ?1 AND state IN ('dead', 'succeeded')").Bind(1, c.DeliveryId);
        if (!row.Read()) return;
        var maxAttempts = row.Long(0) + StoredRequest.Read(row.Bytes(1), []).MaxAttempts;
        var (destination, key, endpoint) = (row.Text(2), row.TextOrNull(3), row.TextOrNull(4));
        row.Reset();
        var waits = key is not null && Exists(db.Sql(HasOpenOfKey).Bind(1, destination).Bind(2, key));
        db.Sql("UPDATE deliveries SET state = 'pending', next_attempt_at = ?2, max_attempts = ?3, ended_at = NULL WHERE id = ?1")
            .Bind(1, c.DeliveryId).Bind(2, waits ? Delivery.Blocked : SqlEndpoints.DueAt(endpoint, c.At, db)).Bind(3, maxAttempts).Run();
        if (c.NewKey) db.Sql("UPDATE deliveries SET idempotency_key = idempotency_key || '.r' || CAST(?2 AS TEXT) WHERE id = ?1").Bind(1, c.DeliveryId).Bind(2, db.Ids.Next()).Run();
        c.Replayed = true;
    }

    private static void Free(string destination, string key, DateTimeOffset now, SqlSession db)
    {
        db.Sql(FreeFirstOfKey).Bind(1, destination).Bind(2, key).Bind(3, now).Bind(4, Delivery.Blocked).Run();
        db.Notify();
    }

    private static bool Exists(SqlStatement rows)
    {
        var exists = rows.Read();
        rows.Reset();
        return exists;
    }
}
