using System.Globalization;
using Automation.Server.Storage.Sql;
using Npgsql;

namespace Automation.Server.Storage.Postgres;

/// <summary>The connection that writes to PostgreSQL.</summary>
/// <remarks>
/// Statements that return nothing gather and are sent together, with the next that reads or before the commit: a transaction of hundreds of statements costs two round
/// trips. A lost connection fails the transaction, and the next one makes a new connection. When the answer to a COMMIT is lost, the server is asked what became of
/// it, for as long as <see cref="InDoubt"/> at the most. After that it stays open: what was to be held by then may be held for nobody to know, so that it has to be freed by registering anew.
/// </remarks>
internal sealed class PostgresSession : SqlSession
{
    private const int MaxWaiting = 512, MaxWaitingBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan InDoubt = TimeSpan.FromSeconds(30), BetweenTries = TimeSpan.FromMilliseconds(250);

    private readonly PostgresDatabase database;
    private readonly ServerIdentity me;
    private readonly TimeProvider time;
    private readonly Dictionary<object, PostgresStatement> statements = new(ReferenceEqualityComparer.Instance);
    private readonly List<Waiting> waiting = [];
    private readonly HashSet<long> mine = []; // what it was registered as, or may be
    private NpgsqlConnection? connection;
    private NpgsqlBatch? batch;
    private NpgsqlDataReader? reader;
    private PostgresStatement? reading;
    private int waitingBytes;
    private string? transaction;
    private bool hasNotified, isNamed;
    private long begunAs; // 0: to register
    private long doubtful; // the server as which a commit was made or not

    /// <exception cref="JournalException">The database cannot be reached or used; the message says why.</exception>
    public PostgresSession(PostgresDatabase database, TimeProvider time)
    {
        this.database = database;
        me = database.Identity;
        this.time = time;
        connection = database.OpenForWriting();
    }

    /// <summary>The rows of the result that is being read.</summary>
    public NpgsqlDataReader Reader => reader ?? throw new InvalidOperationException("No statement is being read.");

    public override bool SharesDatabase => true;

    public override SqlStatement Sql(string text)
    {
        if (reading is not null) throw new InvalidOperationException("Another statement is still being read.");
        if (!statements.TryGetValue(text, out var statement)) statements.Add(text, statement = new PostgresStatement(this, text));
        return statement;
    }

    public override void Begin()
    {
        begunAs = Server;
        if (Server != 0 && Server == doubtful) throw JournalException.FencedOff("What became of its last commit is not known.");
        if (connection is null or { State: not System.Data.ConnectionState.Open }) Reopen();
        transaction = null;
        hasNotified = false;
        Sql("BEGIN ISOLATION LEVEL READ COMMITTED").Run();
        Sql(PostgresServers.Lock).RunThen(static _ => { });
        if (Server == 0) return;
        Sql(PostgresServers.Fence).Bind(1, Server).RunThen(static row =>
        {
            if (!row.Read()) throw JournalException.FencedOff("Other servers took this one for dead, because it was not heard of for longer than its lease (Server:Lease).");
        });
        if (!isNamed) Sql(PostgresServers.Name).Bind(1, Server.ToString(CultureInfo.InvariantCulture)).RunThen(static _ => { });
        isNamed = true;
    }

    public override void Commit()
    {
        Sql("SELECT pg_current_xact_id_if_assigned()::text").RunThen(row => transaction = row.Read() ? row.TextOrNull(0) : null);
        Send();
        try
        {
            Guarded(() =>
            {
                using var command = new NpgsqlCommand("COMMIT", connection);
                command.ExecuteNonQuery();
            });
        }
        catch (JournalException) when (transaction is { } inDoubt && connection is not { State: System.Data.ConnectionState.Open })
        {
            if (!WasCommitted(inDoubt)) throw;
        }
    }

    public override void Rollback()
    {
        isNamed = false; // the name may have been set in what is undone
        waiting.Clear();
        batch = null;
        waitingBytes = 0;
        reading?.Abandon();
        reading = null;
        if (connection is not { State: System.Data.ConnectionState.Open })
        {
            Drop();
            return;
        }

        try
        {
            Guarded(() =>
            {
                reader?.Dispose();
                reader = null;
                using var command = new NpgsqlCommand("ROLLBACK", connection);
                command.ExecuteNonQuery(); // a warning when nothing was begun
            });
        }
        catch (JournalException)
        {
            Drop(); // the server rolls back what a connection leaves
        }
    }

    public override void Reopen()
    {
        Drop();
        connection = database.OpenForWriting();
    }

    public override void Register(DateTimeOffset now)
    {
        Broker = PostgresServers.Register(me, mine, now, this);
        mine.Add(Server);
        isNamed = false;
    }

    public override void Leave()
    {
        PostgresServers.Release(Server, this);
        Notify();
    }

    public override void Look(ServersLooked change) => PostgresServers.Look(change, me, this);

    public override bool IsFirst() => PostgresServers.IsFirst(this);

    public override void Notify()
    {
        if (!hasNotified) Sql(PostgresServers.Notify).RunThen(static _ => { });
        hasNotified = true;
    }

    /// <summary>Autovacuum sees to it.</summary>
    public override bool ReleaseSpace(int maxPages) => false;

    public override void Dispose() => Drop();

