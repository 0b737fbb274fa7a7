using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Automation.EndToEnd.Tests.Processes;

/// <summary>Looks into a server's database from outside, as an operator with <c>sqlite3</c> would.</summary>
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

    public static long Count(ServerProcess server, string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = server.DatabaseFile, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the SQL is the tests' own text
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
