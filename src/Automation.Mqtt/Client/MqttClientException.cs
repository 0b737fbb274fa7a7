namespace Automation.Mqtt.Client;

/// <summary>Something asked of the client was not done.</summary>
public sealed class MqttClientException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="reasonCode">The reason, 0x80 or above.</param>
    /// <param name="message">What was not done, and why.</param>
    /// <param name="innerException">The cause, if there was one.</param>
    public MqttClientException(MqttReasonCode reasonCode, string message, Exception? innerException = null)
        : base(message, innerException) => ReasonCode = reasonCode;

    /// <summary>The reason, as the server gave it or as it would have.</summary>
    public MqttReasonCode ReasonCode { get; }
}
