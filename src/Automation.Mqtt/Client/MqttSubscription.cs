using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>When a new subscription is given the retained messages — MQTT 5 §3.8.3.1.</summary>
public enum MqttRetainHandling : byte
{
    /// <summary>At each SUBSCRIBE.</summary>
    SendAlways = 0,

    /// <summary>Only when the subscription did not exist.</summary>
    SendIfNew = 1,

    /// <summary>Never.</summary>
    DoNotSend = 2,
}

/// <summary>One subscription with its options — MQTT 5 §3.8.3. MQTT 3.1.1 knows filter and QoS only; the rest then has no effect.</summary>
/// <param name="Filter">Topic filter; <c>$share/{name}/{filter}</c> for a shared subscription.</param>
/// <param name="QualityOfService">Highest QoS to be sent with.</param>
public sealed record MqttSubscription(string Filter, MqttQualityOfService QualityOfService = MqttQualityOfService.AtMostOnce)
{
    /// <summary>Do not send what this client published. Not allowed for shared subscriptions.</summary>
    public bool NoLocal { get; init; }

    /// <summary>Keep the RETAIN flag as the publisher set it.</summary>
    public bool RetainAsPublished { get; init; }

    /// <summary>When retained messages are sent.</summary>
    public MqttRetainHandling RetainHandling { get; init; }

    /// <summary>Number from 1 to 268,435,455 that comes with each message of this subscription (§3.8.2.1.2); null for none.</summary>
    public uint? Identifier { get; init; }

    internal SubscriptionRequest ToRequest() => new(Filter, QualityOfService, NoLocal, RetainAsPublished, (byte)RetainHandling);
}

/// <summary>The answer to one filter of a SUBSCRIBE or UNSUBSCRIBE — MQTT 5 §3.9.3, §3.11.3.</summary>
/// <param name="Filter">The filter.</param>
/// <param name="ReasonCode">The granted QoS, or a failure of 0x80 and above. A 3.1.1 UNSUBACK has no codes: it is <see cref="MqttReasonCode.Success"/>.</param>
public sealed record MqttSubscribeResult(string Filter, MqttReasonCode ReasonCode)
{
    /// <summary>Whether the server did it.</summary>
    public bool IsSuccess => ReasonCode < MqttReasonCode.UnspecifiedError;
}
