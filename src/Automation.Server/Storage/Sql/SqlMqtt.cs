using System.Globalization;
using Automation.Mqtt;
using Automation.Mqtt.Storage;

namespace Automation.Server.Storage.Sql;

/// <summary>The MQTT broker's changes as rows, and the rows as changes.</summary>
internal static class SqlMqtt
{
    // The broker's own numbers stay below this; the number of the broker is above.
    private const int NumberBits = 44;

    private const string OfBroker = " BETWEEN ?1 AND ?2";

    private static readonly string[] OfSession =
    [
        "DELETE FROM mqtt_queue WHERE session_id = ?1",
        "DELETE FROM mqtt_subscriptions WHERE session_id = ?1",
        "DELETE FROM mqtt_incoming WHERE session_id = ?1",
        "DELETE FROM mqtt_sessions WHERE id = ?1",
    ];

    private static readonly string[] OfOneBroker =
    [
        "DELETE FROM mqtt_queue WHERE session_id IN (SELECT session_id FROM mqtt_queue WHERE session_id BETWEEN ?1 AND ?2 LIMIT ?3)",
        "DELETE FROM mqtt_subscriptions WHERE session_id IN (SELECT session_id FROM mqtt_subscriptions WHERE session_id BETWEEN ?1 AND ?2 LIMIT ?3)",
        "DELETE FROM mqtt_incoming WHERE session_id IN (SELECT session_id FROM mqtt_incoming WHERE session_id BETWEEN ?1 AND ?2 LIMIT ?3)",
        "DELETE FROM mqtt_sessions WHERE id IN (SELECT id FROM mqtt_sessions WHERE id BETWEEN ?1 AND ?2 LIMIT ?3)",
        "DELETE FROM mqtt_retained WHERE message_id IN (SELECT message_id FROM mqtt_retained WHERE message_id BETWEEN ?1 AND ?2 LIMIT ?3)",
        "DELETE FROM mqtt_messages WHERE id IN (SELECT id FROM mqtt_messages WHERE id BETWEEN ?1 AND ?2 LIMIT ?3)",
    ];

    /// <summary>Deletes some of what a broker that does not come back has stored; false when nothing was left.</summary>
    public static bool Delete(long broker, int limit, SqlSession db)
    {
        var deleted = false;
        foreach (var delete in OfOneBroker) deleted |= db.Sql(delete).Bind(1, broker << NumberBits).Bind(2, ((broker + 1) << NumberBits) - 1).Bind(3, limit).TryRun();
        return deleted;
    }

    public static void Apply(MqttStored stored, SqlSession db)
    {
        foreach (var change in stored.Changes) Apply(change, db);
    }

    public static void Apply(MqttLoaded load, SqlSession db)
    {
        load.Changes.Clear(); // a refused neighbour makes the unit apply again
        load.Changes.AddRange(Sessions(db));
        load.Changes.AddRange(Subscriptions(db));
        load.Changes.AddRange(Incoming(db));
        load.Changes.AddRange(Messages(db));
        load.Changes.AddRange(Retained(db));
        load.Changes.AddRange(Queue(db));
    }

