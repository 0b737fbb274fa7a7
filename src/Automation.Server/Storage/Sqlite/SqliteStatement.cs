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
    private readonly sqlite3 connection;
    private readonly sqlite3_stmt statement;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        this.connection = connection;
        Check(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out statement));
    }

    public SqliteStatement Bind(int position, long value)
    {
        Check(raw.sqlite3_bind_int64(statement, position, value));
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
        Check(utf8.IsEmpty ? raw.sqlite3_bind_text(statement, position, string.Empty) : raw.sqlite3_bind_text(statement, position, utf8));
        return this;
    }

    public SqliteStatement BindBlob(int position, ReadOnlySpan<byte> bytes)
    {
        Check(bytes.IsEmpty ? raw.sqlite3_bind_zeroblob(statement, position, 0) : raw.sqlite3_bind_blob(statement, position, bytes));
        return this;
    }

    public SqliteStatement BindNull(int position)
    {
        Check(raw.sqlite3_bind_null(statement, position));
        return this;
    }

    /// <summary>Runs a statement that returns nothing, and makes it ready for the next use.</summary>
    public void Run()
    {
        var result = raw.sqlite3_step(statement);
        var reset = raw.sqlite3_reset(statement);
        if (result is not raw.SQLITE_DONE) Check(reset is raw.SQLITE_OK ? result : reset);
    }

    /// <summary>Goes to the next row; false after the last, and then the statement is ready for the next use.</summary>
    public bool Read()
    {
        var result = raw.sqlite3_step(statement);
        if (result is raw.SQLITE_ROW) return true;
        var reset = raw.sqlite3_reset(statement);
        if (result is not raw.SQLITE_DONE) Check(reset is raw.SQLITE_OK ? result : reset);
        return false;
    }

    /// <summary>Makes the statement ready for its next use, wherever the last one stopped; the parameters stay bound.</summary>
    public void Reset() => _ = raw.sqlite3_reset(statement);

    public long Long(int column) => raw.sqlite3_column_int64(statement, column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Long(column));

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string() ?? "";

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(statement, column).ToArray();

    public void Dispose() => statement.Dispose();

    private bool IsNull(int column) => raw.sqlite3_column_type(statement, column) is raw.SQLITE_NULL;

    private void Check(int result)
    {
        if (result is raw.SQLITE_OK) return;
        throw new JournalException(result, raw.sqlite3_errmsg(connection).utf8_to_string() ?? "unknown error");
    }
}
