using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Automation.Server.Storage.Sql;
using Npgsql;
using NpgsqlTypes;

namespace Automation.Server.Storage.Postgres;

/// <summary>A statement of the connection that writes to PostgreSQL. What only runs waits in the session's batch; reading sends the batch.</summary>
internal sealed partial class PostgresStatement : SqlStatement
{
    private readonly PostgresSession session;
    private readonly string text;
    private readonly NpgsqlParameter?[] parameters;
    private Place place;

    /// <param name="session">Sends it.</param>
    /// <param name="sql">With positions as SQLite writes them, <c>?1</c>.</param>
    public PostgresStatement(PostgresSession session, string sql)
    {
        this.session = session;
        var last = 0;
        text = Positions().Replace(sql, position =>
        {
            last = Math.Max(last, int.Parse(position.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            return "$" + position.Groups[1].Value;
        });
        parameters = new NpgsqlParameter?[last];
    }

    /// <summary>Bytes of what is bound.</summary>
    public int Size { get; private set; }

    public override void Run() => session.Add(this);

    public override void RunOrSupersede(string otherwise) => session.Add(this, otherwise);

    public override void RunThen(Action<SqlStatement> read) => session.Add(this, read);

    public override bool TryRun() => session.Execute(this) > 0;

    public override bool Read()
    {
        if (place is Place.Idle)
        {
            session.BeginRead(this);
            place = Place.AtRows;
        }

        if (session.ReadRow()) return true;
        Reset();
        return false;
    }

    public override void Reset()
    {
        if (place is not Place.AtRows) return;
        place = Place.Idle; // also when the end of the batch fails
        session.EndRead();
    }

    /// <summary>Forgets that it was at a row: the connection is gone, or the transaction.</summary>
    public void Abandon() => place = Place.Idle;

    /// <summary>Lets its rows be read as they come with the answers to a batch.</summary>
    public void ReadAnswer(Action<SqlStatement> read)
    {
        place = Place.InAnswers;
        read(this);
        place = Place.Idle;
    }

    public override long Long(int column) => session.Reader.GetInt64(column);

    public override string Text(int column) => session.Reader.IsDBNull(column) ? "" : session.Reader.GetString(column);

    public override byte[] Bytes(int column) => session.Reader.IsDBNull(column) ? [] : session.Reader.GetFieldValue<byte[]>(column);

    public override bool IsNull(int column) => session.Reader.IsDBNull(column);

    public override void Dispose()
    {
    }

    /// <summary>The statement with what is bound to it now; what is bound next belongs to the next one.</summary>
    public NpgsqlBatchCommand ToCommand()
    {
        var command = new NpgsqlBatchCommand(text);
        for (var i = 0; i < parameters.Length; i++)
        {
            command.Parameters.Add(parameters[i] ?? throw new InvalidOperationException($"Position {i + 1} is not bound: {text}"));
            parameters[i] = null;
        }

        Size = 0;
        return command;
    }

    protected override void SetLong(int position, long value) =>
        parameters[position - 1] = new NpgsqlParameter<long> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bigint };

    protected override void SetText(int position, ReadOnlySpan<byte> utf8)
    {
        Size += utf8.Length;
        parameters[position - 1] = new NpgsqlParameter<byte[]> { TypedValue = Storable(utf8), NpgsqlDbType = NpgsqlDbType.Text };
    }

    protected override void SetBlob(int position, ReadOnlySpan<byte> bytes)
    {
        Size += bytes.Length;
        parameters[position - 1] = new NpgsqlParameter<byte[]> { TypedValue = bytes.ToArray(), NpgsqlDbType = NpgsqlDbType.Bytea };
    }

    protected override void SetNull(int position, SqlType type) => parameters[position - 1] = new NpgsqlParameter
    {
        Value = DBNull.Value,
        NpgsqlDbType = type switch
        {
            SqlType.Long => NpgsqlDbType.Bigint,
            SqlType.Text => NpgsqlDbType.Text,
            _ => NpgsqlDbType.Bytea,
        },
    };

    /// <summary>PostgreSQL has no U+0000 in texts: U+FFFD is stored for it, the same at each place, so that keys with it are still told apart from all others.</summary>
    private static byte[] Storable(ReadOnlySpan<byte> utf8) =>
        utf8.Contains((byte)0) ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8).Replace('\0', '\uFFFD')) : utf8.ToArray();

    /// <summary>Where the reading of its rows stands.</summary>
    private enum Place
    {
        Idle,

        /// <summary>Between <see cref="Read"/> and its end: no other statement may run.</summary>
        AtRows,

        /// <summary>In <see cref="ReadAnswer"/>.</summary>
        InAnswers,
    }

    [GeneratedRegex(@"\?(\d+)")]
    private static partial Regex Positions();
}