    /// <summary>Adds a statement that returns nothing.</summary>
    /// <param name="statement">With all that is bound.</param>
    /// <param name="otherwise">Why the unit is superseded when it changes no row; null when that does not matter.</param>
    public void Add(PostgresStatement statement, string? otherwise = null) => Add(statement, new Waiting(null, null, otherwise));

    /// <summary>Adds a statement that returns rows, which <paramref name="read"/> gets before the commit.</summary>
    public void Add(PostgresStatement statement, Action<SqlStatement> read) => Add(statement, new Waiting(statement, read, null));

    /// <summary>Sends what waits and then a statement that returns nothing; how many rows it changed.</summary>
    public long Execute(PostgresStatement statement)
    {
        Put(statement, default);
        var command = batch!.BatchCommands[^1];
        Send();
        return command.RecordsAffected;
    }

    /// <summary>Sends what waits and then a statement whose rows are read next.</summary>
    public void BeginRead(PostgresStatement statement)
    {
        Put(statement, new Waiting(statement, null, null));
        reading = statement;
        Guarded(() => Answers(batch!));
    }

    public bool ReadRow()
    {
        try
        {
            return Reader.Read();
        }
        catch (Exception error) when (IsOfTheDatabase(error))
        {
            throw Failed(error);
        }
    }

    /// <summary>Ends the reading that <see cref="BeginRead"/> began.</summary>
    public void EndRead()
    {
        reading = null;
        Guarded(Finish);
    }

    private void Add(PostgresStatement statement, Waiting entry)
    {
        Put(statement, entry);
        if (waiting.Count >= MaxWaiting || waitingBytes >= MaxWaitingBytes) Send();
    }

    private void Put(PostgresStatement statement, Waiting entry)
    {
        batch ??= new NpgsqlBatch(connection);
        waitingBytes += statement.Size;
        batch.BatchCommands.Add(statement.ToCommand());
        waiting.Add(entry);
    }

    private void Send()
    {
        if (batch is null) return;
        Guarded(() =>
        {
            Answers(batch);
            Finish();
        });
    }

    /// <summary>Sends the batch and reads its answers, up to the one whose rows the caller reads.</summary>
    private void Answers(NpgsqlBatch sent)
    {
        reader = sent.ExecuteReader();
        var isFirst = true;
        foreach (var entry in waiting)
        {
            if (entry.Statement is null) continue; // no result
            if (!isFirst) reader.NextResult();
            isFirst = false;
            if (entry.Read is null) return;
            entry.Statement.ReadAnswer(entry.Read);
        }
    }

    /// <summary>Waits for the rest of the answers and looks whether each statement that had to change a row did.</summary>
    private void Finish()
    {
        var sent = batch!;
        reader?.Dispose();
        reader = null;
        batch = null;
        waitingBytes = 0;
        var superseded = default(string);
        for (var i = 0; i < waiting.Count && superseded is null; i++)
        {
            if (waiting[i].Otherwise is { } otherwise && sent.BatchCommands[i].Rows == 0) superseded = otherwise;
        }

        waiting.Clear();
        sent.Dispose();
        if (superseded is not null) throw JournalException.SupersededBy(superseded);
    }

    /// <summary>What became of a transaction whose COMMIT was not answered. PostgreSQL keeps that for a long time, also over a crash.</summary>
    /// <exception cref="JournalException">It did not say within the time.</exception>
    private bool WasCommitted(string inDoubt)
    {
        var since = time.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                Drop();
                connection = database.OpenForWriting();
                using var command = new NpgsqlCommand("SELECT pg_xact_status($1::text::xid8)", connection);
                command.Parameters.Add(new NpgsqlParameter { Value = inDoubt });
                var status = command.ExecuteScalar() as string;
                if (status is "committed") return true;
                if (status is "aborted") return false;
            }
            catch (Exception error) when (error is JournalException or NpgsqlException)
            {
                // not there yet
            }

            if (time.GetElapsedTime(since) > InDoubt)
            {
                if (begunAs != 0) doubtful = begunAs; // a registration in doubt is found, or not, by the next one
                throw new JournalException("The connection was lost during a commit, and the database did not say what became of it.");
            }

            pause.Wait(BetweenTries);
        }
    }

    private void Guarded(Action act)
    {
        try
        {
            act();
        }
        catch (Exception error) when (IsOfTheDatabase(error))
        {
            throw Failed(error);
        }
    }

    private static bool IsOfTheDatabase(Exception error) => error is NpgsqlException or IOException or TimeoutException or ObjectDisposedException;

    private JournalException Failed(Exception error)
    {
        if (error is not PostgresException) Drop(); // time-outs too: what the server still does then is undone with its connection
        return PostgresErrors.Explain(error);
    }

    private void Drop()
    {
        isNamed = false;
        reader = null;
        batch = null;
        reading?.Abandon();
        reading = null;
        waiting.Clear();
        waitingBytes = 0;
        try
        {
            connection?.Dispose();
        }
        catch (Exception error) when (error is NpgsqlException or IOException or InvalidOperationException)
        {
            // it is of no use any more
        }

        connection = null;
    }

    /// <param name="Statement">Null when it returns nothing.</param>
    /// <param name="Read">Gets its rows; null when the caller reads them.</param>
    /// <param name="Otherwise">Why the unit is superseded when it changes no row.</param>
    private readonly record struct Waiting(PostgresStatement? Statement, Action<SqlStatement>? Read, string? Otherwise);
}
