using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;

namespace Automation.Server.Storage.Sqlite;

/// <summary>A prepared statement of the writer's connection. Not thread-safe.</summary>
/// <remarks>
/// The hot statements go past ADO.NET to SQLite's own calls: parameters are bound from UTF-8 bytes as they are, with no string, no boxing and no
/// parameter object. Positions are 1-based, as in <c>?1</c>.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
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

    public SqliteStatement Bind(int position, long value)
    {
        Check(SqliteCalls.BindLong(statement, position, value));
        return this;
    }

    public SqliteStatement Bind(int position, long? value) => value is { } number ? Bind(position, number) : BindNull(position);

    public SqliteStatement Bind(int position, DateTimeOffset value) => Bind(position, value.ToUnixTimeMilliseconds());

    public SqliteStatement Bind(int position, DateTimeOffset? value) => Bind(position, value?.ToUnixTimeMilliseconds());

    public SqliteStatement Bind(int position, string? value)
    {
        if (value is null) return BindNull(position);
        Span<byte> small = stackalloc byte[256];
        if (Encoding.UTF8.TryGetBytes(value, small, out var written)) return BindText(position, small[..written]);
        return BindText(position, Encoding.UTF8.GetBytes(value));
    }

    public SqliteStatement BindText(int position, ReadOnlySpan<byte> utf8)
    {
        // An empty span may be a null pointer, which SQLite would take for NULL.
        Check(SqliteCalls.BindText(statement, position, in utf8.IsEmpty ? ref Empty[0] : ref MemoryMarshal.GetReference(utf8), utf8.Length, SqliteCalls.Transient));
        return this;
    }

    public SqliteStatement BindBlob(int position, ReadOnlySpan<byte> bytes)
    {
        Check(SqliteCalls.BindBlob(statement, position, in bytes.IsEmpty ? ref Empty[0] : ref MemoryMarshal.GetReference(bytes), bytes.Length, SqliteCalls.Transient));
        return this;
    }

    public SqliteStatement BindNull(int position)
    {
        Check(SqliteCalls.BindNull(statement, position));
        return this;
    }

    /// <summary>Runs a statement that returns nothing, and makes it ready for the next use.</summary>
    public void Run()
    {
        var result = SqliteCalls.Step(statement);
        Done(result, SqliteCalls.Reset(statement));
    }

    /// <summary>Goes to the next row; false after the last, and then the statement is ready for the next use.</summary>
    public bool Read()
    {
        var result = SqliteCalls.Step(statement);
        isAtRow = result is raw.SQLITE_ROW;
        if (!isAtRow) Done(result, SqliteCalls.Reset(statement));
        return isAtRow;
    }

    /// <summary>Makes the statement ready for its next use, wherever the last one stopped; the parameters stay bound.</summary>
    public void Reset()
    {
        if (!isAtRow) return;
        _ = SqliteCalls.Reset(statement);
        isAtRow = false;
    }

    public long Long(int column) => raw.sqlite3_column_int64(owner, column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Long(column));

    public string Text(int column) => raw.sqlite3_column_text(owner, column).utf8_to_string() ?? "";

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(owner, column).ToArray();

    public void Dispose() => owner.Dispose();

    private bool IsNull(int column) => raw.sqlite3_column_type(owner, column) is raw.SQLITE_NULL;

    private void Done(int result, int reset)
    {
        if (result is not raw.SQLITE_DONE) Check(reset is raw.SQLITE_OK ? result : reset);
    }

    private void Check(int result)
    {
        if (result is raw.SQLITE_OK) return;
        throw new JournalException(result, raw.sqlite3_errmsg(connection).utf8_to_string() ?? "unknown error");
    }
}
