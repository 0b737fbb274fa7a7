namespace Automation.Server.Sandbox;

/// <summary>What the sandbox logs: 3000 to 3099.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "Sandbox process {ProcessId} started in {Milliseconds} ms")]
    public static partial void SandboxStarted(this ILogger logger, int processId, long milliseconds);

    [LoggerMessage(3001, LogLevel.Warning, "Sandbox process {ProcessId} is lost: {Reason} in unit {Unit} of {Program}; {Innocent} other calls run again")]
    public static partial void SandboxKilled(this ILogger logger, int processId, SandboxErrorKind reason, string unit, string program, int innocent);

    [LoggerMessage(3002, LogLevel.Error, "Sandbox process {ProcessId} died with code {ExitCode}; {Calls} calls run again")]
    public static partial void SandboxDied(this ILogger logger, int processId, int exitCode, int calls);

    [LoggerMessage(3003, LogLevel.Debug, "Idle sandbox process {ProcessId} ends, {ResidentBytes} bytes resident")]
    public static partial void SandboxRetired(this ILogger logger, int processId, long residentBytes);

    [LoggerMessage(3004, LogLevel.Error, "Sandbox process cannot be started")]
    public static partial void SandboxUnavailable(this ILogger logger, Exception exception);

    [LoggerMessage(3005, LogLevel.Debug, "Sandbox process {ProcessId} says: {Text}")]
    public static partial void SandboxSaid(this ILogger logger, int processId, string text);
}
