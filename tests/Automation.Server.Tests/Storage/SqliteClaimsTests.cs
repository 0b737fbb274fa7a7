using Automation.Server.Storage;
using Automation.Server.Storage.Sqlite;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Server.Tests.Storage;

public sealed class SqliteClaimsTests : IDisposable
{
    private const string Slow = "https://slow:443";
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;
    private readonly SqliteConnection connection;
    private readonly Dictionary<string, SqliteStatement> statements = [];

    public SqliteClaimsTests() => connection = SqliteDatabase.OpenForWriting(SqliteDatabase.FileIn(folder));

    public void Dispose()
    {
        foreach (var statement in statements.Values) statement.Dispose();
        connection.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(SqliteClaims.FirstDestination, "(owner=?)")]
    [InlineData(SqliteClaims.NextDestination, "(owner=? AND destination>?)")]
    [InlineData(SqliteClaims.NextOfDestination, "(owner=? AND destination=? AND next_attempt_at>?)")]
    public void EachLookUp_IsAnsweredByTheIndexAlone_InItsOrder(string sql, string constraints)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the program's own text
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("?1", "x");
        using var rows = command.ExecuteReader();
        var plan = new List<string>();
        while (rows.Read()) plan.Add(rows.GetString(3));
        Assert.Equal(["SEARCH deliveries USING COVERING INDEX deliveries_open " + constraints], plan);
    }

    [Fact]
    public void WorkOfAClaim_DoesNotGrowWithTheBacklog()
    {
        for (var i = 0; i < 5; i++) Queue($"https://receiver-{i}:443", 20);
        Queue(Slow, 100);
        Steps(10); // preparing the statements takes steps too
        var except = Steps(10, Slow);
        var all = Steps(10);
        Queue(Slow, 20_000);
        Assert.Equal(except, Steps(10, Slow));
        Assert.Equal(all, Steps(10));
    }

    [Fact]
    public void Claim_TakesTheOldestDue_AcrossDestinations()
    {
        Queue("https://b:443", 3, due: 10, step: 20); // 10, 30, 50
        Queue("https://a:443", 3, due: 20, step: 1); // 20, 21, 22
        Queue("", 1, due: 40, step: 1);
        Queue("https://c:443", 1, due: 101, step: 1);
        Queue(Slow, 1, due: 1, step: 1);
        var change = new DeliveriesClaimed(DateTimeOffset.FromUnixTimeMilliseconds(100), 6, [Slow]);
        SqliteClaims.Apply(change, server: 1, Statement);
        Assert.Equal([10, 20, 21, 22, 30, 40], change.Deliveries.Select(d => d.CreatedAt.ToUnixTimeMilliseconds()));
        SqliteClaims.Apply(change, server: 1, Statement);
        Assert.Equal([50], change.Deliveries.Select(d => d.CreatedAt.ToUnixTimeMilliseconds()));
        Assert.Equal(101, change.NextDue!.Value.ToUnixTimeMilliseconds());
    }

    /// <summary>Instructions of SQLite's machine for one claim, which is undone.</summary>
    private long Steps(int limit, params string[] except) => Steps(sql =>
    {
        var change = new DeliveriesClaimed(Sample.Time.AddDays(1), limit, except);
        SqliteDatabase.Execute(connection, "BEGIN");
        SqliteClaims.Apply(change, server: 1, sql);
        SqliteDatabase.Execute(connection, "ROLLBACK");
        Assert.Equal(limit, change.Deliveries.Count);
    });

    private long Steps(Action<Func<string, SqliteStatement>> act)
    {
        var steps = 0L;
        raw.sqlite3_progress_handler(connection.Handle, 1, _ => (int)(steps++ & 0), null);
        act(Statement);
        raw.sqlite3_progress_handler(connection.Handle, 0, (delegate_progress?)null, null);
        return steps;
    }

    private SqliteStatement Statement(string sql)
    {
        if (!statements.TryGetValue(sql, out var statement)) statements.Add(sql, statement = new SqliteStatement(connection.Handle!, sql));
        return statement;
    }

    private void Queue(string destination, int count, long? due = null, int step = 0)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $count)
            INSERT INTO deliveries (run_id, workflow_id, step_id, idempotency_key, destination, state, next_attempt_at, max_attempts, request, body, created_at)
            SELECT 1, 'orders', 'send', 'key', $destination, 'pending', $due + i * $step, 3, $request, x'', $due + i * $step FROM n
            """;
        command.Parameters.AddWithValue("$count", count);
        command.Parameters.AddWithValue("$destination", destination);
        command.Parameters.AddWithValue("$due", due ?? Sample.Time.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$step", step);
        command.Parameters.AddWithValue("$request", System.Text.Encoding.UTF8.GetString(StoredRequest.Write(Sample.Request())));
        command.ExecuteNonQuery();
    }
}
