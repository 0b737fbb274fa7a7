using Automation.Server.Storage;
using Automation.Server.Storage.Sql;
using Automation.Server.Storage.Sqlite;
using SQLitePCL;

namespace Automation.Server.Tests.Storage;

public sealed class SqlitePlanTests : IDisposable
{
    private const string Slow = "https://slow:443";
    private readonly string folder = Directory.CreateTempSubdirectory("automation-").FullName;
    private readonly SqliteSession db;

    public SqlitePlanTests() => db = new SqliteSession(SqliteDatabase.FileIn(folder)) { Server = 1 };

    public void Dispose()
    {
        db.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(SqlClaims.FirstDestination, "(owner=?)")]
    [InlineData(SqlClaims.NextDestination, "(owner=? AND destination>?)")]
    [InlineData(SqlClaims.NextOfDestination, "(owner=? AND destination=? AND next_attempt_at>?)")]
    public void EachLookUp_IsAnsweredByTheIndexAlone_InItsOrder(string sql, string constraints)
    {
        Assert.Equal(["SEARCH deliveries USING COVERING INDEX deliveries_open " + constraints], Plan(sql));
    }

    [Theory]
    [InlineData(SqlKeys.OpenRun)]
    [InlineData(SqlKeys.RunWithTurn)]
    [InlineData(SqlKeys.NextRun)]
    [InlineData(SqlKeys.LastAllowed)]
    public void RunsOfAKey_AreFoundByTheIndexOfOpenOnesAlone(string sql) =>
        Assert.Equal(["SEARCH runs USING COVERING INDEX runs_open_by_key (workflow_id=? AND key=? AND blocked=?)"], Plan(sql));

    [Theory]
    [InlineData(SqlKeys.HeldRun)]
    [InlineData(SqlKeyCommands.BlockedRuns)]
    public void OpenRunsOfAKey_AreFoundByTheirIndex(string sql) =>
        Assert.Equal(["SEARCH runs USING INDEX runs_open_by_key (workflow_id=? AND key=? AND blocked=?)"], Plan(sql));

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
        SqlClaims.Apply(change, db);
        Assert.Equal([10, 20, 21, 22, 30, 40], change.Deliveries.Select(d => d.CreatedAt.ToUnixTimeMilliseconds()));
        SqlClaims.Apply(change, db);
        Assert.Equal([50], change.Deliveries.Select(d => d.CreatedAt.ToUnixTimeMilliseconds()));
        Assert.Equal(101, change.NextDue!.Value.ToUnixTimeMilliseconds());
    }

    /// <summary>Instructions of SQLite's machine for one claim, which is undone.</summary>
    private long Steps(int limit, params string[] except)
    {
        var change = new DeliveriesClaimed(Sample.Time.AddDays(1), limit, except);
        var steps = 0L;
        db.Begin();
        raw.sqlite3_progress_handler(db.Connection.Handle, 1, _ => (int)(steps++ & 0), null);
        SqlClaims.Apply(change, db);
        raw.sqlite3_progress_handler(db.Connection.Handle, 0, (delegate_progress?)null, null);
        db.Rollback();
        Assert.Equal(limit, change.Deliveries.Count);
        return steps;
    }

    private List<string> Plan(string sql)
    {
        var plan = new List<string>();
        var rows = db.Sql("EXPLAIN QUERY PLAN " + sql);
        while (rows.Read()) plan.Add(rows.Text(3));
        return plan;
    }

    private void Queue(string destination, int count, long? due = null, int step = 0)
    {
        using var command = db.Connection.CreateCommand();
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
