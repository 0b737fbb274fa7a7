namespace Automation.Server.Workflows;

/// <summary>What the workflows folder logs.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Workflow {WorkflowId} is active in version {Hash}")]
    public static partial void Activated(ILogger logger, string workflowId, string hash);

    [LoggerMessage(1001, LogLevel.Information, "Workflow {WorkflowId} is gone: its file was removed")]
    public static partial void Removed(ILogger logger, string workflowId);

    [LoggerMessage(1002, LogLevel.Error, "{File}({Line},{Column}): {Pointer}: {Problem}")]
    public static partial void Problem(ILogger logger, string file, int? line, int? column, string pointer, string problem);

    [LoggerMessage(1003, LogLevel.Warning, "Workflow {WorkflowId} stays active in its last good version {Hash} until its file is repaired")]
    public static partial void KeptLastGood(ILogger logger, string workflowId, string hash);

    [LoggerMessage(1004, LogLevel.Warning, "Workflow {WorkflowId} does not run: its file has problems and there is no earlier version")]
    public static partial void NotRunning(ILogger logger, string workflowId);

    [LoggerMessage(1005, LogLevel.Error, "Version {Hash} of workflow {WorkflowId} could not be stored and is not active; it is tried again")]
    public static partial void NotStored(ILogger logger, Exception exception, string workflowId, string hash);

    [LoggerMessage(1006, LogLevel.Error, "Workflow {WorkflowId} could not be checked; it is tried again")]
    public static partial void NotChecked(ILogger logger, Exception exception, string workflowId);

    [LoggerMessage(1007, LogLevel.Information, "Workflows folder {Folder} was not there and has been made")]
    public static partial void FolderMade(ILogger logger, string folder);

    [LoggerMessage(1008, LogLevel.Error, "Workflows folder {Folder} is not there and cannot be made; no workflow runs until it is")]
    public static partial void FolderMissing(ILogger logger, Exception exception, string folder);

    [LoggerMessage(1009, LogLevel.Warning, "The system does not report changes in {Folder}; it is looked through every few seconds instead")]
    public static partial void NotWatched(ILogger logger, Exception exception, string folder);

    [LoggerMessage(1010, LogLevel.Error, "Looking through the workflows folder {Folder} failed; it is tried again")]
    public static partial void RefreshFailed(ILogger logger, Exception exception, string folder);

    [LoggerMessage(1011, LogLevel.Information, "Workflow {WorkflowId} was switched {State}")]
    public static partial void Switched(ILogger logger, string workflowId, string state);

    [LoggerMessage(1012, LogLevel.Error, "A listener to workflow changes failed")]
    public static partial void ListenerFailed(ILogger logger, Exception exception);

    [LoggerMessage(1013, LogLevel.Error, "The stored version {WorkflowId} does not load any more: {Problem}")]
    public static partial void StoredVersionBroken(ILogger logger, string workflowId, string problem);

    [LoggerMessage(1014, LogLevel.Warning, "Workflow {WorkflowId} was rolled back to version {Hash} at {Since}; its file takes effect again when it is edited, or when the pin is lifted")]
    public static partial void Pinned(ILogger logger, string workflowId, string hash, DateTimeOffset since);
}
