using System.Formats.Tar;
using Automation.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Automation.Server.Storage.Backups;

/// <summary>Makes a data folder of a backup.</summary>
/// <remarks>The database gets its name last, after it was checked: a restore that was cut off leaves a folder that no server takes for a data folder with a past.</remarks>
internal static class DataRestore
{
    /// <summary>Restores a backup.</summary>
    /// <param name="file">An archive that <see cref="DataBackup"/> made.</param>
    /// <param name="dataFolder">Made when it is missing; must be empty.</param>
    /// <returns>Events in the database.</returns>
    /// <exception cref="BackupException">It could not be restored; the folder is left empty.</exception>
    public static long Restore(string file, string dataFolder)
    {
        var full = Path.GetFullPath(dataFolder);
        if (!File.Exists(file)) throw new BackupException($"There is no file {file}.");
        if (File.Exists(full) || (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any()))
            throw new BackupException($"{full} is not an empty folder. Nothing is written over: stop the server, move what is there away, or name another folder with --data.");
        var isDone = false;
        try
        {
            Directory.CreateDirectory(full);
            var part = Path.Combine(full, SqliteDatabase.FileName + ".part");
            Extract(file, full, part);
            if (!File.Exists(part)) throw new BackupException($"There is no {SqliteDatabase.FileName} in {file}. It is no backup of this program.");
            var events = SqliteDatabase.Check(part);
            File.Move(part, SqliteDatabase.FileIn(full));
            DiskSync.Folder(full);
            isDone = true;
            return events;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteException or InvalidDataException or ArgumentException)
        {
            throw new BackupException($"{file} could not be restored: {error.Message}", error);
        }
        finally
        {
            if (!isDone && Directory.Exists(full)) Empty(full);
        }
    }

    private static void Extract(string file, string folder, string database)
    {
        using var stream = File.OpenRead(file);
        using var tar = new TarReader(stream);
        while (tar.GetNextEntry() is { } entry)
        {
            var path = Path.GetFullPath(Path.Combine(folder, entry.Name));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                throw new BackupException($"{file} holds \"{entry.Name}\", which is not a file below the data folder. It is no backup of this program.");
            if (entry.Name == SqliteDatabase.FileName) path = database;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var written = new FileStream(path, DiskSync.OwnerOnly(FileMode.CreateNew)))
            {
                entry.DataStream?.CopyTo(written);
                written.Flush(flushToDisk: true);
            }

            DiskSync.Folder(Path.GetDirectoryName(path)!);
        }
    }

    private static void Empty(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder)) File.Delete(path);
        foreach (var path in Directory.EnumerateDirectories(folder)) Directory.Delete(path, recursive: true);
    }
}
