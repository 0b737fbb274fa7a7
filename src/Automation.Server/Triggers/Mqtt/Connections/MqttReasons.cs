using System.Globalization;
using Automation.Mqtt;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>Reason codes for people.</summary>
internal static class MqttReasons
{
    /// <summary>As <c>not authorized (0x87)</c>, with the broker's own text behind it when there is one.</summary>
    public static string InWords(MqttReasonCode code, string? text = null) =>
        $"{Words(code)} (0x{((int)code).ToString("X2", CultureInfo.InvariantCulture)}){(string.IsNullOrWhiteSpace(text) ? "" : ": " + text.Trim())}";

    /// <summary>Whether the same may be taken later.</summary>
    public static bool MayPass(MqttReasonCode code) => code is MqttReasonCode.UnspecifiedError or MqttReasonCode.ImplementationSpecificError or MqttReasonCode.ServerUnavailable
        or MqttReasonCode.ServerBusy or MqttReasonCode.ServerShuttingDown or MqttReasonCode.MessageRateTooHigh or MqttReasonCode.QuotaExceeded or MqttReasonCode.ConnectionRateExceeded;

    // The names of the codes are the words of MQTT 5 §2.4; only where they say little to people is there a better one.
    private static string Words(MqttReasonCode code) => code switch
    {
        MqttReasonCode.UnspecifiedError => "refused without a reason",
        MqttReasonCode.ImplementationSpecificError => "refused by this broker",
        MqttReasonCode.BadUserNameOrPassword => "bad user name or password",
        MqttReasonCode.QoSNotSupported => "the QoS is not supported",
        MqttReasonCode.ClientIdentifierNotValid => "the client identifier is not allowed",
        MqttReasonCode.SessionTakenOver => "another connection uses the same client identifier",
        _ => string.Concat(code.ToString().Select((c, at) => at > 0 && char.IsAsciiLetterUpper(c) ? $" {char.ToLowerInvariant(c)}" : at == 0 ? $"{char.ToLowerInvariant(c)}" : $"{c}")),
    };
}
