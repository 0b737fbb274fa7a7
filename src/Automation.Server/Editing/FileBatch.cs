using System.Text;
using Automation.Server.Storage.Backups;
using Automation.Server.Workflows;

namespace Automation.Server.Editing;

/// <summary>Files that are put in place together: all are written beside their places first, so that what fails fails before anything changed, then renamed in a row.</summary>
internal sealed class FileBatch : IDisposable
{
    private const string Prefix = ".save-", Ending = ".tmp";
    private static readonly TimeSpan Left = TimeSpan.FromMinutes(1);
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    private readonly List<(string Place, string Made)> written = [];
    private readonly List<string> deleted = [];

    private FileBatch()
    {
    }

    /// <summary>Writes all texts to disk, none in its place. What a killed process left of an earlier batch in the same folders is removed: the caller holds the <see cref="FolderLock"/>.</summary>
    /// <param name="folder">The workflows folder; it is there.</param>
    /// <param name="texts">Path as <see cref="WorkflowFolder.PlaceOf"/> gave it → text, null to delete; in this order, deletions last.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static FileBatch Prepare(WorkflowFolder folder, IEnumerable<KeyValuePair<string, string?>> texts)
    {
        var batch = new FileBatch();
        try
        {
            var swept = new HashSet<string>(StringComparer.Ordinal);
            foreach (var (path, text) in texts)
            {
                var place = Path.Combine(folder.RealRoot!, path);
                if (text is null)
                {
                    if (File.Exists(place)) batch.deleted.Add(place);
                    continue;
                }

                var parent = Directory.CreateDirectory(Path.GetDirectoryName(place)!).FullName;
                if (swept.Add(parent)) Sweep(parent);
                batch.Write(place, Path.Combine(parent, $"{Prefix}{Guid.NewGuid():n}{Ending}"), text);
            }

            return batch;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    /// <summary>Puts the files in place; afterwards that outlasts a power failure.</summary>
    public void Place()
    {
        foreach (var (place, made) in written) File.Move(made, place, overwrite: true);
        foreach (var place in deleted) File.Delete(place);
        foreach (var parent in written.Select(file => file.Place).Concat(deleted).Select(place => Path.GetDirectoryName(place)!).Distinct().Where(Directory.Exists)) DiskSync.Folder(parent);
    }

    public void Dispose()
    {
        foreach (var (_, made) in written) File.Delete(made);
    }

    private void Write(string place, string made, string text)
    {
        written.Add((place, made));
        using (var stream = new FileStream(made, FileMode.CreateNew, FileAccess.Write))
        {
            if (HasByteOrderMark(place)) stream.Write(ByteOrderMark); // readers do not see it: it stays as it is
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        if (!OperatingSystem.IsWindows() && File.Exists(place)) File.SetUnixFileMode(made, File.GetUnixFileMode(place));
    }

    private static bool HasByteOrderMark(string place)
    {
        if (new FileInfo(place) is not { Exists: true, Length: >= 3 }) return false;
        using var stream = new FileStream(place, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> begin = stackalloc byte[3];
        return stream.ReadAtLeast(begin, 3, throwOnEndOfStream: false) == 3 && begin.SequenceEqual(ByteOrderMark);
    }

    private static void Sweep(string parent)
    {
        // Not what another server is writing now, where no lock holds it up.
        foreach (var left in new DirectoryInfo(parent).EnumerateFiles(Prefix + "*" + Ending).Where(file => file.LastWriteTimeUtc < TimeProvider.System.GetUtcNow().UtcDateTime - Left)) left.Delete();
    }
}
