using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>Looks into a server's database from outside, as an operator with <c>sqlite3</c> or <c>psql</c> would.</summary>
internal static class JournalFile
{
    /// <summary>Events, runs and deliveries that have not ended.</summary>
    public static long Open(ServerProcess server) => Count(server, """
        SELECT (SELECT count(*) FROM events WHERE state NOT IN ('done', 'failed', 'filtered', 'duplicate'))
             + (SELECT count(*) FROM runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled'))
             + (SELECT count(*) FROM deliveries WHERE state NOT IN ('succeeded', 'dead'))
        """);

    public static Task EverythingEndedAsync(ServerProcess server, TimeSpan? within = null) =>
        Eventually.HoldsAsync(() => Task.FromResult(Open(server) == 0), "every event, run and delivery is in a terminal state", within);

    /// <summary>The numbers of all stored events: their bodies are <c>{"n"}</c>.</summary>
    public static HashSet<int> Numbers(ServerProcess server)
    {
        using var connection = Connect(server);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT body FROM events";
        using var rows = command.ExecuteReader();
        var numbers = new HashSet<int>();
        while (rows.Read())
        {
            using var body = JsonDocument.Parse(rows.GetFieldValue<byte[]>(0));
            numbers.Add(body.RootElement.GetProperty("n").GetInt32());
        }

        return numbers;
    }

    public static long Count(ServerProcess server, string sql)
    {
        using var connection = Connect(server);
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the SQL is the tests' own text
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static SqliteConnection Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static DbConnection Connect(ServerProcess server)
    {
        if (server.Settings.Environment.GetValueOrDefault("Database") is not { Length: > 0 } address) return Open(server.DatabaseFile);
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
