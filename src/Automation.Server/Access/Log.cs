using System.Net;

namespace Automation.Server.Access;

internal static partial class Log
{
    [LoggerMessage(6100, LogLevel.Information, "The admin token is in {File}")]
    public static partial void TokenIsIn(ILogger logger, string file);

    [LoggerMessage(6101, LogLevel.Warning, "Others on this machine can read the admin token in {File}. Set its mode to 600.")]
    public static partial void TokenIsReadable(ILogger logger, string file);

    [LoggerMessage(6102, LogLevel.Warning, "{Address} sent {Count} wrong tokens within a minute and is refused until it is over")]
    public static partial void Blocked(ILogger logger, IPAddress? address, int count);
}
