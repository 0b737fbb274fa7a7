namespace Automation.Mqtt.Broker;

/// <summary>What became of a client.</summary>
public enum MqttPresenceKind
{
    /// <summary>It was let in: its CONNACK with success is on the way.</summary>
    Online,

    /// <summary>Its connection is over. Comes once for each <see cref="Online"/>.</summary>
    Offline,

    /// <summary>Its will was published.</summary>
    Will,
}

/// <summary>A client that came, went, or whose will was published.</summary>
/// <param name="Kind">Which of these.</param>
/// <param name="Client">The client, of the connection that this is about.</param>
/// <param name="Reason">
/// Why the connection ended: what the client or the server said, or would have said, in DISCONNECT; null when the connection was lost without a word.
/// Success for the other kinds.
/// </param>
/// <param name="Text">The same in words, where there is more to say; else null.</param>
/// <param name="KeepsSession">Whether there is a session that outlives the connection.</param>
/// <param name="Will">The will that was published; null for the other kinds.</param>
public sealed record MqttPresence(
    MqttPresenceKind Kind, MqttClientInfo Client, MqttReasonCode? Reason, string? Text, bool KeepsSession, MqttApplicationMessage? Will = null);
