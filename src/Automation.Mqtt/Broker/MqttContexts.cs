using System.Net;
using System.Security.Cryptography.X509Certificates;
using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>A client that asks to connect.</summary>
public sealed class MqttConnectContext
{
    /// <summary>The client identifier, already assigned if the client sent none.</summary>
    public required string ClientId { get; init; }

    /// <summary>
    /// The user name of the CONNECT, or null. The hook may put another in its place, such as the name in the certificate, or null for a name
    /// that nobody has verified: the client goes by it afterwards (<see cref="MqttClientInfo.UserName"/>).
    /// </summary>
    public string? UserName { get; set; }

    /// <summary>The password, or null.</summary>
    public ReadOnlyMemory<byte>? Password { get; init; }

    /// <summary>The client's address; the loopback address with port 0 for a Unix domain socket.</summary>
    public required IPEndPoint RemoteEndPoint { get; init; }

    /// <summary>What carries the connection.</summary>
    public MqttTransport Transport { get; init; }

    /// <summary>
    /// The client's certificate, which the authorities of <see cref="MqttTlsOptions.ClientAuthorityFile"/> vouch for, or null. Disposed when
    /// the connection ends.
    /// </summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The protocol version.</summary>
    public MqttProtocolVersion Version { get; init; }

    /// <summary>
    /// Set by the hook, whether the client that it lets in is still welcome; null for always. Asked when the client has its session, before it is told that it is let in, for what changed meanwhile, and by
    /// <see cref="MqttBroker.ReviewClients"/>.
    /// </summary>
    public Func<bool>? IsStillWelcome { get; set; }

    /// <summary>User properties of the CONNECT.</summary>
    public IReadOnlyList<MqttUserProperty> UserProperties { get; init; } = [];
}

/// <summary>A client that asks to subscribe to one filter.</summary>
public sealed class MqttSubscribeContext
{
    /// <summary>The client.</summary>
    public required MqttClientInfo Client { get; init; }

    /// <summary>The filter.</summary>
    public required Topics.TopicFilter Filter { get; init; }

    /// <summary>The QoS that was asked for.</summary>
    public MqttQualityOfService QualityOfService { get; init; }
}

/// <summary>A message that a client publishes.</summary>
public sealed class MqttPublishContext
{
    /// <summary>The client.</summary>
    public required MqttClientInfo Client { get; init; }

    /// <summary>The message. Safe to keep after the hook returned.</summary>
    public required MqttApplicationMessage Message { get; init; }

    /// <summary>True when the client says that it may have sent this before (QoS 1 and 2).</summary>
    public bool IsDuplicate { get; init; }

    /// <summary>True when this is the will of a client that is gone.</summary>
    public bool IsWill { get; init; }

    internal RoutingUnit? Unit { get; init; }

    /// <summary>
    /// For an application that keeps its own records where the broker's <see cref="MqttBrokerOptions.Store"/> keeps its: what the broker
    /// would store of this message, to be stored by the hook in one transaction with what it makes of the message. So a crash leaves both or
    /// neither, and a QoS 2 message that is sent again counts once for both.
    /// </summary>
    /// <returns>
    /// The changes, the same ones at each call; empty when there are none. Sessions that outlive their connection hold the message in
    /// their queues from the first call on until the hook has returned, so call it last. When the hook returns a code below 0x80 the
    /// changes must be committed.
    /// </returns>
    /// <remarks>A hook that does not call this need do nothing: the broker stores the changes when it has returned.</remarks>
    public IReadOnlyList<MqttStoreChange> TakeChanges() => Unit?.Take() ?? [];
}

/// <summary>A client with a session.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="UserName">The user name as <see cref="MqttBrokerOptions.OnConnect"/> left it; without that hook the one of the CONNECT, or null.</param>
/// <param name="Version">The protocol version.</param>
/// <param name="RemoteEndPoint">The client's address; the loopback address with port 0 for a Unix domain socket.</param>
/// <param name="ConnectedAt">When the CONNECT was accepted.</param>
public sealed record MqttClientInfo(string ClientId, string? UserName, MqttProtocolVersion Version, IPEndPoint RemoteEndPoint, DateTimeOffset ConnectedAt)
{
    /// <summary>
    /// True when all that is known of the client is the session it left before the broker was started, or a connection that is over: version, address and time say nothing then.
    /// </summary>
    public bool IsRestored { get; private init; }

    internal static MqttClientInfo OfSession(Session session) =>
        new(session.ClientId, session.Owner, MqttProtocolVersion.V5, new IPEndPoint(IPAddress.Any, 0), default) { IsRestored = true };
}
