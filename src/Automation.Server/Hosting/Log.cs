namespace Automation.Server.Hosting;

/// <summary>What hosting logs. Event ids 7000 to 7099.</summary>
internal static partial class Log
{
    [LoggerMessage(7000, LogLevel.Error, "{What}: {Reason}")]
    public static partial void CertificateUnreadable(ILogger logger, string what, string reason);
}
