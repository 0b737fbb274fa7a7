using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>A session as it is at one moment.</summary>
public sealed record MqttSessionStatus
{
    /// <summary>The client identifier.</summary>
    public required string ClientId { get; init; }

    /// <summary>The user name of the client that the session belongs to, or null.</summary>
    public required string? UserName { get; init; }

    /// <summary>The connected client; null while it is away.</summary>
    public required MqttConnectionStatus? Client { get; init; }

    /// <summary>Seconds that the session lives on without a connection; 0 ends it with its connection.</summary>
    public required uint ExpirySeconds { get; init; }

    /// <summary>When the session ends unless its client comes back; null while the client is connected.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Number of subscriptions.</summary>
    public required int SubscriptionCount { get; init; }

    /// <summary>QoS 1 and 2 messages sent and not finished.</summary>
    public required int InFlight { get; init; }

    /// <summary>Messages that wait to be sent, without retained ones for a new subscription.</summary>
    public required int QueuedMessages { get; init; }

    /// <summary>Bytes of the messages that wait or are in flight, as <see cref="MqttBrokerOptions.MaxQueuedBytes"/> counts them.</summary>
    public required long QueuedBytes { get; init; }

    /// <summary>Messages that the client was to get and did not, since the session began or the broker was started: no room, expired, too large for it.</summary>
    public required long MessagesDropped { get; init; }
}

/// <summary>One subscription of a session.</summary>
/// <param name="ClientId">The session's client identifier.</param>
/// <param name="Filter">The filter, with the share of a shared subscription.</param>
/// <param name="QualityOfService">The QoS that was granted.</param>
/// <param name="NoLocal">Whether the client does not get its own messages.</param>
/// <param name="RetainAsPublished">Whether messages keep their RETAIN flag.</param>
/// <param name="Identifier">The subscription identifier, or null.</param>
/// <param name="IsAllowed">False when the last review refused it (<see cref="MqttBroker.ReviewSubscriptionsAsync"/>): it delivers nothing.</param>
public sealed record MqttSubscriptionStatus(
    string ClientId, TopicFilter Filter, MqttQualityOfService QualityOfService, bool NoLocal, bool RetainAsPublished, uint? Identifier, bool IsAllowed);

/// <summary>Which sessions to list. They are listed by client identifier, in ordinal order.</summary>
public sealed record MqttSessionQuery
{
    /// <summary>Only those with a connection, or only those without.</summary>
    public bool? IsConnected { get; init; }

    /// <summary>Only those whose client identifier contains this text.</summary>
    public string? ClientIdPart { get; init; }

    /// <summary>Only those of this user.</summary>
    public string? UserName { get; init; }

    /// <summary>Only those whose client identifier comes after this one: the last of the page before.</summary>
    public string? After { get; init; }

    /// <summary>Most sessions to list.</summary>
    public required int Limit { get; init; }
}

/// <summary>Which subscriptions to list. They are listed by client identifier, then by filter, in ordinal order.</summary>
public sealed record MqttSubscriptionQuery
{
    /// <summary>Only those of this session.</summary>
    public string? ClientId { get; init; }

    /// <summary>Only those to this filter, written as the client wrote it.</summary>
    public string? Filter { get; init; }

    /// <summary>Only those that match this topic.</summary>
    public string? Topic { get; init; }

    /// <summary>Only those that come after this session's filter: the last of the page before.</summary>
    public (string ClientId, string Filter)? After { get; init; }

    /// <summary>Most subscriptions to list.</summary>
    public required int Limit { get; init; }
}

/// <summary>A part of the list of subscriptions.</summary>
/// <param name="Items">What was found; may be fewer than asked for, and none, although there are more.</param>
/// <param name="Next">Where to go on; null at the end.</param>
public sealed record MqttSubscriptionPage(IReadOnlyList<MqttSubscriptionStatus> Items, (string ClientId, string Filter)? Next);
