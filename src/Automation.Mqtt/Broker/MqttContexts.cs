using System.Net;
using System.Security.Cryptography.X509Certificates;

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
}

/// <summary>A client with a session.</summary>
/// <param name="ClientId">The client identifier.</param>
/// <param name="UserName">The user name as <see cref="MqttBrokerOptions.OnConnect"/> left it; without that hook the one of the CONNECT, or null.</param>
/// <param name="Version">The protocol version.</param>
/// <param name="RemoteEndPoint">The client's address; the loopback address with port 0 for a Unix domain socket.</param>
/// <param name="ConnectedAt">When the CONNECT was accepted.</param>
public sealed record MqttClientInfo(string ClientId, string? UserName, MqttProtocolVersion Version, IPEndPoint RemoteEndPoint, DateTimeOffset ConnectedAt);
