using System.Formats.Tar;
using Automation.Server.Access;
using Automation.Server.Hosting;
using Automation.Server.Secrets;
using Automation.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;

namespace Automation.Server.Storage.Backups;

/// <summary>Writes a data folder into one file, while a server may be using it: a tar archive with the database as it was at one moment, and the files of secrets.</summary>
/// <remarks>
/// The database is read in one read transaction (SQLite's <c>VACUUM INTO</c>): whatever was acknowledged before the call is in it, and the server goes on writing meanwhile. Its write-ahead log cannot begin anew until the
/// copy is made, so it grows by what comes in. The copy is checked, the archive is on the disk before it gets its name, and only its owner may read it.
/// </remarks>
internal static class DataBackup
{
    /// <summary>Not part of a backup: the lock, what belongs to the database, the key of the secrets in it, which would make them readable, and the admin token, which would open the server: a restored one makes another.</summary>
    private static readonly string[] Left = [DataFolder.LockName, SqliteDatabase.FileName, SqliteDatabase.FileName + "-wal", SqliteDatabase.FileName + "-shm", SecretKeys.FileName, AdminToken.FileName];

    /// <summary>Makes the backup.</summary>
    /// <param name="dataFolder">The folder.</param>
    /// <param name="file">The archive; must not exist.</param>
    /// <returns>Events in the database, and bytes of the archive.</returns>
    /// <exception cref="BackupException">It could not be made; nothing is left of it.</exception>
    public static (long Events, long Bytes) Create(string dataFolder, string file)
    {
        var database = SqliteDatabase.FileIn(dataFolder);
        if (!File.Exists(database)) throw new BackupException($"There is no database in {Path.GetFullPath(dataFolder)}. Name the server's data folder with --data.");
        if (Path.Exists(file)) throw new BackupException($"{file} exists already; it is not written over. Name another file.");
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is not { } folder || !Directory.Exists(folder)) throw new BackupException($"The folder of {file} does not exist. Make it, or name another one.");
        if (Path.GetFullPath(file).StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataFolder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new BackupException($"{file} would be in the data folder itself, and so in the next backup. Name a file elsewhere.");
        var (copy, archive) = (file + ".db.part", file + ".part");
        try
        {
            var events = Copy(database, copy);
            Write(dataFolder, copy, archive);
            File.Move(archive, file);
            DiskSync.Folder(folder);
            return (events, new FileInfo(file).Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or SqliteException)
        {
            throw new BackupException($"The backup could not be made: {error.Message}", error);
        }
        finally
        {
            File.Delete(copy);
            File.Delete(archive);
        }
    }

    private static long Copy(string database, string copy)
    {
        File.Delete(copy);
        using (var made = new FileStream(copy, DiskSync.OwnerOnly(FileMode.CreateNew)))
        {
            // SQLite takes an empty file for an empty database; so nobody else can read the copy while it is made.
        }

        using (var source = SqliteDatabase.OpenForReading(database))
        {
            // For files of before auto_vacuum: what it says is how the copy is made. Where it is set, setting it again would be a write.
            if (SqliteDatabase.Scalar(source, "PRAGMA auto_vacuum") is 0L) SqliteDatabase.Execute(source, "PRAGMA auto_vacuum=INCREMENTAL");
            using var into = source.CreateCommand();
            into.CommandText = "VACUUM INTO $copy";
            into.CommandTimeout = 0;
            into.Parameters.AddWithValue("$copy", copy);
            into.ExecuteNonQuery();
        }

        return SqliteDatabase.Check(copy);
    }

    private static void Write(string dataFolder, string copy, string archive)
    {
        using var stream = new FileStream(archive, DiskSync.OwnerOnly(FileMode.Create));
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            tar.WriteEntry(copy, SqliteDatabase.FileName);
            foreach (var path in Directory.EnumerateFiles(dataFolder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                var name = Path.GetRelativePath(dataFolder, path).Replace('\\', '/');
                if (Left.Contains(name)) continue;
                using var content = File.OpenRead(path); // through links, as secrets often are some
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            }
        }

        stream.Flush(flushToDisk: true);
    }
}
