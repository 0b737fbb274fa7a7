using Automation.Server.Storage.Sqlite;
using Automation.Server.Tests.Runs;
using Microsoft.Data.Sqlite;

namespace Automation.Server.Tests.Queries;

public sealed class QueryRunTests
{
    [Fact]
    public async Task Query_IsAStepLikeOthers_WithValuesOfTheRun()
    {
        var folder = Directory.CreateTempSubdirectory("query-run").FullName;
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "stock.db")};Pooling=False"))
        {
            connection.Open();
            SqliteDatabase.Execute(connection, "CREATE TABLE parts (name TEXT); INSERT INTO parts VALUES ('bolt')");
        }

        await using var server = await WorkflowServer.StartAsync(("Queries:SqliteFolder", folder));
        var run = await server.RunAsync("""
            { "steps": {
              "find": { "type": "sqlite.query", "file": "stock.db", "query": "SELECT name FROM parts WHERE name = :name", "parameters": { "name": "${input.name}" }, "next": "say" },
              "say": { "type": "set", "values": { "found": "${steps.find.output.rows[0].name}" } } } }
            """, """{ "name": "bolt" }""");
        Assert.Equal("succeeded", run.State);
        Assert.Contains("bolt", run.Output("find"), StringComparison.Ordinal);

        server.SetSecret("WAREHOUSE_URL", "postgresql://u:hidden-word@10.0.0.1/d");
        var refused = await server.RunAsync("""{ "steps": { "ask": { "type": "postgres.query", "connection": "warehouse", "query": "SELECT 1" } } }""");
        Assert.Equal(("failed", "address_blocked"), (refused.State, refused.ErrorCode));
        Assert.DoesNotContain("hidden-word", refused.Node.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(server.Logged, line => line.Contains("hidden-word", StringComparison.Ordinal));
        Directory.Delete(folder, recursive: true);
    }
}
