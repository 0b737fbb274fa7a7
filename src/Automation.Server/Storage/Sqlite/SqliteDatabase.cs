using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>Opens the journal's file and brings its schema up to date.</summary>
internal static class SqliteDatabase
{
    public const string FileName = "automation.db";

    /// <summary>How long a call waits for a lock.</summary>
    public const int BusyMilliseconds = 5000;

    /// <summary>What the write-ahead log is cut back to when it has been longer. It is 4 MB as a rule.</summary>
    public const long LogBytes = 32 << 20;

    // auto_vacuum works only in a file without tables: older files keep what they have.
    private static readonly string ForWriting = string.Create(
        CultureInfo.InvariantCulture,
        $"PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout={BusyMilliseconds}; PRAGMA journal_size_limit={LogBytes}; PRAGMA cache_size=-8192; PRAGMA temp_store=MEMORY;");

    static SqliteDatabase()
    {
        // No connection is used by two threads at once, and nobody asks SQLite for its memory statistics: both would lock on every call.
        Batteries_V2.Init();
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MULTITHREAD);
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);
    }

    public static string FileIn(string dataFolder) => Path.Combine(dataFolder, FileName);

    /// <summary>A connection for writing, its schema up to date: WAL, and a commit returns only after its fsync (<c>synchronous=FULL</c>, P1).</summary>
    /// <exception cref="JournalException">The file cannot be opened or migrated, or was written by a newer program; nothing stays open.</exception>
    public static SqliteConnection OpenForWriting(string file)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Open(file, SqliteOpenMode.ReadWriteCreate);
            Execute(connection, ForWriting);
            Migrate(connection);
            return connection;
        }
        catch (Exception error)
        {
            connection?.Dispose();
            throw CannotOpen(file, error);
        }
    }

    /// <summary>As <see cref="OpenForWriting"/>, of a file that was opened before: it is neither made nor migrated.</summary>
    /// <remarks>It writes: the connection's pragmas are a transaction. So this is where a disk that still fails shows, and what is said of it is what a failed commit says.</remarks>
    /// <exception cref="JournalException">The file cannot be opened; nothing stays open.</exception>
    public static SqliteConnection Reopen(string file)
    {
        SqliteConnection? connection = null;
        try
        {
            connection = Open(file, SqliteOpenMode.ReadWrite);
            Execute(connection, ForWriting);
            return connection;
        }
        catch (SqliteException error)
        {
            var system = connection?.Handle is { } handle ? SqliteCalls.SystemError(handle.DangerousGetHandle()) : 0;
            connection?.Dispose();
            throw SqliteFault.Of(error.SqliteExtendedErrorCode, system);
        }
        catch (Exception error)
        {
            connection?.Dispose();
            throw CannotOpen(file, error);
        }
    }

    /// <summary>Reads all of a database that nobody uses, and looks whether it is whole.</summary>
    /// <returns>How many events are in it.</returns>
    /// <exception cref="Backups.BackupException">It is damaged, or not of this program.</exception>
    public static long Check(string file)
    {
        using var connection = Open(file, SqliteOpenMode.ReadOnly);
        if (Scalar(connection, "PRAGMA integrity_check(1)") is not "ok" and var found) throw new Backups.BackupException($"The database is damaged: {found}. Use an earlier backup.");
        if (Scalar(connection, "PRAGMA user_version") is not > 0L) throw new Backups.BackupException("The database is empty, or not of this program.");
        return (long)Scalar(connection, "SELECT count(*) FROM events")!;
    }

    public static SqliteConnection OpenForReading(string file)
    {
        var connection = Open(file, SqliteOpenMode.ReadOnly);
        Execute(connection, "PRAGMA busy_timeout=5000;");
        return connection;
    }

    /// <summary>Runs the numbered SQL files that this database has not seen, each in a transaction of its own.</summary>
    /// <exception cref="JournalException">The database was written by a newer program.</exception>
    public static void Migrate(SqliteConnection connection)
    {
        var done = Convert.ToInt32(Scalar(connection, "PRAGMA user_version"), null);
        var all = JournalDatabase.Migrations("Sqlite");
        if (done > all.Count) throw new JournalException($"The database is at schema {done}, this program knows {all.Count}. Start the newer program, or restore a backup.");
        for (var number = done + 1; number <= all.Count; number++)
        {
            Execute(connection, $"BEGIN IMMEDIATE; {all[number - 1].Sql}; PRAGMA user_version={number}; COMMIT;");
        }
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the SQL is this program's own text
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    public static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the SQL is this program's own text
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }

    private static JournalException CannotOpen(string file, Exception error) =>
        error as JournalException ?? new JournalException($"The journal {file} cannot be opened: {error.Message}", error);

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
