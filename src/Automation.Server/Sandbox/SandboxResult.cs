using Automation.Server.Values;

namespace Automation.Server.Sandbox;

/// <summary>How a call ended. A script's mistake is a value here, never an exception.</summary>
/// <param name="Value">JSON null if there is an error.</param>
/// <param name="Log">What the script wrote to its console before it ended; empty if its process died.</param>
internal sealed record SandboxResult(Json Value, IReadOnlyList<SandboxLogLine> Log, SandboxError? Error)
{
    /// <summary>The key's state as the script left it; null when it did not change it.</summary>
    public Json? State { get; init; }
}

/// <param name="Level">debug, info, warn or error.</param>
internal readonly record struct SandboxLogLine(string Level, string Text);

/// <summary>Who failed and where. Lines and columns are the author's, both from 1.</summary>
/// <param name="Message">A sentence for the author of the workflow.</param>
/// <param name="Unit">The unit's id.</param>
/// <param name="Script">The script's name; null for expressions.</param>
/// <param name="Pointer">Of an expression: its JSON pointer in the workflow file.</param>
/// <param name="Stack">As JavaScript writes it, with only the author's scripts in it.</param>
internal sealed record SandboxError(
    SandboxErrorKind Kind,
    string Message,
    string? Unit = null,
    string? Script = null,
    int? Line = null,
    int? Column = null,
    string? Pointer = null,
    string? Stack = null);

internal enum SandboxErrorKind
{
    /// <summary>The script threw, returned what JSON cannot hold, or cannot be compiled.</summary>
    Script,

    /// <summary>It ran longer than <see cref="SandboxOptions.WallTime"/>; its process was killed.</summary>
    TimedOut,

    /// <summary>It used more than <see cref="SandboxOptions.HeapBytes"/>; its process is gone.</summary>
    OutOfMemory,

    /// <summary>Its result is larger than <see cref="SandboxOptions.OutputBytes"/>.</summary>
    OutputTooLarge,

    /// <summary>Its process died twice while running it, for no known reason.</summary>
    Crashed,
}
