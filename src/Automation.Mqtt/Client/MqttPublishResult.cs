namespace Automation.Mqtt.Client;

/// <summary>The server's answer to a publish — MQTT 5 §3.4, §3.5, §3.7.</summary>
/// <param name="ReasonCode">
/// The reason code of the PUBACK, of the PUBREC if that refused, or of the PUBCOMP. <see cref="MqttReasonCode.Success"/> for QoS 0 and for MQTT 3.1.1.
/// </param>
/// <param name="ReasonString">The server's text for people, if it sent one.</param>
/// <param name="UserProperties">The user properties of the answer.</param>
public sealed record MqttPublishResult(MqttReasonCode ReasonCode, string? ReasonString, IReadOnlyList<MqttUserProperty> UserProperties)
{
    internal static readonly MqttPublishResult Done = new(MqttReasonCode.Success, null, []);

    /// <summary>Whether the server took the message; also when nobody subscribes to it (0x10).</summary>
    public bool IsSuccess => ReasonCode < MqttReasonCode.UnspecifiedError;

    /// <summary>Throws when the server refused the message.</summary>
    /// <exception cref="MqttClientException">The server's answer was 0x80 or above.</exception>
    public MqttPublishResult EnsureSuccess() => IsSuccess
        ? this
        : throw new MqttClientException(ReasonCode, $"The server refused the message with {ReasonCode}{(ReasonString is null ? "." : ": " + ReasonString)}");
}
