namespace Automation.Mqtt.Storage;

/// <summary>One step of the state that outlives a broker. Sessions and messages are known by numbers that the broker gives.</summary>
public abstract record MqttStoreChange;

/// <summary>A session was opened, taken up again or left. It replaces what was stored of the session itself, and keeps all that belongs to it.</summary>
/// <param name="SessionId">Number of the session; a later session of the same client has a greater one.</param>
/// <param name="ClientId">The client identifier.</param>
/// <param name="UserName">The user it belongs to; null for none.</param>
/// <param name="ExpirySeconds">The Session Expiry Interval, 0 when the session ends with its connection — MQTT 5 §3.1.2.11.2.</param>
/// <param name="ExpiresAt">When a session without a connection ends; null while it has one.</param>
/// <param name="IsConnected">
/// False once the session was left and everything that was sent in it is stored. True after a crash means that messages may have been
/// sent that are stored as waiting.
/// </param>
public sealed record MqttSessionChanged(
    long SessionId, string ClientId, string? UserName, uint ExpirySeconds, DateTimeOffset? ExpiresAt, bool IsConnected) : MqttStoreChange;

/// <summary>A session has ended: it goes with its subscriptions, its queue and its incoming packet identifiers.</summary>
/// <param name="SessionId">Number of the session.</param>
public sealed record MqttSessionEnded(long SessionId) : MqttStoreChange;

/// <summary>A subscription was made, or replaced the session's one to the same filter. Nothing happens when there is no such session.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Filter">The topic filter as the client wrote it.</param>
/// <param name="QualityOfService">Highest QoS of the subscription.</param>
/// <param name="NoLocal">The No Local option.</param>
/// <param name="RetainAsPublished">The Retain As Published option.</param>
/// <param name="Identifier">The Subscription Identifier, or null.</param>
/// <param name="WantsRetained">True until the session was sent the retained messages that the subscription brings.</param>
public sealed record MqttSubscribed(
    long SessionId, string Filter, MqttQualityOfService QualityOfService, bool NoLocal, bool RetainAsPublished, uint? Identifier, bool WantsRetained) : MqttStoreChange;

/// <summary>The session was sent the retained messages of a subscription. Nothing happens when there is no such subscription.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Filter">The topic filter.</param>
public sealed record MqttRetainedSent(long SessionId, string Filter) : MqttStoreChange;

/// <summary>A subscription is gone.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Filter">The topic filter.</param>
public sealed record MqttUnsubscribed(long SessionId, string Filter) : MqttStoreChange;

/// <summary>A message that sessions wait for, or that is retained. It is stored once, however many do.</summary>
/// <param name="MessageId">Number of the message.</param>
/// <param name="Message">The message as it was published.</param>
/// <param name="ExpiresAt">When it expires; null for never. The time goes on while nothing runs.</param>
public sealed record MqttMessageStored(long MessageId, MqttApplicationMessage Message, DateTimeOffset? ExpiresAt) : MqttStoreChange;

/// <summary>Nobody waits for the message any more and it is not retained.</summary>
/// <param name="MessageId">Number of the message.</param>
public sealed record MqttMessageDropped(long MessageId) : MqttStoreChange;

/// <summary>A message waits for a session. Nothing happens when there is no such session.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Sequence">Its place in the session's queue, greater than that of every message that is there.</param>
/// <param name="MessageId">Number of the message.</param>
/// <param name="QualityOfService">QoS to send it with: 1 or 2.</param>
/// <param name="Retain">RETAIN flag to send it with.</param>
/// <param name="Identifiers">Subscription Identifiers to send it with; empty for none.</param>
/// <param name="Share">The shared subscription it came by, as it was written; null for none.</param>
public sealed record MqttMessageQueued(
    long SessionId, long Sequence, long MessageId, MqttQualityOfService QualityOfService, bool Retain, IReadOnlyList<uint> Identifiers, string? Share) : MqttStoreChange;

/// <summary>A message that waits is in flight: it was sent, or is about to be. Nothing happens when it does not wait any more.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Sequence">Its place in the session's queue.</param>
/// <param name="PacketId">The packet identifier it is sent with.</param>
/// <param name="Order">Grows with each message that the session is sent; what is unfinished is sent again in this order — MQTT 5 §4.4.</param>
public sealed record MqttMessageSent(long SessionId, long Sequence, ushort PacketId, long Order) : MqttStoreChange;

/// <summary>PUBREC came for a QoS 2 message in flight: from now on only PUBREL is sent. Nothing happens when it is finished.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Sequence">Its place in the session's queue.</param>
public sealed record MqttMessageReceived(long SessionId, long Sequence) : MqttStoreChange;

/// <summary>A message does not wait for the session any more: it was acknowledged, has expired, or cannot be sent.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="Sequence">Its place in the session's queue.</param>
public sealed record MqttMessageFinished(long SessionId, long Sequence) : MqttStoreChange;

/// <summary>A QoS 2 message of the session's client was accepted: the same packet identifier is a repetition until it is released — MQTT 5 §4.3.3. Nothing happens when there is no such session.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="PacketId">The packet identifier.</param>
public sealed record MqttIncomingBegun(long SessionId, ushort PacketId) : MqttStoreChange;

/// <summary>PUBREL came: the packet identifier is free.</summary>
/// <param name="SessionId">Number of the session.</param>
/// <param name="PacketId">The packet identifier.</param>
public sealed record MqttIncomingEnded(long SessionId, ushort PacketId) : MqttStoreChange;

/// <summary>A message is the retained one of its topic, in place of the one before.</summary>
/// <param name="Topic">The topic name.</param>
/// <param name="MessageId">Number of the message.</param>
public sealed record MqttRetainedSet(string Topic, long MessageId) : MqttStoreChange;

/// <summary>A topic has no retained message any more.</summary>
/// <param name="Topic">The topic name.</param>
/// <param name="MessageId">Only if this message is retained; null for any.</param>
public sealed record MqttRetainedCleared(string Topic, long? MessageId) : MqttStoreChange;
