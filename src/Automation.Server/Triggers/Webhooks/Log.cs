namespace Automation.Server.Triggers.Webhooks;

/// <summary>What the webhook trigger logs. Event ids 2000 to 2099.</summary>
internal static partial class Log
{
    [LoggerMessage(
        2000, LogLevel.Warning, "Webhook {Path} not verified for {WorkflowId}/{TriggerId} ({Scheme}): {Reason}. {Silent} more rejections were not logged.")]
    public static partial void NotVerified(ILogger logger, string path, string workflowId, string triggerId, string scheme, string reason, int silent);

    [LoggerMessage(
        2001, LogLevel.Information, "Webhook {Path}, taken by other workflows, not taken by {WorkflowId}/{TriggerId}: {Reason} {Silent} more rejections were not logged.")]
    public static partial void NotTaken(ILogger logger, string path, string workflowId, string triggerId, string reason, int silent);

    [LoggerMessage(2002, LogLevel.Error, "Webhook {Path} failed with an unexpected error; the sender was told 500.")]
    public static partial void Failed(ILogger logger, string path, Exception error);

    [LoggerMessage(2003, LogLevel.Debug, "Webhook {Path}: the caller went away before the answer.")]
    public static partial void CallerGone(ILogger logger, string path);

    [LoggerMessage(2004, LogLevel.Warning, "Webhook {Path} not let in by {WorkflowId}/{TriggerId}: {Reason}. {Silent} more rejections were not logged.")]
    public static partial void NotLetIn(ILogger logger, string path, string workflowId, string triggerId, string reason, int silent);

    [LoggerMessage(2005, LogLevel.Warning, "A refused request to webhook {Path} could not be kept: {Reason}")]
    public static partial void NotKept(ILogger logger, string path, string reason);

    [LoggerMessage(2006, LogLevel.Warning, "Why a request to webhook {Path} was refused could not be looked into: {Reason}")]
    public static partial void NotDiagnosed(ILogger logger, string path, string reason);
}
