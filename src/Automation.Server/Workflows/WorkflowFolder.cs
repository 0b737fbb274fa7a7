using System.IO.Enumeration;
using System.Text;
using System.Text.RegularExpressions;
using Automation.Server.Connectors;
using Automation.Server.Endpoints;
using Automation.Server.Workflows.Compilation;

namespace Automation.Server.Workflows;

/// <summary>How a file looked from outside; a new one means that the file should be read again.</summary>
/// <param name="Modified">Ticks.</param>
/// <param name="Created">Ticks; tells a file that was put in place by a rename from the one before.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FileStamp(long Modified, long Created, long Length);

/// <summary>A folder of workflow files: what is in it, and reading from it. Nothing outside of it is read, not through links either.</summary>
/// <param name="root">Where the workflows are.</param>
/// <param name="connectors">Where connector files are; null for <c>connectors</c> in <paramref name="root"/>.</param>
internal sealed partial class WorkflowFolder(string root, string? connectors = null)
{
    private static readonly string[] NotWorkflows = [".layout.json", ".tests.json", ".schema.json"];

    // Files that editors and package managers of script authors put there.
    private static readonly string[] ForeignFiles = ["package.json", "package-lock.json", "tsconfig.json", "deno.json", "deno.lock"];

    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };

    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Absolute.</summary>
    public string ConnectorRoot { get; } = Path.GetFullPath(connectors ?? Path.Combine(root, Connector.Folder));

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

    /// <summary>Whether a workflow of that id would be found here.</summary>
    public static bool IsWorkflowId(string id)
    {
        if (!Id().IsMatch(id)) return false;
        var path = id + ".json";
        return IsWorkflowFile(path.AsSpan(path.LastIndexOf('/') + 1)) && path != EndpointFileReader.EventTypesPath && !IsOfOthers(path) && !id.Split('/').Any(part => IsIgnored(part));
    }

    /// <summary>Whether a path is in one of the folders that hold other files than workflows.</summary>
    public static bool IsOfOthers(string path) => path.StartsWith(Connector.Folder + "/", StringComparison.Ordinal) || path.StartsWith(EndpointFileReader.Folder + "/", StringComparison.Ordinal);

    /// <summary>All workflow files: id → stamp. Empty when the folder is not there.</summary>
    /// <exception cref="IOException">The folder cannot be looked through.</exception>
    public Dictionary<string, FileStamp> Scan()
    {
        var found = new Dictionary<string, FileStamp>(StringComparer.Ordinal);
        if (!Exists) return found;
        var files = new FileSystemEnumerable<(string Path, FileStamp Stamp)>(Root, static (ref entry) => (entry.ToFullPath(), StampOf(ref entry)), Everything)
        {
            ShouldIncludePredicate = static (ref entry) => !entry.IsDirectory && IsWorkflowFile(entry.FileName) && !(entry.FileName.SequenceEqual(EndpointFileReader.EventTypesPath) && IsInRoot(ref entry)),
            ShouldRecursePredicate = static (ref entry) => !((entry.FileName.SequenceEqual(Connector.Folder) || entry.FileName.SequenceEqual(EndpointFileReader.Folder)) && IsInRoot(ref entry)) && !IsIgnored(entry.FileName) && (entry.Attributes & FileAttributes.ReparsePoint) == 0,
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
        var (folder, name) = Place(path);
        var file = new FileInfo(Path.Combine(folder, name));
        return file.LinkTarget is null ? (file.Exists ? StampOf(file) : null) : StampOfTarget(file);
    }

    /// <summary>Reads a workflow file; null, with the reason, when that cannot be.</summary>
    public byte[]? ReadWorkflow(string workflowId, out string? problem) => Read(workflowId + ".json", out problem, out _);

    /// <summary>Reads a script file by its path relative to the workflow file, which has been checked by <see cref="ScriptFile.RefusePath"/>.</summary>
    public ScriptFile ReadScript(string workflowId, string file)
    {
        var path = PathOf(workflowId, file);
        if (file[0] == '/' && Stamp(path) is null) return ScriptFile.Failed($"There is no file \"{file}\" here; make it, or correct the name.") with { IsMissing = true };
        var bytes = Read(path, out var problem, out _);
        return bytes is null ? ScriptFile.Failed(problem!) : ScriptFile.FromBytes(file, bytes);
    }

    /// <summary>Path below the folder of a file that a workflow names: next to the workflow, or from the folder itself when it begins with /, as a connector's does.</summary>
    public static string PathOf(string workflowId, string file) => file[0] == '/' ? file[1..] : workflowId[..(workflowId.LastIndexOf('/') + 1)] + file;

    /// <summary>Names of the connectors in the folder.</summary>
    public IReadOnlyList<string> Connectors()
    {
        return Directory.Exists(ConnectorRoot) ? [.. Directory.EnumerateFiles(ConnectorRoot, "*.json").Select(f => Path.GetFileName(f)!).Where(f => IsWorkflowFile(f)).Select(f => f[..^".json".Length]).Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>The text of a file below the folder, or why there is none.</summary>
    public ScriptFile ReadText(string path)
    {
        var bytes = Read(path, out var problem, out var isMissing);
        return bytes is null ? ScriptFile.Failed(problem!) with { IsMissing = isMissing } : ScriptFile.FromBytes(path, bytes);
    }

    /// <summary>Where a file below the folder is written: its path there with every link followed.</summary>
    /// <exception cref="RefusedPathException">Not there: a link on the way leaves the folder or leads to what is hidden in it, or something is in the way.</exception>
    public string PlaceOf(string path)
    {
        var root = RealPath(Root);
        var real = RealPath(Path.Combine(root, path));
        var below = Path.GetRelativePath(root, real).Replace('\\', '/');
        if (below.Split('/')[0] is ".." || Path.IsPathRooted(below)) throw new RefusedPathException($"\"{path}\" leads out of the workflows folder through a link.");
        if (below.Split('/').Any(part => IsIgnored(part))) throw new RefusedPathException($"\"{path}\" leads through a link to what is not for workflows, as \".git\" or \"node_modules\".");
        if (Directory.Exists(real)) throw new RefusedPathException($"\"{path}\" is a folder.");
        for (var at = Path.GetDirectoryName(real)!; at.Length > root.Length; at = Path.GetDirectoryName(at)!)
        {
            if (File.Exists(at)) throw new RefusedPathException($"\"{path}\" cannot be written: \"{Path.GetRelativePath(root, at)}\" is a file.");
        }

        return below;
    }

    /// <summary>Paths of the files of endpoints and event types.</summary>
    public IReadOnlyList<string> EndpointFiles()
    {
        var folder = Path.Combine(Root, EndpointFileReader.Folder);
        var paths = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.json").Select(f => $"{EndpointFileReader.Folder}/{Path.GetFileName(f)}").Where(EndpointFileReader.IsOne).Order(StringComparer.Ordinal).ToList() : [];
        if (File.Exists(Path.Combine(Root, EndpointFileReader.EventTypesPath))) paths.Add(EndpointFileReader.EventTypesPath);
        return paths;
    }

    private static bool IsInRoot(ref FileSystemEntry entry) => entry.Directory.Length == entry.RootDirectory.Length;

    /// <summary>The folder that a path is below, and the rest of it: connector files may have one of their own.</summary>
    private (string Folder, string Path) Place(string path) =>
        path.StartsWith(Connector.Folder + "/", StringComparison.Ordinal) && path.EndsWith(".json", StringComparison.Ordinal) ? (ConnectorRoot, path[(Connector.Folder.Length + 1)..]) : (Root, path);

    private byte[]? Read(string path, out string? problem, out bool isMissing)
    {
        isMissing = false;
        var name = path[(path.LastIndexOf('/') + 1)..];
        try
        {
            var (folder, below) = Place(path);
            var real = RealPath(Path.Combine(folder, below));
            var inside = RealPath(folder).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar; // "/" itself ends in one
            if (!real.StartsWith(inside, StringComparison.Ordinal))
            {
                problem = $"\"{name}\" is a link that leaves the {(folder == Root ? "workflows" : "connectors")} folder; put the file itself there.";
                return null;
            }

            problem = null;
            if (Directory.Exists(real))
            {
                problem = $"\"{name}\" cannot be read: it is a folder.";
                return null;
            }

            // A pipe, a socket or a device has no length, and opening one may wait for ever — fifo(7).
            if (new FileInfo(real).Length == 0) return [];
            using var stream = new FileStream(real, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // One byte more than allowed is enough to tell that a file is too large.
            var bytes = new byte[Math.Min(stream.Length, ScriptFile.MaxBytes + 1)];
            var read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return read == bytes.Length ? bytes : bytes[..read];
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = $"There is no file \"{name}\" here; make it, or correct the name.";
            isMissing = true;
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

    [GeneratedRegex(@"^[a-zA-Z0-9_-]+(/[a-zA-Z0-9_-]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Id();
}

/// <summary>A file may not be written where its path leads; the message says why.</summary>
internal sealed class RefusedPathException(string message) : Exception(message);
