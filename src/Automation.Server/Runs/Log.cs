namespace Automation.Server.Runs;

internal static partial class Log
{
    [LoggerMessage(3200, LogLevel.Error, "Run {RunId} of {WorkflowId}: step {StepId} failed by a defect of this program")]
    public static partial void StepDefect(ILogger logger, string runId, string workflowId, string stepId, Exception error);

    [LoggerMessage(3201, LogLevel.Warning, "Run {RunId} of {WorkflowId} could not be saved; it is tried again every {Pause}. {Reason}")]
    public static partial void SaveFailed(ILogger logger, string runId, string workflowId, string reason, TimeSpan pause);

    [LoggerMessage(3202, LogLevel.Error, "Run {RunId} of {WorkflowId} ended by a defect of this program")]
    public static partial void WalkDefect(ILogger logger, string runId, string workflowId, Exception error);

    [LoggerMessage(3203, LogLevel.Information, "Took up {Runs} runs that were accepted before")]
    public static partial void TookUp(ILogger logger, int runs);

    [LoggerMessage(3204, LogLevel.Error, "Open runs could not be taken from the journal; it is tried again")]
    public static partial void ClaimFailed(ILogger logger, Exception error);

    [LoggerMessage(3205, LogLevel.Warning, "Stopped with {Runs} runs unfinished; they go on at the next start")]
    public static partial void LeftOpen(ILogger logger, int runs);

    [LoggerMessage(3206, LogLevel.Error, "Run {RunId} of {WorkflowId} waits at step {StepId}: {Reason} It is tried again in {Pause}")]
    public static partial void NoSandbox(ILogger logger, string runId, string workflowId, string stepId, string reason, TimeSpan pause);

    [LoggerMessage(3207, LogLevel.Error, "Waits whose time is up could not be read: {Reason} It is tried again in {Pause}")]
    public static partial void TimerFailed(ILogger logger, string reason, TimeSpan pause);

    [LoggerMessage(3208, LogLevel.Error, "Key {Key} of {WorkflowId} has been parked since {At:u} by run {RunId}, which failed: later runs of the key wait. Retry or skip it.")]
    public static partial void Parked(ILogger logger, string key, string workflowId, DateTimeOffset at, string runId);

    [LoggerMessage(3220, LogLevel.Warning, "The timer of {Target} for the key {Key} of {WorkflowId} is dropped: {Why}")]
    public static partial void TimerDropped(ILogger logger, string workflowId, string target, string key, string why);

    [LoggerMessage(3209, LogLevel.Error, "Parked keys could not be looked for; it is tried again")]
    public static partial void ParkedUnknown(ILogger logger, Exception error);

    [LoggerMessage(3210, LogLevel.Warning, "Run {RunId} of {WorkflowId} failed; workflow {Handler}, which is to be told, is not there or is switched off")]
    public static partial void NoErrorWorkflow(ILogger logger, string runId, string workflowId, string handler);

    [LoggerMessage(3211, LogLevel.Warning, "Run {RunId} of {WorkflowId} is not this server's any more; what it did here since its last save is dropped")]
    public static partial void Superseded(ILogger logger, string runId, string workflowId);

    [LoggerMessage(3212, LogLevel.Error, "Run {RunId} of {WorkflowId} cannot be ended: it is left as it is until the next start")]
    public static partial void LeftAsItIs(ILogger logger, string runId, string workflowId, Exception error);
}
