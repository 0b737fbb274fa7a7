using Automation.Server.Storage;
using Automation.Server.Storage.Postgres;
using Automation.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Automation.Server.Tests.Storage;

/// <summary>An empty database for one test, and a second way into it. It goes with the object.</summary>
internal abstract class TestDatabase : IDisposable
{
    /// <summary>True in the second run of the tests, which <c>./test</c> makes on PostgreSQL.</summary>
    public static bool IsPostgres => Environment.GetEnvironmentVariable("AUTOMATION_TEST_DATABASE") == "postgres";

    /// <summary>An event's body as text, in SQL.</summary>
    public static string BodyText => IsPostgres ? "convert_from(body, 'UTF8')" : "CAST(body AS TEXT)";

    public abstract JournalDatabase Database { get; }

    /// <summary>The setting <c>Database</c> of a server on it; empty for SQLite in its data folder.</summary>
    public abstract string Address { get; }

    /// <param name="folder">Of the file, where it is SQLite's.</param>
    public static TestDatabase Create(string folder) => IsPostgres ? new OfPostgres() : new OfSqlite(folder);

    /// <summary>The first column of the first row, read on a connection of its own: a number or a text.</summary>
    public abstract object? Scalar(string sql);

    public abstract void Execute(string sql);

    /// <summary>From now on the database takes no event with this value.</summary>
    public void RefuseEvents(string column, string value) => Execute(this is OfPostgres
        ? $"ALTER TABLE events ADD CONSTRAINT never CHECK ({column} <> '{value}')"
        : $"CREATE TRIGGER never BEFORE INSERT ON events WHEN CAST(NEW.{column} AS TEXT) = '{value}' BEGIN SELECT RAISE(ABORT, 'never'); END");

    /// <summary>From now on the database lets no run fail.</summary>
    public void RefuseFailures() => Execute(this is OfPostgres
        ? "ALTER TABLE runs ADD CONSTRAINT never CHECK (state <> 'failed')"
        : "CREATE TRIGGER never BEFORE UPDATE ON runs WHEN NEW.state = 'failed' BEGIN SELECT RAISE(ABORT, 'never'); END");

    /// <summary>Takes back what was refused.</summary>
    public void AllowFailures() => Execute(this is OfPostgres ? "ALTER TABLE runs DROP CONSTRAINT never" : "DROP TRIGGER never");

    /// <summary>Nothing can be written until it is disposed.</summary>
    public abstract IDisposable Lock();

    public abstract void Dispose();

    internal sealed class OfSqlite(string folder) : TestDatabase
    {
        public override JournalDatabase Database => new SqliteFile(File);

        public override string Address => "";

        private string File => SqliteDatabase.FileIn(folder);

        public override object? Scalar(string sql)
        {
            using var connection = SqliteDatabase.OpenForReading(File);
            return SqliteDatabase.Scalar(connection, sql);
        }

        public override void Execute(string sql)
        {
            using var connection = SqliteDatabase.OpenForWriting(File);
            SqliteDatabase.Execute(connection, sql);
        }

        public override IDisposable Lock()
        {
            var connection = SqliteDatabase.OpenForWriting(File);
            SqliteDatabase.Execute(connection, "BEGIN IMMEDIATE"); // longer than the journal's patience
            return connection;
        }

        public override void Dispose() => SqliteConnection.ClearAllPools();
    }

    internal sealed class OfPostgres : TestDatabase
    {
        private static readonly string Server = Environment.GetEnvironmentVariable("AUTOMATION_TEST_POSTGRES")
            ?? throw new InvalidOperationException("These tests need PostgreSQL: start them with ./test, or with tests/postgres run COMMAND.");

        private readonly string name = $"test_{Guid.NewGuid():N}";

        public OfPostgres()
        {
            Maintain($"CREATE DATABASE {name}");
            Address = new NpgsqlConnectionStringBuilder(Server) { Database = name }.ToString();
            Database = Named("test");
        }

        public override JournalDatabase Database { get; }

        public override string Address { get; }

        /// <summary>The database as a server of that name has it; its instance is the name.</summary>
        public PostgresDatabase Named(string server, TimeSpan? lease = null) => new(Address, () => new ServerIdentity(server, server, lease ?? TimeSpan.FromSeconds(15)));

        public override object? Scalar(string sql)
        {
            using var connection = Open(Address);
            using var command = Command(sql, connection);
            return command.ExecuteScalar();
        }

        public override void Execute(string sql)
        {
            using var connection = Open(Address);
            using var command = Command(sql, connection);
            command.ExecuteNonQuery();
        }

        /// <summary>The server cuts all connections to the database and takes no new ones.</summary>
        public override IDisposable Lock()
        {
            Maintain($"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
            Maintain($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
            return new Closed(name);
        }

        /// <summary>It goes with the server: dropping a database costs a checkpoint.</summary>
        public override void Dispose() => Maintain($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");

        private static void Maintain(string sql)
        {
            using var connection = Open(Server);
            using var command = Command(sql, connection);
            command.ExecuteNonQuery();
        }

        private static NpgsqlConnection Open(string address)
        {
            var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ToString());
            connection.Open();
            return connection;
        }

#pragma warning disable CA2100 // the tests' own texts
        private static NpgsqlCommand Command(string sql, NpgsqlConnection connection) => new(sql, connection);
#pragma warning restore CA2100

        private sealed class Closed(string name) : IDisposable
        {
            public void Dispose() => Maintain($"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        }
    }
}
