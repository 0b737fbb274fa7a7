using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>A session's side of the store. Only sessions that outlive their connection have one. Used under the session's lock.</summary>
internal sealed class SessionRecord(StoreLog log, long id)
{
    public long Id => id;

    public MqttSessionChanged Connected(Session session) => Changed(session, expiresAt: null, isConnected: true);

    /// <summary>Of a session that was left, only what is known to be sent is marked as repeated after a crash.</summary>
    public void Left(Session session)
    {
        log.AppendSent();
        log.AppendLater(Changed(session, log.Now + TimeSpan.FromSeconds(session.ExpirySeconds), isConnected: false));
    }

    /// <summary>The session was found connected at the start: it ends if the client does not come back in time.</summary>
    public void Missing(Session session, DateTimeOffset expiresAt) => log.AppendLater(Changed(session, expiresAt, isConnected: true));

    public MqttMessageQueued Queued(in Delivery delivery) => new(
        id, delivery.Sequence, delivery.Stored!.Id, delivery.QualityOfService, delivery.Retain, delivery.Identifiers ?? [], delivery.Share?.Text);

    public MqttMessageSent Sent(InFlight entry) => new(id, entry.Delivery.Sequence, entry.PacketId, entry.Order);

    /// <inheritdoc cref="StoreLog.AppendUnlessFinished"/>
    public void AppendUnlessFinished(InFlight entry) => log.AppendUnlessFinished(Sent(entry));

    /// <inheritdoc cref="StoreLog.AppendSent"/>
    public void AppendSent() => log.AppendSent();

    public void AppendLater(params ReadOnlySpan<MqttStoreChange> changes) => log.AppendLater(changes);

    public ValueTask AppendAsync(params IReadOnlyList<MqttStoreChange> changes) => log.AppendAsync(changes);

    /// <summary>A message that is not stored yet is about to be sent: a retained one for a new subscription, or one of the broker's own.</summary>
    public Delivery Adopt(Delivery delivery, List<MqttStoreChange> changes)
    {
        var stored = delivery.Message.Stored;
        if (stored is null || !stored.TryAddReference())
        {
            stored = new StoredMessage(log.NextMessageId(), log) { State = StoredMessageState.Ready };
            changes.Add(delivery.Message.ToStore(stored, log.Now));
        }

        delivery = delivery with { Stored = stored };
        changes.Add(Queued(delivery));
        return delivery;
    }

    /// <summary>The message does not wait for the session any more.</summary>
    public void Finished(in Delivery delivery)
    {
        if (delivery.Stored is null)
            return;
        log.AppendFinished(new MqttMessageFinished(id, delivery.Sequence));
        delivery.Stored.Release();
    }

    private MqttSessionChanged Changed(Session session, DateTimeOffset? expiresAt, bool isConnected) =>
        new(id, session.ClientId, session.Owner, session.ExpirySeconds, expiresAt, isConnected);
}
