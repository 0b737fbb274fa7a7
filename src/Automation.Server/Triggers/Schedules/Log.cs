namespace Automation.Server.Triggers.Schedules;

internal static partial class Log
{
    [LoggerMessage(2200, LogLevel.Error, "Schedules could not be read or stored: {Reason} It is tried again in {Pause}")]
    public static partial void TimerFailed(ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(2201, LogLevel.Error, "The schedule {TriggerId} of {WorkflowId} does not fire: this server does not know the time zone {TimeZone}")]
    public static partial void NoZone(ILogger logger, string workflowId, string triggerId, string? timeZone);

    [LoggerMessage(2202, LogLevel.Information, "{Schedules} schedules had times while the server was not running; {Moved} of them pass over some, as their triggers say")]
    public static partial void Resumed(ILogger logger, int schedules, int moved);
}
