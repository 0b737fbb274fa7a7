namespace Automation.Mqtt.Client;

/// <summary>What a client is doing about its connection.</summary>
public enum MqttClientState
{
    /// <summary>Not started, or stopped.</summary>
    Stopped,

    /// <summary>An attempt is under way.</summary>
    Connecting,

    /// <summary>The server accepted the connection.</summary>
    Connected,

    /// <summary>There is no connection; the next attempt comes by itself.</summary>
    Waiting,

    /// <summary>The server refused for a reason that trying again does not change; there are no more attempts until the client is started again.</summary>
    Refused,
}

/// <summary>Who ended a connection, or kept it from being made.</summary>
public enum MqttDisconnectOrigin
{
    /// <summary>The application stopped the client, or the client closed because of what the server did.</summary>
    Client,

    /// <summary>The server said so in a CONNACK or DISCONNECT.</summary>
    Server,

    /// <summary>The network: not reachable, closed without a word, or silent.</summary>
    Network,
}

/// <summary>Why there is no connection, or why the last one ended.</summary>
/// <param name="Origin">Who ended it.</param>
/// <param name="ReasonCode">
/// What the server said or was told; a return code of MQTT 3.1.1 is given as the reason code of the same meaning. Null when the network ended it.
/// </param>
/// <param name="Text">One sentence for people.</param>
/// <param name="ServerReference">Another server to use, as the server names it (MQTT 5 §4.13); never followed by itself.</param>
/// <param name="Exception">The cause, if there was one.</param>
public sealed record MqttDisconnectReason(
    MqttDisconnectOrigin Origin, MqttReasonCode? ReasonCode, string Text, string? ServerReference = null, Exception? Exception = null);

/// <summary>A client's state at one moment. Immutable.</summary>
public sealed record MqttClientStatus
{
    /// <summary>What the client is doing.</summary>
    public required MqttClientState State { get; init; }

    /// <summary>Since when it is in this state.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Why the last connection or attempt ended; null when there was none.</summary>
    public MqttDisconnectReason? Reason { get; init; }

    /// <summary>Attempts since the last connection that lasted; 0 when connected.</summary>
    public int Attempt { get; init; }

    /// <summary>When the next attempt is made; only in <see cref="MqttClientState.Waiting"/>.</summary>
    public DateTimeOffset? NextAttempt { get; init; }

    /// <summary>What the server granted; only in <see cref="MqttClientState.Connected"/>.</summary>
    public MqttServerInfo? Server { get; init; }
}
