namespace Automation.Server.Triggers.Mqtt;

internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Warning, "MQTT: {What}")]
    public static partial void BrokerError(ILogger logger, string what, Exception error);
}
