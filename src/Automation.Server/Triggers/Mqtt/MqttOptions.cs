using System.ComponentModel.DataAnnotations;
using Automation.Mqtt.Topics;
using Automation.Server.Triggers.Mqtt.Connections;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Section <c>Mqtt</c> of the configuration: the embedded broker.</summary>
internal sealed class MqttOptions : IValidatableObject
{
    /// <summary>False leaves the broker out.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Address to listen on without TLS.</summary>
    [Required]
    public string Host { get; set; } = "127.0.0.1";

    /// <summary>TCP port; 0 takes a free one, -1 leaves it out.</summary>
    [Range(-1, 65535)]
    public int Port { get; set; } = 1883;

    /// <summary>Port for WebSocket clients, path <c>/mqtt</c>; as <see cref="Port"/>.</summary>
    [Range(-1, 65535)]
    public int WebSocketPort { get; set; } = -1;

    /// <summary>Origins of web pages that may connect by WebSocket; <c>*</c> for all. Pages of this machine's own address may.</summary>
    public string[] WebSocketOrigins { get; set; } = [];

    /// <summary>Address to listen on with TLS; empty: as <see cref="Host"/>.</summary>
    public string TlsHost { get; set; } = "";

    /// <summary>TCP port with TLS; as <see cref="Port"/>.</summary>
    [Range(-1, 65535)]
    public int TlsPort { get; set; } = -1;

    /// <summary>Port for WebSocket clients with TLS; as <see cref="Port"/>.</summary>
    [Range(-1, 65535)]
    public int TlsWebSocketPort { get; set; } = -1;

    /// <summary>Certificate with its chain, PEM, or with its key, PFX.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>Key of the certificate, PEM; empty when it is in <see cref="CertificateFile"/>.</summary>
    public string CertificateKeyFile { get; set; } = "";

    /// <summary>Opens an encrypted key or PFX file.</summary>
    public string CertificatePassword { get; set; } = "";

    /// <summary>Certificates, PEM, that vouch for clients. The common name of a client's certificate is its user name.</summary>
    public string ClientCertificateAuthority { get; set; } = "";

    /// <summary>True refuses TLS clients without a certificate.</summary>
    public bool RequireClientCertificate { get; set; }

    /// <summary>File of a Unix domain socket for clients on this machine; empty for none.</summary>
    public string UnixSocket { get; set; } = "";

    /// <summary>Users and their hashed passwords; empty for none.</summary>
    public string PasswordFile { get; set; } = "";

    /// <summary>Rules about who may read and write which topics; empty for none.</summary>
    public string AccessFile { get; set; } = "";

    /// <summary>
    /// True lets everybody in without a password: for closed networks only. Else clients on this machine come in without one, if there is no
    /// <see cref="PasswordFile"/>.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>Most connections; more are closed at once.</summary>
    [Range(1, 10_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>The same for one address.</summary>
    [Range(1, 10_000_000)]
    public int MaxConnectionsPerAddress { get; set; } = 10_000;

    /// <summary>Most new connections a second, 0 for no limit; those too many wait.</summary>
    [Range(0, 1_000_000)]
    public int MaxConnectRate { get; set; }

    /// <summary>The same for one address; those too many are closed at once.</summary>
    [Range(0, 1_000_000)]
    public int MaxConnectRatePerAddress { get; set; }

    /// <summary>From the connection to the whole CONNECT, the handshakes of TLS and WebSocket included.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest packet taken from a client.</summary>
    [Range(128, 268_435_460)]
    public int MaximumPacketSize { get; set; } = 1 << 20;

    /// <summary>Messages of one client that may wait for their commit at a time. Some clients do not count: a burst over it ends their connection.</summary>
    [Range(1, 65535)]
    public int ReceiveMaximum { get; set; } = 1024;

    /// <summary>Topic aliases of a connection in each direction.</summary>
    [Range(0, 65535)]
    public int TopicAliasMaximum { get; set; } = 16;

    /// <summary>Longest keep alive; an MQTT 5 client that asks for more, or for none, is given this.</summary>
    [Range(1, 65535)]
    public int ServerKeepAliveSeconds { get; set; } = 3600;

    /// <summary>Longest time that a session is kept after its connection ended.</summary>
    [Range(0, uint.MaxValue)]
    public uint SessionExpiryMaximumSeconds { get; set; } = 604_800;

    /// <summary>Topic filters nobody may subscribe to, nor to a filter that lies within one; a wider filter still matches.</summary>
    public string[] DenySubscribe { get; set; } = [];

    /// <summary>Messages that may wait for one client; past it QoS 0 is dropped first, oldest first, then the newest message.</summary>
    [Range(1, int.MaxValue)]
    public int QueuedMessagesMaximum { get; set; } = 1000;

    /// <summary>The same in bytes, with what was sent and not acknowledged.</summary>
    [Range(1, long.MaxValue)]
    public long QueuedBytesMaximum { get; set; } = 16 << 20;

    /// <summary>The same for all clients together; half of it is divided evenly between them.</summary>
    [Range(2, long.MaxValue)]
    public long MaxQueuedBytesTotal { get; set; } = 256 << 20;

    /// <summary>Bytes of payloads, of all clients together, that may wait for intake or their commit; past it publishers are not read.</summary>
    [Range(1, long.MaxValue)]
    public long MaxPublishBytes { get; set; } = 64 << 20;

    /// <summary>Sessions, connected or not; a client over it is refused.</summary>
    [Range(1, 10_000_000)]
    public int MaxSessions { get; set; } = 100_000;

    /// <summary>Subscriptions of one session; more are refused.</summary>
    [Range(0, 1_000_000)]
    public int MaxSubscriptionsPerSession { get; set; } = 1000;

    /// <summary>Levels of topics and filters.</summary>
    [Range(1, TopicName.MaximumLevels)]
    public int MaxTopicLevels { get; set; } = TopicName.MaximumLevels;

    /// <summary>Retained messages; one more is refused, or goes to subscribers without being retained.</summary>
    [Range(0, int.MaxValue)]
    public int MaxRetainedMessages { get; set; } = 100_000;

    /// <summary>The same in bytes.</summary>
    [Range(0, long.MaxValue)]
    public long MaxRetainedBytes { get; set; } = 64 << 20;

    /// <summary>Connections to other brokers, by the name that triggers and steps give.</summary>
    public Dictionary<string, MqttConnectionOptions> Connections { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Settings that need each other.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if ((TlsPort >= 0 || TlsWebSocketPort >= 0) && CertificateFile.Length == 0)
            yield return new("Mqtt:TlsPort and Mqtt:TlsWebSocketPort need Mqtt:CertificateFile.");
        if (RequireClientCertificate && ClientCertificateAuthority.Length == 0)
            yield return new("Mqtt:RequireClientCertificate needs Mqtt:ClientCertificateAuthority, the file of those that vouch for clients.");
        foreach (var (name, connection) in Connections)
        {
            foreach (var problem in MqttConnectionCheck.Problems(name, connection)) yield return new(problem);
        }
    }
}
