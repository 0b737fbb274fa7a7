namespace Automation.Server.Workflows;

/// <summary>Finds the commit that is checked out around a folder by reading what git keeps there; git itself is not run.</summary>
internal static class GitCommit
{
    // A ref is a line; anything longer is none.
    private const int LongestRef = 4096;

    /// <summary>40 or 64 hex digits; null outside of git work trees, before the first commit, and wherever something cannot be read.</summary>
    public static string? Around(string? folder)
    {
        try
        {
            for (var at = folder is null ? null : new DirectoryInfo(folder); at is not null; at = at.Parent)
            {
                if (GitFolder(Path.Combine(at.FullName, ".git")) is { } git) return Head(git);
            }
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not worth more than a missing line in the history.
        }

        return null;
    }

    /// <summary>The folder itself, or where the file of that name in a linked work tree leads — gitrepository-layout(5).</summary>
    private static string? GitFolder(string path)
    {
        if (Directory.Exists(path)) return path;
        return Line(path) is { } line && line.StartsWith("gitdir: ", StringComparison.Ordinal) ? Path.Combine(Path.GetDirectoryName(path)!, line["gitdir: ".Length..]) : null;
    }

    private static string? Head(string git)
    {
        if (Line(Path.Combine(git, "HEAD")) is not { } head) return null;
        if (!head.StartsWith("ref: ", StringComparison.Ordinal)) return Commit(head);
        var name = head["ref: ".Length..];
        if (!name.StartsWith("refs/", StringComparison.Ordinal) || name.Contains("..", StringComparison.Ordinal)) return null;
        var shared = Line(Path.Combine(git, "commondir")) is { } common ? Path.Combine(git, common) : git;
        return Commit(Line(Path.Combine(git, name))) ?? Commit(Line(Path.Combine(shared, name))) ?? Packed(Path.Combine(shared, "packed-refs"), name);
    }

    private static string? Packed(string file, string name)
    {
        if (!File.Exists(file)) return null;
        return Commit(File.ReadLines(file).FirstOrDefault(line => line.EndsWith(" " + name, StringComparison.Ordinal))?.Split(' ')[0]);
    }

    private static string? Line(string file) =>
        new FileInfo(file) is { Exists: true, Length: <= LongestRef } ? File.ReadAllText(file).Trim() : null;

    private static string? Commit(string? text) => text is { Length: 40 or 64 } && text.All(char.IsAsciiHexDigitLower) ? text : null;
}
