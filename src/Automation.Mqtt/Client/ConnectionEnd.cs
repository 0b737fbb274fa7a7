using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>Why a connection ends, and what the server is told.</summary>
/// <param name="Reason">What the application is told.</param>
/// <param name="ToldCode">The reason code of our DISCONNECT; null for none.</param>
internal sealed record ConnectionEnd(MqttDisconnectReason Reason, MqttReasonCode? ToldCode = null)
{
    public static readonly ConnectionEnd Silent =
        new(new MqttDisconnectReason(MqttDisconnectOrigin.Network, null, "The server did not answer a PINGREQ."), MqttReasonCode.KeepAliveTimeout);

    /// <summary>Whether the server gets a moment to read a last packet.</summary>
    public bool IsTold => ToldCode is not null and not MqttReasonCode.KeepAliveTimeout;

    /// <param name="exception">What the network said; null when the server closed in order.</param>
    public static ConnectionEnd Lost(Exception? exception) => new(
        new MqttDisconnectReason(MqttDisconnectOrigin.Network, null, exception is null ? "The server closed the connection." : exception.Message, null, exception));

    public static ConnectionEnd ServerSays(ReasonPacket packet) => new(new MqttDisconnectReason(
        MqttDisconnectOrigin.Server, packet.ReasonCode, packet.Properties?.ReasonString ?? $"The server ended the connection with {packet.ReasonCode}.",
        packet.Properties?.ServerReference));

    public static ConnectionEnd ServerBrokeTheRules(MqttProtocolException exception) =>
        new(new MqttDisconnectReason(MqttDisconnectOrigin.Client, exception.ReasonCode, exception.Message, null, exception), exception.ReasonCode);

    public static ConnectionEnd Stopped(MqttReasonCode code) =>
        new(new MqttDisconnectReason(MqttDisconnectOrigin.Client, code, "The client was stopped."), code);

    /// <summary>The DISCONNECT; null when there is none. 3.1.1 knows only the one that says all is well (§3.14).</summary>
    public MqttPacket? ToPacket(MqttServerInfo server) =>
        !IsTold || (server.ProtocolVersion != MqttProtocolVersion.V5 && ToldCode != MqttReasonCode.Success)
            ? null
            : new ReasonPacket(PacketType.Disconnect) { ReasonCode = SayableCode() };

    // Some codes say what is wrong with a PUBLISH and cannot stand in a DISCONNECT.
    private MqttReasonCode SayableCode() =>
        ReasonCodeTable.IsAllowed(PacketType.Disconnect, (byte)ToldCode!.Value) ? ToldCode.Value : MqttReasonCode.ProtocolError;
}
