using System.Net;

namespace Automation.Server.Access;

internal static partial class Log
{
    [LoggerMessage(6100, LogLevel.Information, "The admin token is in {File}")]
    public static partial void TokenIsIn(ILogger logger, string file);

    [LoggerMessage(6101, LogLevel.Warning, "Others on this machine can read the admin token in {File}. Set its mode to 600.")]
    public static partial void TokenIsReadable(ILogger logger, string file);

    [LoggerMessage(6102, LogLevel.Warning, "{Address} sent {Count} wrong tokens or passwords within a minute and is refused until it is over")]
    public static partial void Blocked(ILogger logger, IPAddress? address, int count);

    [LoggerMessage(6103, LogLevel.Warning, "A sign-in from {Address} failed")]
    public static partial void SignInFailed(ILogger logger, IPAddress? address);

    [LoggerMessage(6104, LogLevel.Warning, "Users and tokens that were changed elsewhere could not be read; it is tried again. {Reason}")]
    public static partial void NotFollowed(ILogger logger, string reason);

    [LoggerMessage(6106, LogLevel.Warning, "{Count} {What} failed within ten minutes; those beyond are not in the audit log")]
    public static partial void FailuresNotNoted(ILogger logger, int count, string what);

    [LoggerMessage(6107, LogLevel.Error, "What somebody did could not be noted in the audit log: {Reason}")]
    public static partial void NotNoted(ILogger logger, string reason);

    [LoggerMessage(6105, LogLevel.Warning, "When a session or a token was last used could not be noted: {Reason}")]
    public static partial void UseNotNoted(ILogger logger, string reason);
}
