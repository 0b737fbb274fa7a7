namespace Automation.Server.Endpoints;

internal static partial class Log
{
    [LoggerMessage(4100, LogLevel.Error, "Events could not be taken to their endpoints; trying again in a second")]
    public static partial void FanOutFailed(ILogger logger, Exception error);

    [LoggerMessage(4101, LogLevel.Warning, "The file {File} describes no endpoint: {Problem}")]
    public static partial void BadFile(ILogger logger, string file, string problem);

    [LoggerMessage(4102, LogLevel.Error, "The files of endpoints could not be looked through; trying again")]
    public static partial void FilesFailed(ILogger logger, Exception error);

    [LoggerMessage(4103, LogLevel.Warning, "Endpoint {Endpoint} is disabled: its receiver failed for too long, or is gone")]
    public static partial void Disabled(ILogger logger, string endpoint);
}
