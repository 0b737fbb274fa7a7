using Automation.Server.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>The connection that writes to a SQLite file.</summary>
internal sealed class SqliteSession : SqlSession
{
    private readonly string file;
    private readonly Dictionary<object, SqliteStatement> statements = new(ReferenceEqualityComparer.Instance);
    private sqlite3 handle;

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

    private bool HasLog => File.Exists(file + "-wal");

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
        if (HasMoved || !HasLog) throw SqliteFault.Moved(file);
        Sql("COMMIT").Run();
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

    public override void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        Connection.Dispose();
    }
}
