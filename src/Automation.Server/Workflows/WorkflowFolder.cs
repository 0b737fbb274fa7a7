using System.IO.Enumeration;
using System.Text.RegularExpressions;
using Automation.Server.Connectors;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>How a file looked from outside; a new one means that the file should be read again.</summary>
/// <param name="Modified">Ticks.</param>
/// <param name="Created">Ticks; tells a file that was put in place by a rename from the one before.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FileStamp(long Modified, long Created, long Length);

/// <summary>A folder of workflow files: what is in it, and reading from it. Nothing outside of it is read, not through links either.</summary>
internal sealed partial class WorkflowFolder(string root)
{
    private static readonly string[] NotWorkflows = [".layout.json", ".tests.json", ".schema.json"];

    // Files that editors and package managers of script authors put there.
    private static readonly string[] ForeignFiles = ["package.json", "package-lock.json", "tsconfig.json", "deno.json", "deno.lock"];

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    public bool Exists => Directory.Exists(Root);

    /// <summary>Where the folder is, links followed; null when it is not there.</summary>
    public string? RealRoot => RealPath(Root) is var real && Directory.Exists(real) ? real : null;

    /// <summary>Whether a file name belongs to a workflow file, by its name alone.</summary>
    public static bool IsWorkflowFile(ReadOnlySpan<char> name)
    {
        if (!name.EndsWith(".json") || IsIgnored(name)) return false;
        foreach (var ending in NotWorkflows)
        {
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) return false;
        }

        foreach (var foreign in ForeignFiles)
        {
            if (name.SequenceEqual(foreign)) return false;
        }

        return true;
    }

    /// <summary>Whether a changed path can be of interest: neither hidden nor an editor's temporary file.</summary>
    public static bool IsIgnored(ReadOnlySpan<char> name) =>
        name.IsEmpty || name[0] is '.' or '#' || name.EndsWith("~") || name.EndsWith(".swp") || name.EndsWith(".swx") || name.EndsWith(".tmp") || name is "4913" or "node_modules";

    public static bool IsWorkflowId(string id) => Id().IsMatch(id);

    /// <summary>All workflow files: id → stamp. Empty when the folder is not there.</summary>
    /// <exception cref="IOException">The folder cannot be looked through.</exception>
    public Dictionary<string, FileStamp> Scan()
    {
        var found = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        if (!Exists) return found;
        var files = new FileSystemEnumerable<(string Path, FileStamp Stamp)>(Root, static (ref entry) => (entry.ToFullPath(), StampOf(ref entry)), Everything)
        {
            ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory && IsWorkflowFile(entry.FileName),
            ShouldRecursePredicate = static (ref entry) => !(entry.FileName.SequenceEqual(Connector.Folder) && entry.Directory.Length == entry.RootDirectory.Length) && !IsIgnored(entry.FileName) && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        try
        {
            foreach (var (path, stamp) in files) found[Path.GetRelativePath(Root, path)[..^".json".Length].Replace('\\', '/')] = stamp;
        }
        catch (DirectoryNotFoundException)
        {
            // The folder went away meanwhile; what is left of it comes with the next look.
        }

        return found;
    }

    /// <summary>Stamp of a file below the folder; null when it is not there.</summary>
    public FileStamp? Stamp(string path)
    {
        var file = new FileInfo(Path.Combine(Root, path));
        return file.LinkTarget is null ? (file.Exists ? StampOf(file) : null) : StampOfTarget(file);
    }

    /// <summary>Reads a workflow file; null, with the reason, when that cannot be.</summary>
    public byte[]? ReadWorkflow(string workflowId, out string? problem) => Read(workflowId + ".json", out problem);

    /// <summary>Reads a script file by its path relative to the workflow file, which has been checked by <see cref="ScriptFile.RefusePath"/>.</summary>
    public ScriptFile ReadScript(string workflowId, string file)
    {
        var path = PathOf(workflowId, file);
        if (file[0] == '/' && Stamp(path) is null) return ScriptFile.Failed($"There is no file \"{file}\" here; make it, or correct the name.") with { IsMissing = true };
        var bytes = Read(path, out var problem);
        return bytes is null ? ScriptFile.Failed(problem!) : ScriptFile.FromBytes(file, bytes);
    }

    /// <summary>Path below the folder of a file that a workflow names: next to the workflow, or from the folder itself when it begins with /, as a connector's does.</summary>
    public static string PathOf(string workflowId, string file) => file[0] == '/' ? file[1..] : workflowId[..(workflowId.LastIndexOf('/') + 1)] + file;

    /// <summary>Names of the connectors in the folder.</summary>
    public IReadOnlyList<string> Connectors()
    {
        var folder = Path.Combine(Root, Connector.Folder);
        return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*.json").Select(f => Path.GetFileName(f)!).Where(f => IsWorkflowFile(f)).Select(f => f[..^".json".Length]).Order(StringComparer.Ordinal)] : [];
    }

    private byte[]? Read(string path, out string? problem)
    {
        var name = path[(path.LastIndexOf('/') + 1)..];
        try
        {
            var real = RealPath(Path.Combine(Root, path));
            var inside = RealPath(Root).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar; // "/" itself ends in one
            if (!real.StartsWith(inside, StringComparison.Ordinal))
            {
                problem = $"\"{name}\" is a link that leaves the workflows folder; put the file itself there.";
                return null;
            }

            using var stream = new FileStream(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek)
            {
                problem = $"\"{name}\" is not a regular file.";
                return null;
            }

            // One byte more than allowed is enough to tell that a file is too large.
            var bytes = new byte[Math.Min(stream.Length, ScriptFile.MaxBytes + 1)];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            problem = null;
            return read == bytes.Length ? bytes : bytes[..read];
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = $"There is no file \"{name}\" here; make it, or correct the name.";
            return null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            problem = $"\"{name}\" cannot be read: {refused.Message}";
            return null;
        }
    }

    /// <summary>The path with every link in it followed.</summary>
    private static string RealPath(string path)
    {
        // Linux follows 40 links at most, too — path_resolution(7).
        for (var links = 0; links < 40; links++)
        {
            var link = FirstLink(path);
            if (link is null) return path;
            var target = File.ResolveLinkTarget(link, returnFinalTarget: false)!.FullName;
            path = Path.GetFullPath(target + path[link.Length..]);
        }

        throw new IOException($"Too many links in {path}.");
    }

    private static string? FirstLink(string path)
    {
        for (var end = path.IndexOf(Path.DirectorySeparatorChar, 1); ; end = path.IndexOf(Path.DirectorySeparatorChar, end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (new FileInfo(part).LinkTarget is not null) return part;
            if (end < 0) return null;
        }
    }

    private static FileStamp StampOf(ref FileSystemEntry entry)
    {
        if ((entry.Attributes & FileAttributes.ReparsePoint) != 0)
        {
            return StampOfTarget(new FileInfo(entry.ToFullPath())) ?? default;
        }

        return new FileStamp(entry.LastWriteTimeUtc.UtcTicks, entry.CreationTimeUtc.UtcTicks, entry.Length);
    }

    private static FileStamp? StampOfTarget(FileInfo link)
    {
        try
        {
            return link.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { Exists: true } target ? StampOf(target) : null;
        }
        catch (IOException)
        {
            // It leads nowhere, or went away meanwhile.
            return null;
        }
    }

    private static FileStamp StampOf(FileInfo file) => new(file.LastWriteTimeUtc.Ticks, file.CreationTimeUtc.Ticks, file.Length);

    [GeneratedRegex("^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}
