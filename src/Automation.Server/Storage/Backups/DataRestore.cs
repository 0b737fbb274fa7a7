using System.Formats.Tar;
using Automation.Server.Hosting;
using Automation.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Automation.Server.Storage.Backups;

/// <summary>Makes a data folder of a backup.</summary>
/// <remarks>
/// The database gets its name last, after it was checked: a restore that was cut off leaves a folder that no server takes for a data folder with a past. The folder is held meanwhile, as by a server, so that none begins on it;
/// the lock's file stays, as it does after a server.
/// </remarks>
internal static class DataRestore
{
    /// <summary>Restores a backup.</summary>
    /// <param name="file">An archive that <see cref="DataBackup"/> made.</param>
    /// <param name="dataFolder">Made when it is missing; must be empty, but for the lock that a server left.</param>
    /// <returns>Events in the database.</returns>
    /// <exception cref="BackupException">It could not be restored; what was written is deleted again.</exception>
    public static long Restore(string file, string dataFolder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder));
        if (!File.Exists(file)) throw new BackupException($"There is no file {file}.");
        RequireEmpty(full);
        try
        {
            using var held = DataFolder.Open(full);
            RequireEmpty(full); // a server may have begun and ended in between
            return Restore(file, full, []);
        }
        catch (StartupException error)
        {
            throw new BackupException(error.Message, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteException or InvalidDataException or ArgumentException)
        {
            throw new BackupException($"{file} could not be restored: {error.Message}", error);
        }
    }

    private static long Restore(string file, string folder, List<string> written)
    {
        var (part, isDone) = (Path.Combine(folder, SqliteDatabase.FileName + ".part"), false);
        try
        {
            Extract(file, folder, part, written);
            if (!File.Exists(part)) throw new BackupException($"There is no {SqliteDatabase.FileName} in {file}. It is no backup of this program.");
            var events = SqliteDatabase.Check(part);
            File.Move(part, SqliteDatabase.FileIn(folder));
            written.Add(SqliteDatabase.FileIn(folder));
            DiskSync.Folder(folder);
            isDone = true;
            return events;
        }
        finally
        {
            if (!isDone) Delete([.. written, part + "-wal", part + "-shm"], folder);
        }
    }

    private static void RequireEmpty(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) != DataFolder.LockName)))
            throw new BackupException($"{folder} is not an empty folder. Nothing is written over: stop the server, move what is there away, or name another folder with --data.");
    }

    private static void Extract(string file, string folder, string database, List<string> written)
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
            using (var made = new FileStream(path, DiskSync.OwnerOnly(FileMode.CreateNew)))
            {
                written.Add(path);
                entry.DataStream?.CopyTo(made);
                made.Flush(flushToDisk: true);
            }

            DiskSync.Folder(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Deletes files, and the folders below that are empty without them.</summary>
    private static void Delete(List<string> files, string folder)
    {
        foreach (var path in files) File.Delete(path);
        foreach (var below in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length).ToList())
        {
            if (!Directory.EnumerateFileSystemEntries(below).Any()) Directory.Delete(below);
        }
    }
}
