namespace Automation.Server.Secrets;

/// <summary>What the secrets log: names only.</summary>
internal static partial class Log
{
    [LoggerMessage(4100, LogLevel.Warning, "The environment variable {Variable} is no secret: a secret's name has to look like [A-Z][A-Z0-9_]*")]
    public static partial void NameRefused(ILogger logger, string variable);

    [LoggerMessage(4101, LogLevel.Warning, "The file of secret {Secret} is longer than {Limit} bytes and is not used")]
    public static partial void FileTooLong(ILogger logger, string secret, int limit);

    [LoggerMessage(4102, LogLevel.Warning, "The file of secret {Secret} cannot be read ({Reason})")]
    public static partial void FileUnreadable(ILogger logger, string secret, string reason);

    [LoggerMessage(4103, LogLevel.Warning, "Secret {Secret} has fewer than {Shortest} characters; where a receiver sends it back, it is not masked")]
    public static partial void TooShortToMask(ILogger logger, string secret, int shortest);
}
