using System.Net;
using System.Security.Cryptography;
using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>Limits and hooks of a broker. Do not change after the broker was made.</summary>
/// <remarks>
/// Hooks run outside all locks. An exception in a hook refuses what was asked with
/// <see cref="MqttReasonCode.UnspecifiedError"/>, is given to <see cref="OnError"/> and never ends the broker. With an
/// <see cref="OperationCanceledException"/> a hook gives no answer: a publish is not acknowledged, and the connection is closed, so that the client sends it again.
/// </remarks>
public sealed class MqttBrokerOptions
{
    /// <summary>Where to listen for plain MQTT over TCP; port 0 takes a free one, see <see cref="MqttBroker.EndPoint"/>. Null for nowhere.</summary>
    public IPEndPoint? EndPoint { get; set; } = new(IPAddress.Loopback, 1883);

    /// <summary>More ways in: TLS, WebSocket, Unix domain sockets, other addresses.</summary>
    public IList<MqttListenerOptions> Listeners { get; } = [];

    /// <summary>Clock and timers.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Makes the identifier for a client that sends none; must be unique and hard to guess.</summary>
    public Func<string> NewClientId { get; set; } = static () => "auto-" + RandomNumberGenerator.GetHexString(24, lowercase: true);

    /// <summary>Most connections; more are closed at once.</summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>Most connections of one remote address; more are closed at once.</summary>
    public int MaxConnectionsPerAddress { get; set; } = 10_000;

    /// <summary>
    /// Most new connections a second over all, as many of them at once; 0 for no limit. Those too many wait to be accepted: after a restart
    /// all clients come back in turn and none is refused.
    /// </summary>
    public int MaxConnectRate { get; set; }

    /// <summary>
    /// Most new connections a second of one address (of one /64 network for IPv6), as many of them at once; 0 for no limit. Those too many
    /// are closed at once, so that the address does not hold up others.
    /// </summary>
    public int MaxConnectRatePerAddress { get; set; }

    /// <summary>Most sessions, connected or not; a client over it is refused with 0x97.</summary>
    public int MaxSessions { get; set; } = 100_000;

    /// <summary>Time from accept to the whole CONNECT; the handshakes of TLS and WebSocket are part of it.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest keep alive in seconds; an MQTT 5 client that asks for more, or for none, is given this.</summary>
    public ushort MaxKeepAliveSeconds { get; set; } = 3600;

    /// <summary>Largest packet a client may send, in bytes. A CONNECT has at most 128 KiB of it, enough for the largest will.</summary>
    public int MaxPacketBytes { get; set; } = 1024 * 1024;

    /// <summary>
    /// Most publishes of one connection that may be in <see cref="OnPublish"/> at once: the Receive Maximum for MQTT 5.
    /// For QoS 0 and for MQTT 3.1.1 the broker stops reading the connection at this number.
    /// </summary>
    public ushort ReceiveMaximum { get; set; } = 1024;

    /// <summary>
    /// Most bytes of payloads that may be in <see cref="OnPublish"/> or wait for their commit, of all connections together; 64 MiB unless set. Past it a
    /// connection that publishes is not read any further, and wills are dropped and counted.
    /// </summary>
    public long MaxPublishBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Most QoS 1 and 2 messages sent to a client and not acknowledged yet; the client's own Receive Maximum may be lower.</summary>
    public ushort MaxInFlight { get; set; } = 64;

    /// <summary>
    /// Most topic aliases of a connection in each direction: the greatest a client may use, and the most that the broker sets for a
    /// client that allows them, however many that are.
    /// </summary>
    public ushort TopicAliasMaximum { get; set; } = 16;

    /// <summary>
    /// Where sessions with an expiry interval, their messages and retained messages outlive the broker; null keeps them in memory only.
    /// With a store a client is told only what is committed: CONNACK, SUBACK, UNSUBACK, PUBACK, PUBREC, PUBREL and PUBCOMP wait for it where
    /// they promise something that lasts. Sessions that end with their connection and QoS 0 cost nothing, but for retained messages.
    /// </summary>
    public IMqttStore? Store { get; set; }

