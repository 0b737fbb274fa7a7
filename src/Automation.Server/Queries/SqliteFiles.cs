using System.Text;
using Automation.Server.Steps;

namespace Automation.Server.Queries;

/// <summary>The SQLite files that steps may open: those below one folder, without links and outside of the server's own data.</summary>
/// <param name="folder">From the setting <c>Queries:SqliteFolder</c>; empty for none.</param>
/// <param name="data">The server's data folder, whose files are never opened.</param>
internal sealed class SqliteFiles(string folder, string data)
{
    private readonly string root = folder.Length > 0 ? Real(Path.GetFullPath(folder)) : "";
    private readonly string own = Real(Path.GetFullPath(data));

    /// <summary>A sentence where no file can be opened at all; null where the setting names a folder.</summary>
    public string? Refusal => root.Length > 0 ? null : "This server opens no SQLite files: the setting Queries:SqliteFolder names no folder.";

    /// <summary>What is wrong with a file's name, whether or not it is there; null when nothing is.</summary>
    public static string? NameProblem(string name)
    {
        if (name.Length is 0 or > 400 || name.Contains('\\') || name.Contains('\0') || name.Contains(':') || Path.IsPathRooted(name)) return $"\"{Shown(name)}\" is not a file's name: write it relative to the folder of Queries:SqliteFolder, as \"stock.db\" or \"shop/orders.db\".";
        return name.Split('/').Any(part => part is "" or "." or "..") ? $"\"{Shown(name)}\" leads out of the folder of Queries:SqliteFolder, or has an empty part: write the names of folders and file alone." : null;
    }

    /// <summary>Path of a file, none of whose parts is a link.</summary>
    /// <exception cref="StepException"><c>file_refused</c> or <c>file_not_found</c>.</exception>
    public string Find(string name)
    {
        if (Refusal is { } refusal) throw Refused(refusal);
        if (NameProblem(name) is { } problem) throw Refused(problem);
        var path = root;
        foreach (var part in name.Split('/'))
        {
            path = Path.Combine(path, part);
            // SQLite is told not to follow links either: what is changed after this look does not help.
            if (new FileInfo(path).LinkTarget is not null) throw Refused($"\"{Shown(name)}\" is, or is below, a symbolic link, which is not followed.");
        }

        if ((path + "/").StartsWith(own + "/", StringComparison.Ordinal)) throw Refused($"\"{Shown(name)}\" is in this server's data folder, which steps do not read.");
        if (!File.Exists(path)) throw new StepException(new StepError("file_not_found", $"There is no file \"{Shown(name)}\" in the folder of Queries:SqliteFolder.", Retryable: false));
        return path;
    }

    private static StepException Refused(string message) => new(new StepError("file_refused", message, Retryable: false));

    /// <summary>The path with the links of the operator's own folders followed.</summary>
    private static string Real(string path)
    {
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (Directory.Exists(real) && new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target) real = target.FullName;
        }

        return Path.TrimEndingDirectorySeparator(real);
    }

    private static string Shown(string name)
    {
        var shown = new StringBuilder();
        foreach (var character in name.AsSpan(0, Math.Min(name.Length, 100))) shown.Append(char.IsControl(character) ? '?' : character);
        return shown.ToString();
    }
}
