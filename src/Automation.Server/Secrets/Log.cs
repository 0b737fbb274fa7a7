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

    [LoggerMessage(4104, LogLevel.Information, "Made {File}, the key of the secrets in the database. It is not part of backups: keep a copy of it elsewhere.")]
    public static partial void KeyMade(ILogger logger, string file);

    [LoggerMessage(4105, LogLevel.Warning, "The secrets in the database are sealed with {Keys}, and this server has no such key: {WhatToDo}")]
    public static partial void NoKey(ILogger logger, string keys, string whatToDo);

    [LoggerMessage(4106, LogLevel.Warning, "These secrets of the database cannot be opened: {Names}. If this server lacks their key, {WhatToDo}")]
    public static partial void Locked(ILogger logger, string names, string whatToDo);

    [LoggerMessage(4107, LogLevel.Warning, "Secrets that were changed elsewhere could not be read; it is tried again. {Reason}")]
    public static partial void NotFollowed(ILogger logger, string reason);

    [LoggerMessage(4108, LogLevel.Warning, "Others on this machine can read the key of the secrets, {File}. Set its mode to 600.")]
    public static partial void KeyIsReadable(ILogger logger, string file);

    [LoggerMessage(4109, LogLevel.Warning, "{Why}")]
    public static partial void NoServerKey(ILogger logger, string why);
}
