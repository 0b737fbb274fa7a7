namespace Automation.Mqtt;

/// <summary>A packet breaks the standard. The only exception that reading packets throws; the connection must be closed.</summary>
public sealed class MqttProtocolException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reasonCode">What to tell the peer, 0x80 or above.</param>
    /// <param name="message">What is wrong, fit to be sent as a Reason String.</param>
    public MqttProtocolException(MqttReasonCode reasonCode, string message)
        : base(message) => ReasonCode = reasonCode;

    /// <summary>What to tell the peer.</summary>
    public MqttReasonCode ReasonCode { get; }

    /// <summary>The protocol level the failing CONNECT asked for; null when it was not read or the packet is no CONNECT.</summary>
    internal byte? ConnectProtocolLevel { get; set; }

    internal static MqttProtocolException Malformed(string message) => new(MqttReasonCode.MalformedPacket, message);

    internal static MqttProtocolException ProtocolError(string message) => new(MqttReasonCode.ProtocolError, message);
}
