using System.Runtime.InteropServices;
using Automation.Server.Storage.Sql;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>A prepared statement of SQLite.</summary>
/// <remarks>
/// It goes past ADO.NET to SQLite's own calls: parameters are bound from UTF-8 bytes as they are, with no string, no boxing and no parameter object.
/// </remarks>
internal sealed class SqliteStatement : SqlStatement
{
    private static readonly byte[] Empty = [0];

    private readonly sqlite3 connection;
    private readonly sqlite3_stmt owner;
    private readonly nint statement;
    private bool isAtRow;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        this.connection = connection;
        Check(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out owner));
        statement = owner.DangerousGetHandle();
    }

    /// <summary>Runs a statement that returns nothing, and makes it ready for the next use.</summary>
    public override void Run()
    {
        var result = SqliteCalls.Step(statement);
        Done(result, SqliteCalls.Reset(statement));
    }

    public override bool TryRun()
    {
        Run();
        return raw.sqlite3_changes(connection) > 0;
    }

    public override void RunOrSupersede(string otherwise)
    {
        if (!TryRun()) throw JournalException.SupersededBy(otherwise);
    }

    public override void RunThen(Action<SqlStatement> read)
    {
        read(this);
        Reset();
    }

    public override bool Read()
    {
        var result = SqliteCalls.Step(statement);
        isAtRow = result is raw.SQLITE_ROW;
        if (!isAtRow) Done(result, SqliteCalls.Reset(statement));
        return isAtRow;
    }

    /// <summary>Makes the statement ready for its next use, wherever the last one stopped; the parameters stay bound.</summary>
    public override void Reset()
    {
        if (!isAtRow) return;
        _ = SqliteCalls.Reset(statement);
        isAtRow = false;
    }

    public override long Long(int column) => raw.sqlite3_column_int64(owner, column);

    public override string Text(int column) => raw.sqlite3_column_text(owner, column).utf8_to_string() ?? "";

    public override byte[] Bytes(int column) => raw.sqlite3_column_blob(owner, column).ToArray();

    public override bool IsNull(int column) => raw.sqlite3_column_type(owner, column) is raw.SQLITE_NULL;

    public override void Dispose() => owner.Dispose();

    protected override void SetLong(int position, long value) => Check(SqliteCalls.BindLong(statement, position, value));

    // An empty span may be a null pointer, which SQLite would take for NULL.
    protected override void SetText(int position, ReadOnlySpan<byte> utf8) =>
        Check(SqliteCalls.BindText(statement, position, in utf8.IsEmpty ? ref Empty[0] : ref MemoryMarshal.GetReference(utf8), utf8.Length, SqliteCalls.Transient));

    protected override void SetBlob(int position, ReadOnlySpan<byte> bytes) =>
        Check(SqliteCalls.BindBlob(statement, position, in bytes.IsEmpty ? ref Empty[0] : ref MemoryMarshal.GetReference(bytes), bytes.Length, SqliteCalls.Transient));

    protected override void SetNull(int position, SqlType type) => Check(SqliteCalls.BindNull(statement, position));

    private void Done(int result, int reset)
    {
        if (result is not raw.SQLITE_DONE) Check(reset is raw.SQLITE_OK ? result : reset);
    }

    private void Check(int result)
    {
        if (result is raw.SQLITE_OK) return;
        throw SqliteFault.Of(connection, result);
    }
}
