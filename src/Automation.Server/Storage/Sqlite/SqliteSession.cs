using Automation.Server.Storage.Sql;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>The connection that writes to a SQLite file.</summary>
internal sealed class SqliteSession : SqlSession
{
    private readonly sqlite3 handle;
    private readonly Dictionary<object, SqliteStatement> statements = new(ReferenceEqualityComparer.Instance);

    /// <summary>Opens the file and migrates it.</summary>
    /// <exception cref="JournalException">The file cannot be opened or migrated, or was written by a newer program.</exception>
    public SqliteSession(string file)
    {
        Connection = SqliteDatabase.OpenForWriting(file);
        handle = Connection.Handle!;
    }

    public SqliteConnection Connection { get; }

    public override SqlStatement Sql(string text)
    {
        if (!statements.TryGetValue(text, out var statement)) statements.Add(text, statement = new SqliteStatement(handle, text));
        statement.Reset(); // whoever used it last may have failed between two rows
        return statement;
    }

    public override void Begin() => Sql("BEGIN IMMEDIATE").Run();

    /// <summary>Returns after the fsync of the write-ahead log.</summary>
    public override void Commit() => Sql("COMMIT").Run();

    public override void Rollback()
    {
        if (raw.sqlite3_get_autocommit(handle) == 0) Sql("ROLLBACK").Run();
    }

    public override void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        Connection.Dispose();
    }
}
