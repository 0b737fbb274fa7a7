using System.Globalization;
using System.Text;
using Automation.Server.Workflows;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Editing;

/// <summary>Which files may be written for a workflow: its own three, scripts beside and below it, and the schemas it names.</summary>
internal static class WrittenPath
{
    private const int LongestPath = 1024;

    // NAME_MAX of Linux's file systems — limits.h(0p).
    private const int LongestName = 255;

    private const string NotInNames = "<>:\"|?*";

    /// <summary>Why a file may not be written for a workflow; null when it may, as far as that can be told without looking into the folder.</summary>
    /// <param name="workflowId">Whose.</param>
    /// <param name="path">Below the workflows folder.</param>
    /// <param name="text">Its text; null to delete it.</param>
    public static string? Refuse(string workflowId, string path, string? text)
    {
        if (text is not null && Encoding.UTF8.GetByteCount(text) > ScriptFile.MaxBytes) return $"\"{path}\" is larger than {ScriptFile.MaxBytes / 1024} KB.";
        if (RefuseName(path) is { } name) return name;
        if (IsOwn(workflowId, path)) return null;
        var beside = workflowId[..(workflowId.LastIndexOf('/') + 1)];
        if (!path.StartsWith(beside, StringComparison.Ordinal)) return $"\"{path}\" is not in the folder of the workflow \"{workflowId}\".";
        if (ScriptFile.RefusePath(path[beside.Length..]) is { } refused) return refused;
        var isScript = path.EndsWith(".js", StringComparison.Ordinal) || path.EndsWith(".ts", StringComparison.Ordinal) || IsSchema(path);
        return !isScript || WorkflowFolder.IsOfOthers(path) || path.Split('/').Any(part => WorkflowFolder.IsIgnored(part))
            ? $"\"{path}\" is none of the workflow's files: those are {WorkflowFiles.NameOf(workflowId)}, its layout and its tests, scripts that end in .js or .ts, and schemas that end in .schema.json."
            : null;
    }

    public static bool IsOwn(string workflowId, string path) => path == WorkflowFiles.NameOf(workflowId) || path == WorkflowFiles.LayoutOf(workflowId) || path == WorkflowFiles.TestsOf(workflowId);

    public static bool IsSchema(string path) => path.EndsWith(".schema.json", StringComparison.Ordinal);

    private static string? RefuseName(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > LongestPath || path.Split('/').Any(part => Encoding.UTF8.GetByteCount(part) > LongestName)) return $"A file's name is longer than {LongestName} bytes, or its path than {LongestPath}: \"{path[..Math.Min(path.Length, 60)]}…\".";
        if (!IsPrintable(path) || path.Any(NotInNames.Contains) || path.Split('/').Any(part => part.Length != part.Trim().Length)) return $"\"{path}\" cannot be a file's name on every system: it may not have control characters, {string.Join(' ', NotInNames.AsEnumerable())}, half characters, or spaces at an end.";
        return !path.Any(letter => letter is >= '\u0300' and <= '\u036F') ? null : $"\"{path}\" is spelled with combining characters, which some systems take for another name; write it in Unicode's normal form C.";
    }

    private static bool IsPrintable(string path) =>
        path.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));
}
