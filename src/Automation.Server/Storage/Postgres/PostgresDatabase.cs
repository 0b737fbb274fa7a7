using System.Globalization;
using Automation.Server.Storage.Sql;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Automation.Server.Storage.Postgres;

/// <summary>A PostgreSQL database by its connection string: opens it, and brings its schema up to date.</summary>
internal sealed class PostgresDatabase : JournalDatabase
{
    private const int OldestVersion = 13_00_00; // pg_current_xact_id

    // Two servers that start at once migrate one after the other. Any number that nobody else locks: "automat" in ASCII.
    private const long MigrationLock = 0x6175746f6d6174;

    private readonly NpgsqlConnectionStringBuilder address;
    private readonly Func<ServerIdentity> identity;

    /// <param name="identity">Who this server is to others on the database; asked for at <see cref="Open"/>.</param>
    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Port=…;Username=…;Password=…;Database=…</c>.</param>
    /// <exception cref="JournalException">It cannot be read.</exception>
    public PostgresDatabase(string connectionString, Func<ServerIdentity> identity)
    {
        this.identity = identity;
        try
        {
            address = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidCastException)
        {
            // Not its own words: they may quote a part of the password.
            throw new JournalException("The database's address cannot be read. Write it as Host=...;Port=5432;Username=...;Password=...;Database=..., with quotes around values that have a semicolon.");
        }

        if (string.IsNullOrEmpty(address.Host)) throw new JournalException("The database's address has no Host. Write it as Host=...;Port=5432;Username=...;Password=...;Database=....");
        if (string.IsNullOrEmpty(address.Database)) address.Database = address.Username;
    }

    public ServerIdentity Identity => identity();

    public override string Description => $"PostgreSQL {address.Host}:{address.Port}/{address.Database}";

    public override SqlSession Open(TimeProvider time) => new PostgresSession(this, time);

    public override void Configure(DbContextOptionsBuilder options) => options.UseNpgsql(
        new NpgsqlConnectionStringBuilder(address.ConnectionString)
        {
            ApplicationName = address.ApplicationName ?? "automation",
            MaxPoolSize = 8, // queries of the API
            Options = Join(address.Options, "-c default_transaction_read_only=on"),
        }.ToString());

