namespace Automation.Server.Api;

internal static partial class Log
{
    [LoggerMessage(6000, LogLevel.Error, "{Method} {Path} failed, trace id {TraceId}")]
    public static partial void Unhandled(ILogger logger, string method, string path, string traceId, Exception error);

    [LoggerMessage(6001, LogLevel.Information, "Workflow {WorkflowId} was run by hand: event {EventId}")]
    public static partial void RunByHand(ILogger logger, string workflowId, string eventId);

    [LoggerMessage(6002, LogLevel.Information, "{Count} deliveries are made again")]
    public static partial void Replayed(ILogger logger, int count);

    [LoggerMessage(6003, LogLevel.Information, "Run {RunId} of {WorkflowId} was cancelled")]
    public static partial void Cancelled(ILogger logger, string runId, string workflowId);

    [LoggerMessage(6004, LogLevel.Information, "{Count} failed runs are retried, {Refused} cannot be")]
    public static partial void Retried(ILogger logger, int count, int refused);

    [LoggerMessage(6006, LogLevel.Information, "{Count} waiting runs of {WorkflowId} were moved to version {Hash}, {Refused} cannot be")]
    public static partial void Moved(ILogger logger, string workflowId, string hash, int count, int refused);

    [LoggerMessage(6005, LogLevel.Information, "Key {Key} of {WorkflowId}: {Change} by an operator")]
    public static partial void KeyChanged(ILogger logger, string key, string workflowId, string change);
}
