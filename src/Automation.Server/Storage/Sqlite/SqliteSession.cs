using System.Globalization;
using Automation.Server.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>The connection that writes to a SQLite file.</summary>
internal sealed class SqliteSession : SqlSession
{
    private const long Incremental = 2, SparePages = 1000, LongLog = SqliteDatabase.LogBytes;
    private const int CommitsBetweenTries = 100;

    private readonly string file;
    private readonly Dictionary<object, SqliteStatement> statements = new(ReferenceEqualityComparer.Instance);
    private sqlite3 handle;
    private int untilShorter;

    /// <summary>Opens the file and migrates it.</summary>
    /// <exception cref="JournalException">The file cannot be opened or migrated, or was written by a newer program.</exception>
    public SqliteSession(string file)
    {
        this.file = file;
        Connection = SqliteDatabase.OpenForWriting(file);
        handle = Connection.Handle!;
    }

    public SqliteConnection Connection { get; private set; }

    private bool HasMoved => SqliteCalls.FileControl(handle.DangerousGetHandle(), "main", SqliteCalls.HasMoved, out var moved) is raw.SQLITE_OK && moved != 0;

    /// <summary>
    /// SQLite begins its log anew only when nobody reads in it, which under constant load with constant readers may be never. Here the writer waits a moment for the readers that are in it; new ones read the database.
    /// The transaction before is stored: a fault here is none of it, and shows itself to the next one.
    /// </summary>
    private void ShortenLog()
    {
        untilShorter = CommitsBetweenTries;
        _ = raw.sqlite3_busy_timeout(handle, 50);
        try
        {
            _ = Number("PRAGMA wal_checkpoint(RESTART)"); // 1 when readers were in the way: again later
        }
        catch (JournalException)
        {
            // The disk is full or fails; the log stays long, and is tried again.
        }

        _ = raw.sqlite3_busy_timeout(handle, SqliteDatabase.BusyMilliseconds);
    }

    private bool HasLog => File.Exists(file + "-wal");

    /// <summary>A file has one server at a time: the lock on the data folder.</summary>
    public override bool SharesDatabase => false;

    public override void Register(DateTimeOffset now)
    {
        var id = Sql("INSERT INTO servers (started_at) VALUES (?1) RETURNING id").Bind(1, now);
        while (id.Read()) Server = id.Long(0);
        Sql("UPDATE runs SET owner = NULL WHERE owner <> ?1 AND ended_at IS NULL").Bind(1, Server).Run();
        Sql("UPDATE deliveries SET owner = NULL WHERE owner <> ?1 AND next_attempt_at IS NOT NULL").Bind(1, Server).Run();
        Sql("DELETE FROM servers WHERE id <> ?1").Bind(1, Server).Run();
    }

    public override void Leave()
    {
        // The next one frees what it finds.
    }

    public override void Look(ServersLooked change) => change.Held.AddRange(change.Duties);

    public override bool IsFirst() => true;

    public override void Notify()
    {
        // There is nobody else.
    }

    public override SqlStatement Sql(string text)
    {
        if (!statements.TryGetValue(text, out var statement)) statements.Add(text, statement = new SqliteStatement(handle, text));
        statement.Reset(); // whoever used it last may have failed between two rows
        return statement;
    }

    public override void Begin() => Sql("BEGIN IMMEDIATE").Run();

    /// <summary>Returns after the fsync of the write-ahead log. A file that is not at its place any more takes everything without an error and is gone with the process: that is looked for first.</summary>
    public override void Commit()
    {
        var log = new FileInfo(file + "-wal");
        if (HasMoved || !log.Exists) throw SqliteFault.Moved(file);
        Sql("COMMIT").Run();
        if (log.Length > LongLog && --untilShorter <= 0) ShortenLog();
    }

    public override void Rollback()
    {
        if (raw.sqlite3_get_autocommit(handle) == 0) Sql("ROLLBACK").Run();
    }

    /// <remarks>
    /// The new connection is opened before the old one is closed, so that SQLite keeps its index of the log: made anew from the file, that would hold the transaction whose fsync failed, which was reported
    /// as not stored. A log that was deleted lives on in the old connection; what is in it is moved into the database first. (ADR 22)
    /// </remarks>
    public override void Reopen()
    {
        Rollback();
        if (HasMoved) throw SqliteFault.Moved(file);
        if (!HasLog)
        {
            var moved = Sql("PRAGMA wal_checkpoint(TRUNCATE)");
            var isBusy = moved.Read() && moved.Long(0) != 0;
            moved.Reset();
            if (isBusy) throw SqliteFault.Moved(file + "-wal");
            SqliteConnection.ClearAllPools(); // readers that have the deleted log open
        }

        var (oldStatements, old) = (statements.Values.ToList(), Connection);
        Connection = SqliteDatabase.Reopen(file);
        handle = Connection.Handle!;
        statements.Clear();
        foreach (var statement in oldStatements) statement.Dispose();
        old.Dispose();
        Begin();
        Sql("UPDATE servers SET started_at = started_at WHERE id = ?1").Bind(1, Server).Run();
        Commit();
    }

    /// <remarks>
    /// Free pages are used again, so that a file which has found its size gives none back. A quarter of the file, or 4 MB, is left for that. Files of before <c>auto_vacuum</c> are made anew by a backup and a restore.
    /// </remarks>
    public override bool ReleaseSpace(int maxPages)
    {
        if (Number("PRAGMA auto_vacuum") != Incremental) return false;
        var spare = Number("PRAGMA freelist_count") - Math.Max(SparePages, Number("PRAGMA page_count") / 4);
        if (spare <= 0) return false;
        SqliteDatabase.Execute(Connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA incremental_vacuum({Math.Min(spare, maxPages)})"));
        return spare > maxPages;
    }

    public override void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        Connection.Dispose();
    }

    private long Number(string pragma)
    {
        var row = Sql(pragma);
        var number = row.Read() ? row.Long(0) : 0;
        row.Reset();
        return number;
    }
}