    /// <summary>Tells of what other servers leave for this one, until it is cancelled or the connection is lost. Meanwhile it cuts off servers whose lease is over: a frozen one may be in a transaction.</summary>
    public override async Task ListenAsync(Action heard, CancellationToken cancellation)
    {
        using var end = new CancellationTokenSource();
        await using var ending = cancellation.UnsafeRegister(static source => EndListening((CancellationTokenSource)source!), end);
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address.ConnectionString) { ApplicationName = "automation listener", Pooling = false, Timeout = 5 }.ToString());
            await connection.OpenAsync(end.Token);
            connection.Notification += (_, _) => heard();
            await using (var listen = new NpgsqlCommand($"LISTEN {PostgresServers.Channel}", connection)) await listen.ExecuteNonQueryAsync(end.Token);
            heard(); // what came before
            while (true)
            {
                await connection.WaitAsync(Identity.Lease / 3, end.Token);
                await using var cut = new NpgsqlCommand(PostgresServers.CutOff, connection);
                await cut.ExecuteNonQueryAsync(end.Token);
            }
        }
        catch (Exception error) when (error is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresErrors.ExplainConnecting(error, address);
        }
    }

    // Npgsql throws from within the cancellation of a connection that is being lost. Whoever stops the server is not to hear of it: what is stopped after this one would not be.
    private static void EndListening(CancellationTokenSource end)
    {
        try
        {
            end.Cancel();
        }
        catch (AggregateException inner) when (inner.Flatten().InnerExceptions.All(static e => e is ObjectDisposedException))
        {
        }
    }

    /// <summary>A connection for writing, its schema up to date; a commit returns only once it is on the disk (P1).</summary>
    /// <exception cref="JournalException">The database cannot be reached, used or migrated, or was written by a newer program.</exception>
    public NpgsqlConnection OpenForWriting()
    {
        var settings = new NpgsqlConnectionStringBuilder(address.ConnectionString)
        {
            ApplicationName = address.ApplicationName ?? "automation",
            Pooling = false,
            Enlist = false,
            MaxAutoPrepare = 256,
            AutoPrepareMinUsages = 2,
            Timeout = 5,
            KeepAlive = 0,
            TcpKeepAlive = true,
        };
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            connection.Open();
            Check(connection);
            Migrate(connection);
            return connection;
        }
        catch (Exception error)
        {
            connection.Dispose();
            throw error as JournalException ?? PostgresErrors.ExplainConnecting(error, address);
        }
    }

    private static void Check(NpgsqlConnection connection)
    {
        if (Number(connection, "SELECT current_setting('server_version_num')::int") < OldestVersion)
        {
            throw new JournalException($"PostgreSQL is {connection.ServerVersion}; 13 is the oldest that this program works with.");
        }

        var encoding = Text(connection, "SHOW server_encoding");
        if (encoding != "UTF8") throw new JournalException($"The database's encoding is {encoding}; it has to be UTF8: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.");
        if (Text(connection, "SHOW fsync") != "on") throw new JournalException("PostgreSQL runs with fsync = off: what it confirms can be lost. Switch it on.");
        if (Text(connection, "SELECT pg_is_in_recovery()::text") != "false") throw new JournalException("This PostgreSQL is a standby and takes no writes. Name the primary.");
        // Less than on would answer before the commit is on the disk; remote_apply and remote_write go together with standbys and wait for the disk here too.
        if (Text(connection, "SHOW synchronous_commit") == "off") Execute(connection, "SET synchronous_commit = on");
        // A transaction here never waits for anything but the database. One that does belongs to a process that was frozen, and must not hold its locks.
        Execute(connection, "SET idle_in_transaction_session_timeout = '5s'; SET default_transaction_read_only = off");
    }

    /// <summary>Runs the numbered SQL files that this database has not seen, all in one transaction.</summary>
    /// <exception cref="JournalException">The database was written by a newer program.</exception>
    private static void Migrate(NpgsqlConnection connection)
    {
        var all = Migrations("Postgres");
        if (IsUpToDate(connection, all.Count)) return;
        using var transaction = connection.BeginTransaction();
        Execute(connection, $"SELECT pg_advisory_xact_lock({MigrationLock})");
        Execute(connection, "CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY)");
        var done = new HashSet<string>(StringComparer.Ordinal);
        using (var names = new NpgsqlCommand("SELECT name FROM schema_migrations", connection))
        using (var rows = names.ExecuteReader())
        {
            while (rows.Read()) done.Add(rows.GetString(0));
        }

        if (done.Except(all.Select(m => m.Name)).Order(StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw new JournalException($"The database has the schema change {unknown}, which this program does not know. Start the newer program, or restore a backup.");
        }

        foreach (var (name, sql) in all.Where(m => !done.Contains(m.Name)))
        {
            Execute(connection, sql);
            using var note = new NpgsqlCommand("INSERT INTO schema_migrations (name) VALUES ($1)", connection);
            note.Parameters.Add(new NpgsqlParameter { Value = name });
            note.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    /// <summary>A server that connects again must not wait for the lock, nor need the right to create tables.</summary>
    private static bool IsUpToDate(NpgsqlConnection connection, int count) =>
        Text(connection, "SELECT to_regclass('schema_migrations')::text") is { Length: > 0 } && Number(connection, "SELECT count(*) FROM schema_migrations") == count;

    private static string Join(string? first, string second) => string.IsNullOrEmpty(first) ? second : $"{first} {second}";

    private static void Execute(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // the program's own text
        using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static string? Text(NpgsqlConnection connection, string sql)
    {
#pragma warning disable CA2100 // the program's own text
        using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static long Number(NpgsqlConnection connection, string sql) => long.Parse(Text(connection, sql)!, CultureInfo.InvariantCulture);
}
