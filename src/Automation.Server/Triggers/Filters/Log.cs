namespace Automation.Server.Triggers.Filters;

internal static partial class Log
{
    [LoggerMessage(3400, LogLevel.Warning, "What filters took and dropped could not be counted: {Reason} It is counted later")]
    public static partial void CountsFailed(ILogger logger, string reason);
}