    /// <summary>Longest time a session is kept after its connection ended. Zero ends each session with its connection.</summary>
    public TimeSpan MaxSessionExpiry { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Most messages queued for one session. Over it QoS 0 is dropped first, oldest first, then the newest message.</summary>
    public int MaxQueuedMessages { get; set; } = 1000;

    /// <summary>
    /// Most bytes of messages that wait for one session, or were sent and are not acknowledged. Over it as with
    /// <see cref="MaxQueuedMessages"/>. Retained messages for a new subscription stay in their store until they are sent.
    /// </summary>
    public long MaxQueuedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Most bytes of messages that wait for all sessions together, or were sent and are not acknowledged; 256 MiB unless set. A message
    /// counts for each session it waits for, although they share it. Half is for whoever comes first; of the other half each session
    /// has the same part for certain, so that full queues of some do not stop the delivery to the others. Over it as with
    /// <see cref="MaxQueuedMessages"/>.
    /// </summary>
    public long MaxQueuedBytesTotal { get; set; } = 256 * 1024 * 1024;

    /// <summary>
    /// Most subscriptions of one session; more are refused with 0x97. One SUBSCRIBE holds at most 1,000 filters, the others are
    /// refused alike; an UNSUBSCRIBE of more than that ends the connection.
    /// </summary>
    public int MaxSubscriptionsPerSession { get; set; } = 1000;

    /// <summary>
    /// Most levels of a topic that a client may publish to, also by its will, and of a filter it may subscribe to, <see cref="Topics.TopicName.MaximumLevels"/>
    /// at the most; the share of a shared subscription does not count. A deeper topic is refused with 0x90, a deeper filter with 0x8F.
    /// </summary>
    public int MaxTopicLevels { get; set; } = Topics.TopicName.MaximumLevels;

    /// <summary>
    /// Filters nobody may subscribe to, before <see cref="OnSubscribe"/> is asked: one that lies within any of these is refused with
    /// 0x80. A wider filter is not, and still matches: <c>a/#</c> here refuses <c>a/b</c>, <c>a/+/c</c> and <c>$share/g/a/b</c>, but not <c>#</c>.
    /// </summary>
    public IReadOnlyCollection<Topics.TopicFilter> DenySubscribe { get; set; } = [];

    /// <summary>
    /// The Response Information for MQTT 5 clients that ask for it (§3.2.2.3.15), by convention the start of the topics they may use
    /// for responses; <c>{clientid}</c> stands for the client identifier. Null tells none.
    /// </summary>
    public string? ResponseInformation { get; set; }

    /// <summary>
    /// Most retained messages. One more is refused with 0x97; where there is no way to say so, for QoS 0 and for MQTT 3.1.1, it goes
    /// to the subscribers without being retained and is counted in <see cref="MqttBrokerMetrics.MessagesNotRetained"/>.
    /// </summary>
    public int MaxRetainedMessages { get; set; } = 100_000;

    /// <summary>
    /// Most memory of retained messages in bytes, 64 MiB unless set: payloads, texts in UTF-16, and roughly the objects and the
    /// tree of topics around them. Past it as with <see cref="MaxRetainedMessages"/>; a smaller message may still replace its topic's.
    /// </summary>
    public long MaxRetainedBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Most topics of <see cref="MqttBroker.Topics"/>, the tree for people who look around; those on which nothing came for longest are left out.</summary>
    public int MaxWatchedTopics { get; set; } = 20_000;

    /// <summary>Most memory of that tree in bytes, 32 MiB unless set.</summary>
    public long MaxWatchedBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Longest time that disposing waits for publishes in <see cref="OnPublish"/>.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Decides about a CONNECT: <see cref="MqttReasonCode.Success"/> or a failure for the CONNACK. Without this hook clients on
    /// the loopback interface are let in and all others are refused with <see cref="MqttReasonCode.NotAuthorized"/>.
    /// </summary>
    public Func<MqttConnectContext, ValueTask<MqttReasonCode>>? OnConnect { get; set; }

    /// <summary>
    /// Decides whether a client may subscribe to a filter; any code below 0x80 allows it. Asked again at the start about subscriptions that the
    /// <see cref="Store"/> kept, and by <see cref="MqttBroker.ReviewSubscriptionsAsync"/>.
    /// </summary>
    public Func<MqttSubscribeContext, ValueTask<MqttReasonCode>>? OnSubscribe { get; set; }

    /// <summary>
    /// Decides whether a client may publish to a topic, before <see cref="OnPublish"/>, one message at a time; any code below 0x80
    /// allows it. Asked at CONNECT for the will.
    /// </summary>
    public Func<MqttPublishContext, ValueTask<MqttReasonCode>>? AuthorizePublish { get; set; }

    /// <summary>
    /// Given every client's publish and every will. Calls of one connection are made in the order of receipt and overlap, up to
    /// <see cref="ReceiveMaximum"/>. PUBACK or PUBREC leaves after the returned task completed, in the order of receipt, and
    /// subscribers get the message then. A code of 0x80 or above refuses: MQTT 5 clients get the code, 3.1.1 clients are disconnected
    /// without an acknowledgement (but for <see cref="MqttReasonCode.NotAuthorized"/>, which is acknowledged, as it would not end otherwise),
    /// QoS 0 is dropped; nobody gets the message. <see cref="MqttReasonCode.NoMatchingSubscribers"/> says
    /// that the hook did not want it, and is passed on when no subscriber did either.
    /// </summary>
    public Func<MqttPublishContext, ValueTask<MqttReasonCode>>? OnPublish { get; set; }

    /// <summary>
    /// Told of each client that comes and goes, in the order in which it does, and of each will that was published. Calls of online and offline are made
    /// one at a time inside the broker's lock of all sessions: the hook takes a note and returns at once, and does not call the broker.
    /// After a crash, clients whose sessions the <see cref="Store"/> kept and that were connected are told offline at the start
    /// (<see cref="MqttClientInfo.IsRestored"/>); for others no offline comes.
    /// </summary>
    public Action<MqttPresence>? OnPresence { get; set; }

    /// <summary>Told of failures nobody else sees: what was being done, and the exception. Must not throw.</summary>
    public Action<string, Exception>? OnError { get; set; }

    internal IEnumerable<MqttListenerOptions> AllListeners() =>
        EndPoint is null ? Listeners : [new MqttListenerOptions { EndPoint = EndPoint }, .. Listeners];

    internal void Validate()
    {
        foreach (var listener in Listeners)
            listener.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectRate, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectRatePerAddress, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectionsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPacketBytes, 128);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPacketBytes, (int)Packets.VariableInteger.Maximum + 5);
        ArgumentOutOfRangeException.ThrowIfLessThan(ReceiveMaximum, (ushort)1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxInFlight, (ushort)1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedMessages, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxQueuedBytesTotal, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPublishBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetainedMessages, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRetainedBytes, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSubscriptionsPerSession, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTopicLevels, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWatchedTopics, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxWatchedBytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxTopicLevels, Topics.TopicName.MaximumLevels);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxKeepAliveSeconds, (ushort)1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessionExpiry, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConnectTimeout, TimeSpan.FromSeconds(1));
    }
}
