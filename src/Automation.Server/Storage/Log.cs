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

    [LoggerMessage(5008, LogLevel.Information, "Deleted {Versions} versions and activations of workflows that nothing needs any more")]
    public static partial void PrunedVersions(ILogger logger, int versions);

    [LoggerMessage(5030, LogLevel.Warning, "{Reason} What this server held is free for all; it goes on as a new one.")]
    public static partial void FencedOff(ILogger logger, string reason);

    [LoggerMessage(5031, LogLevel.Warning, "What this server holds could not be given back: {Reason} Others take it when its lease is over.")]
    public static partial void NotLeft(ILogger logger, string reason);

    [LoggerMessage(5032, LogLevel.Warning, "Server {Name} was not heard of for longer than its lease: what it held is free for others")]
    public static partial void DeclaredDead(ILogger logger, string name);

    [LoggerMessage(5033, LogLevel.Error, "Other servers could not be looked for: {Reason} It is tried again.")]
    public static partial void LookFailed(ILogger logger, string reason);

    [LoggerMessage(5034, LogLevel.Warning, "Other servers are not heard at once, only every {Pause}: {Reason}")]
    public static partial void NotListening(ILogger logger, TimeSpan pause, string reason);
}
