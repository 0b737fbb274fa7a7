using Automation.Mqtt.Packets;
using Automation.Mqtt.Storage;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>SUBSCRIBE and UNSUBSCRIBE — MQTT 5 §3.8 to §3.11.</summary>
internal sealed class SubscribeHandler(BrokerContext broker, ClientConnection connection, CommitLine commits)
{
    public async ValueTask SubscribeAsync(SubscribePacket packet)
    {
        var codes = new MqttReasonCode[packet.Subscriptions.Count + packet.Excess];
        codes.AsSpan(packet.Subscriptions.Count).Fill(MqttReasonCode.QuotaExceeded);
        // By filter: one that is repeated brings its retained messages once, as its last repetition asks for them.
        var wantRetained = new OrderedDictionary<string, Subscription>(StringComparer.Ordinal);
        var identifier = packet.Properties?.SubscriptionIdentifiers is { Count: > 0 } identifiers ? new[] { identifiers[0] } : null;
        for (var index = 0; index < packet.Subscriptions.Count; index++)
        {
            var request = packet.Subscriptions[index];
            codes[index] = await DecideAsync(request);
            if (codes[index] >= MqttReasonCode.UnspecifiedError || !TopicFilter.TryParse(request.Filter, out var filter))
                continue;
            var subscription = new Subscription(connection.Session, filter, request.QualityOfService)
            {
                NoLocal = request.NoLocal,
                RetainAsPublished = request.RetainAsPublished,
                Identifiers = identifier,
            };
            if (!TryAdd(subscription, out var isNew))
                codes[index] = MqttReasonCode.QuotaExceeded;
            else if (filter.ShareName is not null)
                continue; // no retained messages — §4.8.2
            else if (request.RetainHandling == 0 || (request.RetainHandling == 1 && isNew) || wantRetained.ContainsKey(filter.Text))
                wantRetained[filter.Text] = subscription;
        }

        if (wantRetained.Keys.Any(static filter => SystemTopics.Owns(filter)))
            broker.SystemTopics.Renew();
        var answer = new SubackPacket(PacketType.Suback) { PacketId = packet.PacketId, ReasonCodes = codes };
        if (connection.Session.Record is { } record)
            commits.AddOrClose(StoreAsync(record, packet, codes, wantRetained), Answer);
        else
            Answer();

        void Answer() => connection.SendThen(answer, session => SendRetained(session, wantRetained.Values));
    }

    private ValueTask StoreAsync(SessionRecord record, SubscribePacket packet, MqttReasonCode[] codes, OrderedDictionary<string, Subscription> wantRetained)
    {
        List<MqttStoreChange> changes = [];
        var session = connection.Session;
        lock (session.Lock)
        {
            for (var index = 0; index < packet.Subscriptions.Count; index++)
            {
                if (codes[index] >= MqttReasonCode.UnspecifiedError || !session.Subscriptions.TryGetValue(packet.Subscriptions[index].Filter, out var made))
                    continue;
                var filter = made.Filter.Text;
                changes.Add(new MqttSubscribed(
                    record.Id, filter, made.QualityOfService, made.NoLocal, made.RetainAsPublished, made.Identifiers is [var number, ..] ? number : null,
                    WantsRetained: made.QualityOfService != MqttQualityOfService.AtMostOnce && wantRetained.ContainsKey(filter)));
            }

            return changes.Count > 0 && !session.IsEnded ? record.AppendAsync(changes) : default;
        }
    }

    public void Unsubscribe(UnsubscribePacket packet)
    {
        var codes = new MqttReasonCode[packet.Filters.Count];
        for (var index = 0; index < codes.Length; index++)
            codes[index] = Remove(packet.Filters[index]);
        var answer = new SubackPacket(PacketType.Unsuback) { PacketId = packet.PacketId, ReasonCodes = codes };
        if (connection.Session.Record is { } record)
            commits.AddOrClose(record.AppendAsync([.. packet.Filters.Select(filter => new MqttUnsubscribed(record.Id, filter))]), () => connection.Send(answer));
        else
            connection.Send(answer);
    }

    private async ValueTask<MqttReasonCode> DecideAsync(SubscriptionRequest request)
    {
        if (!TopicFilter.TryParse(request.Filter, out var filter) || TopicLevels.AreMoreThan(broker.Options.MaxTopicLevels, filter.Filter))
            return MqttReasonCode.TopicFilterInvalid;
        if (IsDenied(filter))
            return MqttReasonCode.UnspecifiedError;
        if (broker.Options.OnSubscribe is { } hook)
        {
            var context = new MqttSubscribeContext { Client = connection.Client, Filter = filter, QualityOfService = request.QualityOfService };
            var answer = await broker.AskAsync(hook, context, "OnSubscribe");
            if (answer >= MqttReasonCode.UnspecifiedError)
                return ReasonCodeTable.IsAllowed(PacketType.Suback, (byte)answer) ? answer : MqttReasonCode.UnspecifiedError;
        }

        return (MqttReasonCode)request.QualityOfService;
    }

    private bool IsDenied(TopicFilter filter)
    {
        foreach (var denied in broker.Options.DenySubscribe)
        {
            if (denied.Covers(filter))
                return true;
        }

        return false;
    }

    private bool TryAdd(Subscription subscription, out bool isNew)
    {
        var session = connection.Session;
        lock (session.Lock)
        {
            isNew = !session.Subscriptions.ContainsKey(subscription.Filter.Text);
            if (session.IsEnded)
                return true; // taken over meanwhile: the answer goes nowhere
            if (isNew && session.Subscriptions.Count >= broker.Options.MaxSubscriptionsPerSession)
                return false;
            session.Subscriptions[subscription.Filter.Text] = subscription;
            broker.Subscriptions.Set(subscription);
            return true;
        }
    }

    private MqttReasonCode Remove(string filter)
    {
        var session = connection.Session;
        List<Delivery> left = [];
        lock (session.Lock)
        {
            if (!session.Subscriptions.Remove(filter, out var subscription))
                return TopicFilter.TryParse(filter, out _) ? MqttReasonCode.NoSubscriptionExisted : MqttReasonCode.TopicFilterInvalid;
            broker.Subscriptions.Remove(subscription);
            session.Outgoing.RemoveRetained(filter);
            if (subscription.Filter.ShareName is not null)
                left = session.Outgoing.TakeShared(subscription.Filter);
        }

        broker.Redelivery.Redeliver(left, session.Record is { } record
            ? [.. left.Where(delivery => delivery.Stored is not null).Select(delivery => new MqttMessageFinished(record.Id, delivery.Sequence))]
            : null);
        foreach (var delivery in left)
            delivery.Stored?.Release();
        return MqttReasonCode.Success;
    }

    // Under the session's lock: a publish that comes now is queued after the retained message it replaces.
    private static void SendRetained(Session session, IEnumerable<Subscription> subscriptions)
    {
        foreach (var subscription in subscriptions)
            session.Outgoing.AddRetained(subscription);
    }
}
