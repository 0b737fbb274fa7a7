namespace Automation.Server.Triggers.Mqtt;

internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Warning, "MQTT: {What}")]
    public static partial void BrokerError(ILogger logger, string what, Exception error);

    [LoggerMessage(2102, LogLevel.Error, "MQTT: clients came and went faster than events are stored; {Dropped} events of mqtt.client triggers were dropped since the start")]
    public static partial void ClientEventsDropped(ILogger logger, long dropped);
}
