namespace Automation.Mqtt.Broker;

/// <summary>Brings a message to the sessions that subscribe to its topic.</summary>
internal sealed class Router(SubscriptionTree subscriptions, RetainedStore retained, Observers observers, MqttBrokerMetrics metrics)
{
    [ThreadStatic]
    private static Matches? t_matches;

    [ThreadStatic]
    private static Dictionary<Session, Copy>? t_copies;

    /// <param name="message">The message.</param>
    /// <param name="origin">The publisher's session, for No Local; null when the application publishes.</param>
    /// <param name="unit">What is to be stored of it; null for nothing.</param>
    /// <returns>The number of sessions that subscribe to the topic; a shared subscription counts as one.</returns>
    public int Route(RoutedMessage message, Session? origin, RoutingUnit? unit = null)
    {
        if (message.Message.Retain && !(unit?.TryRetain() ?? retained.TrySet(message)))
            metrics.NotRetained();
        if (observers.AreAny)
            observers.Observe(message, origin?.ClientId);

        var matches = t_matches ??= new Matches();
        subscriptions.Collect(message.Message.Topic, matches);
        try
        {
            var receivers = matches.Subscriptions.Count switch
            {
                0 => 0,
                1 => DeliverOne(message, matches.Subscriptions[0], origin, unit),
                _ => DeliverMerged(message, matches.Subscriptions, origin, unit),
            };
            // A copy of its own, whatever else the session subscribes to: it may go to another member one day.
            foreach (var group in matches.Groups)
                DeliverShared(message, group, unit);
            return receivers + matches.Groups.Count;
        }
        finally
        {
            matches.Clear();
        }
    }

    /// <summary>Gives messages of shared subscriptions that a session leaves behind to the other members of each.</summary>
    public void Redeliver(List<Delivery> left)
    {
        foreach (var delivery in left)
        {
            if (delivery.Message.IsExpired)
                metrics.Expired();
            else
                DeliverShared(delivery.Message, subscriptions.FindGroup(delivery.Share!));
        }
    }

    /// <summary>Brings a message to one group.</summary>
    public void DeliverShared(RoutedMessage message, ShareGroup? group, RoutingUnit? unit = null)
    {
        if (group is null || !group.TryDeliver(message, unit))
            metrics.QueueFull(1);
    }

    private int DeliverOne(RoutedMessage message, Subscription match, Session? origin, RoutingUnit? unit)
    {
        if (!match.IsAllowed || (match.NoLocal && match.Session == origin))
            return 0;
        Deliver(match.Session, message, new Copy(match.QualityOfService, match.RetainAsPublished, match.Identifiers), unit);
        return 1;
    }

    // Overlapping subscriptions of one session: one copy with the highest QoS and all identifiers — §3.3.4.
    private int DeliverMerged(RoutedMessage message, List<Subscription> matches, Session? origin, RoutingUnit? unit)
    {
        var copies = t_copies ??= [];
        try
        {
            foreach (var match in matches)
            {
                if (!match.IsAllowed || (match.NoLocal && match.Session == origin))
                    continue;
                var copy = new Copy(match.QualityOfService, match.RetainAsPublished, match.Identifiers);
                copies[match.Session] = copies.TryGetValue(match.Session, out var other) ? copy.Merge(other) : copy;
            }

            foreach (var (session, copy) in copies)
                Deliver(session, message, copy, unit);
            return copies.Count;
        }
        finally
        {
            copies.Clear();
        }
    }

    private void Deliver(Session session, RoutedMessage message, Copy copy, RoutingUnit? unit)
    {
        var qos = (MqttQualityOfService)Math.Min((byte)copy.QualityOfService, (byte)message.Message.QualityOfService);
        var dropped = session.Deliver(message, qos, copy.RetainAsPublished && message.Message.Retain, copy.Identifiers, unit);
        if (dropped > 0)
            metrics.QueueFull(dropped);
    }

    private readonly record struct Copy(MqttQualityOfService QualityOfService, bool RetainAsPublished, uint[]? Identifiers)
    {
        public Copy Merge(Copy other) => new(
            QualityOfService > other.QualityOfService ? QualityOfService : other.QualityOfService,
            RetainAsPublished || other.RetainAsPublished,
            Identifiers is null ? other.Identifiers : other.Identifiers is null ? Identifiers : [.. other.Identifiers, .. Identifiers]);
    }
}
