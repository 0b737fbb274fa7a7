using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>Section <c>Mqtt:Connections:{name}</c>: a connection of this server to an outside broker, named by triggers and steps.</summary>
internal sealed class MqttConnectionOptions
{
    /// <summary>Address of the broker: <c>mqtt://</c>, <c>mqtts://</c>, <c>ws://</c>, <c>wss://</c> with host and port, or <c>unix:</c> with a socket file. No user name or password.</summary>
    public string Server { get; set; } = "";

    /// <summary><c>5.0</c>, <c>3.1.1</c>, or <c>auto</c>: 5.0, and 3.1.1 where the broker knows no other.</summary>
    public string ProtocolVersion { get; set; } = "auto";

    /// <summary>Client identifier; empty for one of its own that stays the same for this data folder and connection.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>User name; empty for none.</summary>
    public string UserName { get; set; } = "";

    /// <summary>Name of the secret that is the password; empty for none.</summary>
    public string PasswordSecret { get; set; } = "";

    /// <summary>How long the broker keeps session and messages while this server is away; zero for not at all. With 3.1.1 everything but zero is for ever.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan SessionExpiry { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Keep alive; 0 for none.</summary>
    [Range(0, 65535)]
    public int KeepAliveSeconds { get; set; } = 60;

    /// <summary>Messages that may wait for their commit at a time.</summary>
    [Range(1, 65535)]
    public int ReceiveMaximum { get; set; } = 64;

    /// <summary>Largest packet taken from the broker, bytes.</summary>
    [Range(1024, 268_435_460)]
    public int MaximumPacketSize { get; set; } = 1 << 20;

    /// <summary>Highest QoS to subscribe with, for brokers that do not know all.</summary>
    [Range(0, 2)]
    public int MaximumQos { get; set; } = 2;

    /// <summary>When set, subscriptions are made as <c>$share/{ShareName}/{filter}</c>: servers with the same name share the messages.</summary>
    public string ShareName { get; set; } = "";

    /// <summary>Messages to be sent that may wait for the broker or its acknowledgement; steps beyond wait for room.</summary>
    [Range(1, int.MaxValue)]
    public int QueuedMessagesMaximum { get; set; } = 1000;

    /// <summary>The same in bytes.</summary>
    [Range(1, long.MaxValue)]
    public long QueuedBytesMaximum { get; set; } = 16 << 20;

    /// <summary>Requests that may wait for their answer at a time.</summary>
    [Range(1, 100_000)]
    public int RequestsMaximum { get; set; } = 256;

    /// <summary>For connection, TLS and the broker's CONNACK together.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two attempts to connect.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>For <c>mqtts</c> and <c>wss</c>.</summary>
    public MqttConnectionTlsOptions Tls { get; set; } = new();

    /// <summary>What the broker publishes when this server is gone without a word.</summary>
    public MqttConnectionWillOptions Will { get; set; } = new();
}

/// <summary>Section <c>Tls</c> of a connection. Files are read at each attempt to connect.</summary>
internal sealed class MqttConnectionTlsOptions
{
    /// <summary>Certificates, PEM, of the authorities to trust; empty for those of the system.</summary>
    public string AuthorityFile { get; set; } = "";

    /// <summary>This server's certificate towards the broker, PEM, with the chain behind it; empty for none.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>Its key, PEM; empty when it is in the same file.</summary>
    public string CertificateKeyFile { get; set; } = "";

    /// <summary>The name that the broker's certificate has to hold; empty: the host of the address.</summary>
    public string ServerName { get; set; } = "";

    /// <summary>Protocol names for ALPN, in the order of preference.</summary>
    public string[] ApplicationProtocols { get; set; } = [];

    /// <summary>True takes any certificate: for trials only.</summary>
    public bool AllowUntrusted { get; set; }
}

/// <summary>Section <c>Will</c> of a connection.</summary>
internal sealed class MqttConnectionWillOptions
{
    /// <summary>Topic name; empty for no will.</summary>
    public string Topic { get; set; } = "";

    /// <summary>The payload, as text.</summary>
    public string Payload { get; set; } = "";

    /// <summary>Quality of service.</summary>
    [Range(0, 2)]
    public int Qos { get; set; }

    /// <summary>Whether the broker keeps it for later subscribers.</summary>
    public bool Retain { get; set; }

    /// <summary>How long the broker waits for this server to come back first; MQTT 5 only.</summary>
    [Range(0, uint.MaxValue)]
    public uint DelaySeconds { get; set; }
}