    private static void Apply(MqttStoreChange change, SqlSession db)
    {
        switch (change)
        {
            case MqttMessageStored c: Apply(c, db); break;
            case MqttMessageQueued c: Apply(c, db); break;
            case MqttMessageFinished c: db.Sql("DELETE FROM mqtt_queue WHERE session_id = ?1 AND sequence = ?2").Bind(1, c.SessionId + First(db)).Bind(2, c.Sequence).Run(); break;
            case MqttMessageDropped c: db.Sql("DELETE FROM mqtt_messages WHERE id = ?1").Bind(1, c.MessageId + First(db)).Run(); break;
            case MqttMessageSent c:
                db.Sql("UPDATE mqtt_queue SET packet_id = ?3, sent_order = ?4 WHERE session_id = ?1 AND sequence = ?2")
                    .Bind(1, c.SessionId + First(db)).Bind(2, c.Sequence).Bind(3, c.PacketId).Bind(4, c.Order).Run();
                break;
            case MqttMessageReceived c: db.Sql("UPDATE mqtt_queue SET received = 1 WHERE session_id = ?1 AND sequence = ?2").Bind(1, c.SessionId + First(db)).Bind(2, c.Sequence).Run(); break;
            case MqttIncomingBegun c:
                db.Sql("INSERT INTO mqtt_incoming (session_id, packet_id) SELECT id, ?2 FROM mqtt_sessions WHERE id = ?1 ON CONFLICT (session_id, packet_id) DO NOTHING").Bind(1, c.SessionId + First(db)).Bind(2, c.PacketId).Run();
                break;
            case MqttIncomingEnded c: db.Sql("DELETE FROM mqtt_incoming WHERE session_id = ?1 AND packet_id = ?2").Bind(1, c.SessionId + First(db)).Bind(2, c.PacketId).Run(); break;
            case MqttSessionChanged c:
                db.Sql("""
                    INSERT INTO mqtt_sessions (id, client_id, user_name, expiry_seconds, expires_at, connected) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                    ON CONFLICT (id) DO UPDATE SET client_id = ?2, user_name = ?3, expiry_seconds = ?4, expires_at = ?5, connected = ?6
                    """)
                    .Bind(1, c.SessionId + First(db)).Bind(2, c.ClientId).Bind(3, c.UserName).Bind(4, c.ExpirySeconds).Bind(5, c.ExpiresAt).Bind(6, c.IsConnected ? 1 : 0).Run();
                break;
            case MqttSessionEnded c:
                foreach (var delete in OfSession) db.Sql(delete).Bind(1, c.SessionId + First(db)).Run();
                break;
            case MqttSubscribed c: Apply(c, db); break;
            case MqttUnsubscribed c: db.Sql("DELETE FROM mqtt_subscriptions WHERE session_id = ?1 AND filter = ?2").Bind(1, c.SessionId + First(db)).Bind(2, c.Filter).Run(); break;
            case MqttRetainedSent c: db.Sql("UPDATE mqtt_subscriptions SET wants_retained = 0 WHERE session_id = ?1 AND filter = ?2").Bind(1, c.SessionId + First(db)).Bind(2, c.Filter).Run(); break;
            case MqttRetainedSet c: db.Sql("INSERT INTO mqtt_retained (topic, message_id, broker) VALUES (?1, ?2, ?3) ON CONFLICT (broker, topic) DO UPDATE SET message_id = ?2").Bind(1, c.Topic).Bind(2, c.MessageId + First(db)).Bind(3, db.Broker).Run(); break;
            case MqttRetainedCleared c:
                db.Sql("DELETE FROM mqtt_retained WHERE topic = ?1 AND message_id = coalesce(?2, message_id) AND broker = ?3").Bind(1, c.Topic).Bind(2, c.MessageId + First(db)).Bind(3, db.Broker).Run();
                break;
            default: throw new InvalidOperationException($"No SQL for {change.GetType().Name}.");
        }
    }

    private static void Apply(MqttMessageStored c, SqlSession db)
    {
        var message = c.Message;
        db.Sql("""
            INSERT INTO mqtt_messages (id, topic, qos, retain, expires_at, properties, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            ON CONFLICT (id) DO UPDATE SET topic = ?2, qos = ?3, retain = ?4, expires_at = ?5, properties = ?6, payload = ?7
            """)
            .Bind(1, c.MessageId + First(db)).Bind(2, message.Topic).Bind(3, (long)message.QualityOfService).Bind(4, message.Retain ? 1 : 0).Bind(5, c.ExpiresAt)
            .BindBlob(6, MqttStoredProperties.Write(message)).BindBlob(7, message.Payload.Span).Run();
    }

    private static void Apply(MqttMessageQueued c, SqlSession db) =>
        db.Sql("""
            INSERT INTO mqtt_queue (session_id, sequence, message_id, qos, retain, identifiers, share)
            SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM mqtt_sessions WHERE id = ?1
            ON CONFLICT (session_id, sequence) DO UPDATE
            SET message_id = ?3, qos = ?4, retain = ?5, identifiers = ?6, share = ?7, packet_id = NULL, sent_order = NULL, received = 0
            """)
            .Bind(1, c.SessionId + First(db)).Bind(2, c.Sequence).Bind(3, c.MessageId + First(db)).Bind(4, (long)c.QualityOfService).Bind(5, c.Retain ? 1 : 0)
            .Bind(6, c.Identifiers.Count == 0 ? null : string.Join(',', c.Identifiers)).Bind(7, c.Share).Run();

