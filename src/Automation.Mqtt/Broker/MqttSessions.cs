namespace Automation.Mqtt.Broker;

/// <summary>The sessions of a broker and their subscriptions, to look into and to end. All members may be used from any thread.</summary>
/// <remarks>
/// A list is made of a copy of references: the broker waits for that copy only, some 100 µs for 100,000 sessions. Each item is true by
/// itself; sessions that come and go between two pages may be missed, never listed twice.
/// </remarks>
public sealed class MqttSessions
{
    // What one call looks at, where a filter passes few.
    private const int MostLookedAt = 20_000;

    private readonly BrokerContext _broker;

    internal MqttSessions(BrokerContext broker) => _broker = broker;

    /// <summary>Sessions that the query asks for, by client identifier.</summary>
    public IReadOnlyList<MqttSessionStatus> List(MqttSessionQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return [.. _broker.Sessions.Copy()
            .Where(session => IsWanted(session, query))
            .OrderBy(session => session.ClientId, StringComparer.Ordinal)
            .Take(query.Limit)
            .Select(StatusOf)];
    }

    /// <summary>A client's session, connected or not; null when there is none.</summary>
    public MqttSessionStatus? Find(string clientId) => _broker.Sessions.Find(clientId) is { } session ? StatusOf(session) : null;

    /// <summary>Subscriptions that the query asks for. Looks at 20,000 at most, so that a page may have fewer than the limit and not be the last.</summary>
    public MqttSubscriptionPage Subscriptions(MqttSubscriptionQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var from = query.After?.ClientId;
        Session[] all = query.ClientId is { } id ? _broker.Sessions.Find(id) is { } one ? [one] : [] : _broker.Sessions.Copy();
        List<MqttSubscriptionStatus> found = [];
        var left = MostLookedAt;
        var sessions = all.Where(session => from is null || string.CompareOrdinal(session.ClientId, from) >= 0).OrderBy(session => session.ClientId, StringComparer.Ordinal);
        foreach (var session in sessions)
        {
            foreach (var subscription in SubscriptionsOf(session))
            {
                if (query.After is { } after && session.ClientId == after.ClientId && string.CompareOrdinal(subscription.Filter.Text, after.Filter) <= 0)
                    continue;
                if (IsWanted(subscription, query))
                    found.Add(StatusOf(subscription));
                if (found.Count == query.Limit || --left <= 0)
                    return new MqttSubscriptionPage(found, (session.ClientId, subscription.Filter.Text));
            }
        }

        return new MqttSubscriptionPage(found, null);
    }

    /// <summary>Ends a session: its subscriptions and waiting messages are gone, a connected client is disconnected with 0x98, and a will is published.</summary>
    /// <param name="clientId">The client identifier.</param>
    /// <returns>False when there is no such session. Completes when the end is stored.</returns>
    public async ValueTask<bool> EndAsync(string clientId)
    {
        if (!_broker.Sessions.TryEnd(clientId))
            return false;
        if (_broker.Log is { } log)
            await log.FlushAsync();
        return true;
    }

    private static bool IsWanted(Session session, MqttSessionQuery query) =>
        (query.IsConnected is not { } connected || connected == session.Connection is not null)
        && (query.ClientIdPart is not { } part || session.ClientId.Contains(part, StringComparison.Ordinal))
        && (query.UserName is not { } user || session.Owner == user)
        && (query.After is not { } after || string.CompareOrdinal(session.ClientId, after) > 0);

    private static bool IsWanted(Subscription subscription, MqttSubscriptionQuery query) =>
        (query.Filter is not { } filter || subscription.Filter.Text == filter) && (query.Topic is not { } topic || subscription.Filter.Matches(topic));

    private static List<Subscription> SubscriptionsOf(Session session)
    {
        List<Subscription> all;
        lock (session.Lock)
            all = [.. session.Subscriptions.Values];
        all.Sort(static (one, other) => string.CompareOrdinal(one.Filter.Text, other.Filter.Text));
        return all;
    }

    private static MqttSubscriptionStatus StatusOf(Subscription subscription) => new(
        subscription.Session.ClientId, subscription.Filter, subscription.QualityOfService, subscription.NoLocal, subscription.RetainAsPublished,
        subscription.Identifiers is [var identifier, ..] ? identifier : null, subscription.IsAllowed);

    private static MqttSessionStatus StatusOf(Session session)
    {
        lock (session.Lock)
        {
            return new MqttSessionStatus
            {
                ClientId = session.ClientId,
                UserName = session.Owner,
                Client = session.Connection?.Status,
                ExpirySeconds = session.ExpirySeconds,
                ExpiresAt = session.ExpiresAt,
                SubscriptionCount = session.Subscriptions.Count,
                InFlight = session.Outgoing.InFlightCount,
                QueuedMessages = session.Outgoing.QueuedCount,
                QueuedBytes = session.Outgoing.Bytes,
                MessagesDropped = session.Outgoing.DroppedCount,
            };
        }
    }
}
