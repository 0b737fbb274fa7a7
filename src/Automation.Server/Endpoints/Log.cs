namespace Automation.Server.Endpoints;

internal static partial class Log
{
    [LoggerMessage(4200, LogLevel.Error, "Events could not be taken on by {Loop}; trying again in a second")]
    public static partial void PassFailed(ILogger logger, Exception error, string loop);

    [LoggerMessage(4201, LogLevel.Warning, "The file {File} describes no endpoint: {Problem}")]
    public static partial void BadFile(ILogger logger, string file, string problem);

    [LoggerMessage(4202, LogLevel.Error, "The files of endpoints could not be looked through; trying again")]
    public static partial void FilesFailed(ILogger logger, Exception error);

    [LoggerMessage(4204, LogLevel.Error, "The delivery of {Emission} to endpoint {Endpoint} could not be made; it is dead")]
    public static partial void DeliveryNotMade(ILogger logger, Exception error, string endpoint, string emission);

    [LoggerMessage(4205, LogLevel.Error, "The delivery of {Emission} to endpoint {Endpoint} was refused by the database and is left out")]
    public static partial void DeliveryRefused(ILogger logger, Exception error, string endpoint, string emission);

    [LoggerMessage(4206, LogLevel.Warning, "The script of endpoint {Endpoint} did harm {Count} times in a row and is not run for {Pause}: {Problem}")]
    public static partial void ScriptPaused(ILogger logger, string endpoint, int count, TimeSpan pause, string problem);

    [LoggerMessage(4207, LogLevel.Error, "Workflows could not be told of {Emission} ({Type}); trying again")]
    public static partial void TriggersFailed(ILogger logger, Exception error, string emission, string type);

    [LoggerMessage(4208, LogLevel.Error, "Workflows will not hear of {Emission} ({Type}): {Problem}")]
    public static partial void TriggersMissed(ILogger logger, string emission, string type, string problem);
}