    private static void Apply(MqttSubscribed c, SqlSession db) =>
        db.Sql("""
            INSERT INTO mqtt_subscriptions (session_id, filter, qos, no_local, retain_as_published, identifier, wants_retained)
            SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM mqtt_sessions WHERE id = ?1
            ON CONFLICT (session_id, filter) DO UPDATE SET qos = ?3, no_local = ?4, retain_as_published = ?5, identifier = ?6, wants_retained = ?7
            """)
            .Bind(1, c.SessionId + First(db)).Bind(2, c.Filter).Bind(3, (long)c.QualityOfService).Bind(4, c.NoLocal ? 1 : 0).Bind(5, c.RetainAsPublished ? 1 : 0)
            .Bind(6, (long?)c.Identifier).Bind(7, c.WantsRetained ? 1 : 0).Run();

    private static IEnumerable<MqttStoreChange> Sessions(SqlSession db)
    {
        var row = Own(db.Sql("SELECT id, client_id, user_name, expiry_seconds, expires_at, connected FROM mqtt_sessions WHERE id" + OfBroker), db);
        while (row.Read())
        {
            yield return new MqttSessionChanged(row.Long(0) - First(db), row.Text(1), row.TextOrNull(2), (uint)row.Long(3), row.TimeOrNull(4), row.Long(5) != 0);
        }
    }

    private static IEnumerable<MqttStoreChange> Subscriptions(SqlSession db)
    {
        var row = Own(db.Sql("SELECT session_id, filter, qos, no_local, retain_as_published, identifier, wants_retained FROM mqtt_subscriptions WHERE session_id" + OfBroker), db);
        while (row.Read())
        {
            yield return new MqttSubscribed(
                row.Long(0) - First(db), row.Text(1), (MqttQualityOfService)row.Long(2), row.Long(3) != 0, row.Long(4) != 0, (uint?)row.LongOrNull(5), row.Long(6) != 0);
        }
    }

    private static IEnumerable<MqttStoreChange> Incoming(SqlSession db)
    {
        var row = Own(db.Sql("SELECT session_id, packet_id FROM mqtt_incoming WHERE session_id" + OfBroker), db);
        while (row.Read()) yield return new MqttIncomingBegun(row.Long(0) - First(db), (ushort)row.Long(1));
    }

    private static IEnumerable<MqttStoreChange> Messages(SqlSession db)
    {
        var row = Own(db.Sql("SELECT id, topic, qos, retain, expires_at, properties, payload FROM mqtt_messages WHERE id" + OfBroker), db);
        while (row.Read())
        {
            var message = MqttStoredProperties.Read(row.Text(1), row.Bytes(6), (MqttQualityOfService)row.Long(2), row.Long(3) != 0, row.Bytes(5));
            yield return new MqttMessageStored(row.Long(0) - First(db), message, row.TimeOrNull(4));
        }
    }

    private static IEnumerable<MqttStoreChange> Retained(SqlSession db)
    {
        var row = Own(db.Sql("SELECT topic, message_id FROM mqtt_retained WHERE message_id" + OfBroker), db);
        while (row.Read()) yield return new MqttRetainedSet(row.Text(0), row.Long(1) - First(db));
    }

    private static IEnumerable<MqttStoreChange> Queue(SqlSession db)
    {
        var row = Own(db.Sql("SELECT session_id, sequence, message_id, qos, retain, identifiers, share, packet_id, sent_order, received FROM mqtt_queue WHERE session_id" + OfBroker), db);
        while (row.Read())
        {
            long session = row.Long(0) - First(db), sequence = row.Long(1);
            yield return new MqttMessageQueued(
                session, sequence, row.Long(2) - First(db), (MqttQualityOfService)row.Long(3), row.Long(4) != 0, Identifiers(row.TextOrNull(5)), row.TextOrNull(6));
            if (row.LongOrNull(7) is { } packetId) yield return new MqttMessageSent(session, sequence, (ushort)packetId, row.Long(8));
            if (row.Long(9) != 0) yield return new MqttMessageReceived(session, sequence);
        }
    }

    private static long First(SqlSession db) => db.Broker << NumberBits;

    private static SqlStatement Own(SqlStatement rows, SqlSession db) => rows.Bind(1, First(db)).Bind(2, First(db) + (1L << NumberBits) - 1);

    private static uint[] Identifiers(string? text) =>
        text is null ? [] : Array.ConvertAll(text.Split(','), number => uint.Parse(number, CultureInfo.InvariantCulture));
}
