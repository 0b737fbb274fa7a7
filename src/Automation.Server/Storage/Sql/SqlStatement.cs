using System.Text;
using Automation.Server.Values;

namespace Automation.Server.Storage.Sql;

/// <summary>A prepared statement of the connection that writes. Not thread-safe.</summary>
/// <remarks>
/// The text is SQL that both databases take, with positions <c>?1</c>, <c>?2</c> …: numbers and times are BIGINT (times in milliseconds since 1970-01-01
/// UTC), JSON is TEXT. Positions are 1-based, columns 0-based. Everything is bound before <see cref="Run"/> or the first <see cref="Read"/>.
/// </remarks>
internal abstract class SqlStatement : IDisposable
{
    public SqlStatement Bind(int position, long value)
    {
        SetLong(position, value);
        return this;
    }

    public SqlStatement Bind(int position, long? value)
    {
        if (value is { } number) SetLong(position, number);
        else SetNull(position, SqlType.Long);
        return this;
    }

    public SqlStatement Bind(int position, DateTimeOffset value) => Bind(position, value.ToUnixTimeMilliseconds());

    public SqlStatement Bind(int position, DateTimeOffset? value) => Bind(position, value?.ToUnixTimeMilliseconds());

    public SqlStatement Bind(int position, string? value)
    {
        if (value is null)
        {
            SetNull(position, SqlType.Text);
            return this;
        }

        Span<byte> small = stackalloc byte[256];
        SetText(position, Encoding.UTF8.TryGetBytes(value, small, out var written) ? small[..written] : Encoding.UTF8.GetBytes(value));
        return this;
    }

    public SqlStatement Bind(int position, Json value) => BindText(position, value.Utf8.Span);

    public SqlStatement Bind(int position, Json? value)
    {
        if (value is { } json) SetText(position, json.Utf8.Span);
        else SetNull(position, SqlType.Text);
        return this;
    }

    /// <summary>Text in UTF-8. The bytes are copied.</summary>
    public SqlStatement BindText(int position, ReadOnlySpan<byte> utf8)
    {
        SetText(position, utf8);
        return this;
    }

    /// <summary>The bytes are copied.</summary>
    public SqlStatement BindBlob(int position, ReadOnlySpan<byte> bytes)
    {
        SetBlob(position, bytes);
        return this;
    }

    public SqlStatement BindNull(int position, SqlType type)
    {
        SetNull(position, type);
        return this;
    }

    /// <summary>Runs a statement that returns nothing. It may run later, in its place in the order, before the next that reads and before the commit at the latest.</summary>
    public abstract void Run();

    /// <summary>Runs a statement that returns nothing; false when it found no row to insert, update or delete. Costs a round trip to a database that is a process of its own.</summary>
    public abstract bool TryRun();

    /// <summary>Runs a statement that has to change a row; otherwise the unit is refused as superseded, at the commit at the latest.</summary>
    /// <param name="otherwise">Who was faster, in a sentence.</param>
    /// <exception cref="JournalException"><see cref="JournalException.Superseded"/>.</exception>
    public abstract void RunOrSupersede(string otherwise);

    /// <summary>Runs a statement whose rows nobody needs before the commit. It runs in its place in the order.</summary>
    /// <param name="read">Reads them, before the commit; runs no other statement.</param>
    public abstract void RunThen(Action<SqlStatement> read);

    /// <summary>Goes to the next row; false after the last, and then the statement is ready for the next use.</summary>
    public abstract bool Read();

    /// <summary>Ends reading before the last row. No other statement may run while one stands at a row.</summary>
    public abstract void Reset();

    public abstract long Long(int column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Long(column));

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public abstract string Text(int column);

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A blob, or a text in UTF-8; empty for null.</summary>
    public abstract byte[] Bytes(int column);

    public abstract bool IsNull(int column);

    public abstract void Dispose();

    protected abstract void SetLong(int position, long value);

    protected abstract void SetText(int position, ReadOnlySpan<byte> utf8);

    protected abstract void SetBlob(int position, ReadOnlySpan<byte> bytes);

    protected abstract void SetNull(int position, SqlType type);
}

/// <summary>Types of columns.</summary>
internal enum SqlType
{
    Long,
    Text,
    Blob,
}
