using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>Says what an error of SQLite means for those who run the server: what is wrong, and what they can do. (sqlite.org/rescode.html)</summary>
internal static class SqliteFault
{
    // errno of Linux and macOS
    private const int NotPermitted = 1, NoAccess = 13, ReadOnlyFileSystem = 30;

    private const string GoesOn = "The server goes on by itself when that is done.";

    /// <param name="connection">Where the call failed, the last one on it.</param>
    /// <param name="result">What the call returned.</param>
    public static JournalException Of(sqlite3 connection, int result)
    {
        var extended = raw.sqlite3_extended_errcode(connection);
        if ((extended & 0xFF) != (result & 0xFF)) extended = result;
        return Of(extended, raw.sqlite3_errmsg(connection).utf8_to_string() ?? "unknown error", SqliteCalls.SystemError(connection.DangerousGetHandle()));
    }

    /// <param name="extended">The extended code of a connection that could not be opened.</param>
    /// <param name="system">The system's errno, or 0 where it is not known.</param>
    public static JournalException Of(int extended, int system) => Of(extended, raw.sqlite3_errstr(extended).utf8_to_string(), system);

    private static JournalException Of(int extended, string message, int system)
    {
        var said = $"SQLite answered {extended}: {message}";
        return (extended & 0xFF) switch
        {
            raw.SQLITE_CONSTRAINT or raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE => new JournalException(said) { Refused = true },
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new JournalException(
                $"The database file is damaged ({said}). Nothing more is written to it. Stop the server and restore a backup; docs/backup.md says how.")
            { IsDamage = true },
            raw.SQLITE_FULL => new JournalException($"The disk of the data folder is full ({said}). Free space there. {GoesOn}"),
            raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => ReadOnly(said),
            raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN when system is NotPermitted or NoAccess or ReadOnlyFileSystem => ReadOnly(said),
            raw.SQLITE_IOERR => new JournalException($"The disk of the data folder fails ({said}). The system's log says more about the device. It is tried again."),
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new JournalException($"Another program holds the database file locked ({said}). It is tried again."),
            _ => new JournalException(said),
        };
    }

    /// <summary>The file that the server has open is not the one at its place any more.</summary>
    public static JournalException Moved(string file) => new(
        $"The database file {Path.GetFileName(file)} was moved, deleted or replaced while the server uses it. What was accepted is in the file that was there: put that one back and the server goes on. " +
        "If it is gone, what is lost is what came after the last backup: stop the server and restore that.");

    private static JournalException ReadOnly(string said) => new($"The database file may not be written ({said}). Give this user the right to write to the data folder and its files, on a disk that is not read-only. {GoesOn}");
}
