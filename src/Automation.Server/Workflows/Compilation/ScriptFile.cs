using System.Text;

namespace Automation.Server.Workflows.Compilation;

/// <summary>A script file as it was read: its text, or a sentence that says why there is none and what to do.</summary>
internal readonly record struct ScriptFile(string? Text, string? Problem)
{
    /// <summary>Largest script and largest workflow file.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>True when there is no such file, rather than one that cannot be read.</summary>
    public bool IsMissing { get; init; }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ScriptFile Of(string text) => new(text, null);

    public static ScriptFile Failed(string problem) => new(null, problem);

    /// <summary>Why a path as written in a workflow file is refused; null when it stays below the workflow's own folder.</summary>
    public static string? RefusePath(string file)
    {
        if (file.Length == 0) return "Name a script file next to the workflow file.";
        if (file.Contains('\\') || file.Contains('\0')) return $"\"{file}\" must use / between folders.";
        if (file[0] == '/' || (file.Length > 1 && file[1] == ':')) return $"\"{file}\" is an absolute path; name a file next to the workflow file or in a folder below.";
        return file.Split('/').Any(part => part is "" or "." or "..") ? $"\"{file}\" may not leave the workflow's folder; name a file next to the workflow file or in a folder below, without . and .. parts." : null;
    }

    /// <summary>Reads bytes as UTF-8, strictly; a byte order mark is left out.</summary>
    public static ScriptFile FromBytes(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxBytes) return Failed($"\"{file}\" is larger than {MaxBytes / 1024} KB; make it smaller.");
        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        try
        {
            return Of(Strict.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return Failed($"\"{file}\" is not UTF-8 text; save it as UTF-8.");
        }
    }
}

/// <summary>What the sandbox says of a script or expression that does not parse.</summary>
/// <param name="Message">As the JavaScript engine puts it.</param>
/// <param name="Script">A unit's script name; null for an expression.</param>
/// <param name="Line">1-based line in the script.</param>
/// <param name="Column">1-based column.</param>
/// <param name="Pointer">JSON pointer of the expression in the workflow file; null for a script.</param>
internal sealed record ScriptProblem(string Message, string? Script, int? Line, int? Column, string? Pointer);
