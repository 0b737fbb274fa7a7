namespace Automation.Server.Storage;

internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Error, "The journal cannot write, events are refused until it can. {Reason}")]
    public static partial void CommitFailed(ILogger logger, string reason);

    [LoggerMessage(5001, LogLevel.Information, "The journal writes again")]
    public static partial void Recovered(ILogger logger);

    [LoggerMessage(5002, LogLevel.Error, "A failed transaction could not be rolled back")]
    public static partial void RollbackFailed(ILogger logger, Exception error);

    [LoggerMessage(5003, LogLevel.Information, "Pruned {Runs} runs and events that were old enough")]
    public static partial void Pruned(ILogger logger, int runs);

    [LoggerMessage(5004, LogLevel.Error, "Pruning failed; it is tried again at the next turn")]
    public static partial void PruneFailed(ILogger logger, Exception error);

    [LoggerMessage(5005, LogLevel.Information, "Pruned the {Events} oldest handled events: {MaxEvents} are kept")]
    public static partial void PrunedByCount(ILogger logger, int events, int maxEvents);

    [LoggerMessage(5006, LogLevel.Error, "The database refuses what it was to store")]
    public static partial void UnitRefused(ILogger logger, Exception error);

    [LoggerMessage(5007, LogLevel.Information, "Deleted {States} states of keys whose time was over")]
    public static partial void Forgotten(ILogger logger, int states);
}
