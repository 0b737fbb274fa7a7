using System.Security.Cryptography;
using System.Text;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>What happens to a message when the queue of unfinished messages is full.</summary>
public enum MqttQueueFullPolicy
{
    /// <summary>The call waits for room.</summary>
    Wait,

    /// <summary>The call fails with <see cref="MqttReasonCode.QuotaExceeded"/>.</summary>
    Refuse,

    /// <summary>The oldest messages that were not sent yet fail with <see cref="MqttReasonCode.QuotaExceeded"/>; if none is left, the call does.</summary>
    DropOldest,
}

/// <summary>Settings of a client. Do not change after the client was made.</summary>
/// <remarks>Hooks run outside all locks, and not in the receive loop. An exception in a hook is given to <see cref="OnError"/> and never ends the client.</remarks>
public sealed class MqttClientOptions
{
    /// <summary>
    /// Address of the server: <c>mqtt://host[:1883]</c>, <c>mqtts://host[:8883]</c>, <c>ws://host[:80][/mqtt]</c>, <c>wss://host[:443][/mqtt]</c>
    /// or <c>unix:/path/of/socket</c>. User name and password in it are used when <see cref="UserName"/> is null.
    /// </summary>
    public Uri Server { get; set; } = new("mqtt://localhost");

    /// <summary>The version to use; null tries 5.0, and 3.1.1 when the server does not know 5.0.</summary>
    public MqttProtocolVersion? ProtocolVersion { get; set; }

    /// <summary>Client identifier; empty to be given one by the server, or with 3.1.1 to make one up.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>User name; null for none.</summary>
    public string? UserName { get; set; }

    /// <summary>Password; null for none. Text is sent as UTF-8: see <see cref="SetPassword"/>.</summary>
    public ReadOnlyMemory<byte>? Password { get; set; }

    /// <summary>
    /// Asked for the password at each attempt, so that one that was changed is used from the next connection on; wins over <see cref="Password"/>. An attempt
    /// ends with the exception that it throws.
    /// </summary>
    public Func<ReadOnlyMemory<byte>?>? PasswordSource { get; set; }

    /// <summary>Begin with a new session at the first connection after a start. Later connections take the session up.</summary>
    public bool CleanStart { get; set; }

