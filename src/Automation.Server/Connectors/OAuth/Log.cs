namespace Automation.Server.Connectors.OAuth;

/// <summary>Never a token, a code or a state.</summary>
internal static partial class Log
{
    [LoggerMessage(1300, LogLevel.Warning, "Connections that another server changed could not be read: {Reason}")]
    public static partial void NotFollowed(ILogger log, string reason);

    [LoggerMessage(1301, LogLevel.Information, "Connection {Connection} has a new access token.")]
    public static partial void Renewed(ILogger log, string connection);

    [LoggerMessage(1302, LogLevel.Warning, "Connection {Connection} got no access token: {Reason}")]
    public static partial void NotRenewed(ILogger log, string connection, string reason);

    [LoggerMessage(1303, LogLevel.Information, "Connection {Connection} was connected by {Actor}.")]
    public static partial void Connected(ILogger log, string connection, string actor);
}
