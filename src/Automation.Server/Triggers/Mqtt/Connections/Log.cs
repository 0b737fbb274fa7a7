namespace Automation.Server.Triggers.Mqtt.Connections;

internal static partial class Log
{
    [LoggerMessage(2120, LogLevel.Information, "MQTT connection {Connection}: connected to {Server} as {ClientId}, session kept: {SessionPresent}.")]
    public static partial void Connected(ILogger logger, string connection, string server, string clientId, bool sessionPresent);

    [LoggerMessage(2121, LogLevel.Warning, "MQTT connection {Connection}: no connection to {Server}, {Reason}. It is tried again until it is there.")]
    public static partial void NotConnected(ILogger logger, string connection, string server, string reason);

    [LoggerMessage(2122, LogLevel.Warning, "MQTT connection {Connection}: the broker refused the subscription to {Filter}: {Reason}. It is asked again in a minute.")]
    public static partial void SubscriptionRefused(ILogger logger, string connection, string filter, string reason);

    [LoggerMessage(2123, LogLevel.Error, "MQTT connection {Connection}: a message on {Topic} cannot be stored and never will be. It is acknowledged with an error, and is not there.")]
    public static partial void MessageRefused(ILogger logger, string connection, string topic);

    [LoggerMessage(2124, LogLevel.Error, "MQTT connection {Connection}: a message on {Topic} failed in an unexpected way. It is acknowledged with an error, and is not there.")]
    public static partial void MessageFailed(ILogger logger, string connection, string topic, Exception error);

    [LoggerMessage(2125, LogLevel.Warning, "MQTT connection {Connection}: subscriptions could not be brought up to date; it is tried again. {Reason}")]
    public static partial void SubscriptionsFailed(ILogger logger, string connection, string reason);

    [LoggerMessage(2126, LogLevel.Warning, "MQTT connection {Connection}: {What}")]
    public static partial void ClientError(ILogger logger, string connection, string what, Exception error);

    [LoggerMessage(2127, LogLevel.Warning, "MQTT: retained messages could not be given to workflows that began to listen; it is tried again.")]
    public static partial void RetainedFailed(ILogger logger, Exception error);
}