    /// <summary>
    /// How long the server keeps the session without a connection, in whole seconds; zero ends it with each connection,
    /// <see cref="TimeSpan.MaxValue"/> keeps it for ever. With 3.1.1 zero is a clean session and everything else is for ever.
    /// </summary>
    public TimeSpan SessionExpiry { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Keep alive in seconds; 0 for none, then half-open connections go unnoticed. The server's own value overrules it.
    /// A PINGREQ is sent when nothing was sent, or nothing received, for so long; without an answer within half of it, at most 10 s, the connection is given up.
    /// </summary>
    public ushort KeepAliveSeconds { get; set; } = 60;

    /// <summary>Time for the connection, TLS and the CONNACK together.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Upper bound of the wait before the first new attempt; it doubles with each, and the wait is a random part of it.</summary>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Greatest upper bound of the wait between attempts.</summary>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Go on trying after the server refused with 0x85, 0x86, 0x87 or 0x8C.</summary>
    public bool RetryRefused { get; set; }

    /// <summary>The will; null for none.</summary>
    public MqttWill? Will { get; set; }

    /// <summary>TLS for <c>mqtts</c> and <c>wss</c>.</summary>
    public MqttClientTlsOptions Tls { get; set; } = new();

    /// <summary>More headers of the WebSocket's request.</summary>
    public IReadOnlyDictionary<string, string> WebSocketHeaders { get; set; } = new Dictionary<string, string>();

    /// <summary>User properties of the CONNECT.</summary>
    public IReadOnlyList<MqttUserProperty> UserProperties { get; set; } = [];

    /// <summary>
    /// Most QoS 1 and 2 messages that are received and not acknowledged. An MQTT 5 server keeps to it, or the connection ends with 0x93. With 3.1.1, and when
    /// the server took a session up (some then forget the limit), the client stops reading at this number.
    /// </summary>
    public ushort ReceiveMaximum { get; set; } = 64;

    /// <summary>
    /// End the connection with 0x93 when an MQTT 5 server sends more than <see cref="ReceiveMaximum"/> (§3.3.4). False stops the reading at that number
    /// instead: mosquitto 2.0 sends more when many messages wait, and would send again what the application is working on.
    /// </summary>
    public bool EnforceReceiveMaximum { get; set; } = true;

    /// <summary>Largest packet that the server may send, in bytes; a larger one ends the connection with 0x95.</summary>
    public int MaxPacketBytes { get; set; } = 1024 * 1024;

    /// <summary>Greatest topic alias that the server may use; 0 for none.</summary>
    public ushort TopicAliasMaximum { get; set; } = 16;

    /// <summary>Most topic aliases to use towards the server; its own limit may be lower.</summary>
    public ushort MaxSentTopicAliases { get; set; } = 16;

    /// <summary>
    /// Most QoS 1 and 2 messages sent and not answered; the server's Receive Maximum may be lower. MQTT 3.1.1 servers do not say theirs, and some
    /// lose what is over it: mosquitto's is 20.
    /// </summary>
    public ushort MaxInFlight { get; set; } = 20;

    /// <summary>Most messages that are accepted from the application and not finished.</summary>
    public int MaxQueuedMessages { get; set; } = 1000;

    /// <summary>Most bytes of those messages.</summary>
    public long MaxQueuedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>What happens to a message over these bounds.</summary>
    public MqttQueueFullPolicy WhenQueueFull { get; set; } = MqttQueueFullPolicy.Wait;

    /// <summary>
    /// Most received messages that wait for the application; then reading stops. When the application takes none for a second while
    /// the client owes it an answer that can only come behind what is not read, reading goes on and QoS 0 messages are dropped and counted.
    /// </summary>
    public int MaxReceivedMessages { get; set; } = 256;

    /// <summary>Most bytes of those messages; as <see cref="MaxReceivedMessages"/>. Over twice as many the connection ends with 0x97.</summary>
    public long MaxReceivedBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// Acknowledge a message when its handler has returned, or when the next one is asked for. A handler that throws answers with 0x80.
    /// False leaves it to <see cref="MqttReceivedMessage.Acknowledge"/>.
    /// </summary>
    public bool AutoAcknowledge { get; set; } = true;

    /// <summary>Called with each received message, in order, one at a time. Null leaves them to <see cref="MqttClient.ReceiveAsync"/>.</summary>
    public Func<MqttReceivedMessage, CancellationToken, ValueTask>? OnMessage { get; set; }

    /// <summary>Called with each change of the state, in order. See also <see cref="MqttClient.WatchAsync"/>.</summary>
    public Action<MqttClientStatus>? OnStatus { get; set; }

    /// <summary>Called when the server lost the session and refused to give a subscription back.</summary>
    public Action<MqttSubscribeResult>? OnSubscriptionLost { get; set; }

    /// <summary>Called with what went wrong and with the exception that nobody else sees.</summary>
    public Action<string, Exception>? OnError { get; set; }

    /// <summary>First levels of the response topic of <see cref="MqttClient.RequestAsync"/>, when the server names none; the client identifier follows.</summary>
    public string ResponseTopicPrefix { get; set; } = "responses";

    /// <summary>Clock and timers.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Makes numbers from 0 to 1 for the wait between attempts.</summary>
    public Func<double> Jitter { get; set; } = static () => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

    /// <summary>Options from an address; user name and password are taken out of it.</summary>
    /// <param name="server">As <see cref="Server"/>.</param>
    /// <exception cref="ArgumentException">The address is none of those.</exception>
    public static MqttClientOptions FromUri(Uri server)
    {
        var options = new MqttClientOptions { Server = server };
        options.Validate();
        return options;
    }

    /// <summary>Sets <see cref="Password"/> to a text.</summary>
    /// <param name="password">The password.</param>
    public void SetPassword(string password) => Password = Encoding.UTF8.GetBytes(password);

    internal void Validate()
    {
        ServerAddress.Validate(Server);
        Will?.Validate();
        RequireAtLeastOne(ReceiveMaximum, nameof(ReceiveMaximum));
        RequireAtLeastOne(MaxInFlight, nameof(MaxInFlight));
        RequireAtLeastOne(MaxQueuedMessages, nameof(MaxQueuedMessages));
        RequireAtLeastOne(MaxQueuedBytes, nameof(MaxQueuedBytes));
        RequireAtLeastOne(MaxReceivedMessages, nameof(MaxReceivedMessages));
        RequireAtLeastOne(MaxReceivedBytes, nameof(MaxReceivedBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPacketBytes, 1024, nameof(MaxPacketBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)MaxPacketBytes, VariableInteger.Maximum + 5, nameof(MaxPacketBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(SessionExpiry, TimeSpan.Zero, nameof(SessionExpiry));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConnectTimeout, TimeSpan.Zero, nameof(ConnectTimeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(ReconnectDelay, TimeSpan.Zero, nameof(ReconnectDelay));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxReconnectDelay, ReconnectDelay, nameof(MaxReconnectDelay));
    }

    private static void RequireAtLeastOne(long value, string name) => ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
}
