using System.Text.Json.Nodes;
using Automation.Server.Storage;
using Automation.Server.Tests.Api;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Access;

public sealed class AuditTests : ApiTest
{
    [Fact]
    public async Task Change_IsNoted_WithWhoFromWhereAndWhat_BeforeItIsAnswered()
    {
        Server.AddWorkflow("shop/order");
        await Server.PostAsync("/api/workflows/shop%2Forder/disable", 200);

        var entry = (await Server.GetAsync("/api/audit"))["items"]![0]!;

        Assert.Equal(("admin-token", "127.0.0.1", "disableWorkflow", "shop/order", 200), (Text(entry, "actor"), Text(entry, "address"), Text(entry, "action"), Text(entry, "target"), entry["status"]!.GetValue<int>()));
        Assert.Equal("""{"before":{"enabled":true},"after":{"enabled":false}}""", entry["detail"]!.ToJsonString());
    }

    [Fact]
    public async Task RefusedAndFailedChanges_AreNotedToo_AndLooksAreNot()
    {
        await Server.PostAsync("/api/workflows/none/disable", 404);
        await Server.PostAsync("/api/deliveries/replay?nothing=1", 400);
        await Server.GetAsync("/api/runs");

        var items = (await Server.GetAsync("/api/audit"))["items"]!.AsArray();

        Assert.Equal([400, 404], items.Select(i => i!["status"]!.GetValue<int>()));
    }

    [Fact]
    public async Task RefusedRequests_AreNoted_UpToABound_AndOnesThatOnlyLookAreNot()
    {
        var token = (await Server.PostAsync("/api/tokens", 200, """{"name":"eve","role":"viewer"}"""))["token"]!.GetValue<string>();
        using var client = Server.NewClient();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        for (var i = 0; i < 120; i++)
        {
            using var refused = await client.PutAsync(new Uri("/api/users/evil", UriKind.Relative), WorkflowServer.Json("""{"role":"admin"}"""));
            Assert.Equal(403, (int)refused.StatusCode);
        }

        using (await client.GetAsync(new Uri("/api/users", UriKind.Relative)))
        {
        }

        var items = (await Server.GetAsync("/api/audit?actor=token:eve&limit=200"))["items"]!.AsArray();
        Assert.Equal(100, items.Count);
        Assert.Equal(("setUser", "evil", 403), (Text(items[0]!, "action"), Text(items[0]!, "target"), items[0]!["status"]!.GetValue<int>()));
    }

    [Fact]
    public async Task ChangeFromAnotherOrigin_IsNoted()
    {
        using var began = await Server.Stranger.GetAsync(new Uri("/?token=" + ApiServer.Token, UriKind.Relative));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/workflows/a/disable");
        request.Headers.Add("Cookie", began.Headers.GetValues("Set-Cookie").Last().Split(';')[0]);
        request.Headers.Add("Origin", "https://evil.example");
        using (await Server.Stranger.SendAsync(request))
        {
        }

        var entry = (await Server.GetAsync("/api/audit"))["items"]![0]!;
        Assert.Equal(("disableWorkflow", 403), (Text(entry, "action"), entry["status"]!.GetValue<int>()));
    }

    [Fact]
    public async Task ParametersThatAreNotKnown_AreNotKept()
    {
        await Server.PostAsync("/api/deliveries/replay?password=hunter2", 400);
        await Server.PostAsync("/api/deliveries/replay?workflow=shop", 200);

        Assert.Equal(["""{"query":"?workflow=shop"}""", null], (await Server.GetAsync("/api/audit"))["items"]!.AsArray().Select(i => i!["detail"]?.ToJsonString()));
    }

    [Fact]
    public async Task SignIns_AreNoted_AndNoPasswordIs()
    {
        using (await Server.Stranger.GetAsync(new Uri("/?token=" + ApiServer.Token, UriKind.Relative)))
        {
        }

        using var content = new StringContent("""{"role":"viewer","password":"a password to keep"}""", System.Text.Encoding.UTF8, "application/json");
        using var put = await Server.Client.PutAsync(new Uri("/api/users/anna", UriKind.Relative), content);
        await ApiServer.ReadAsync(put, 200);
        await Server.Client.PutAsync(new Uri("/api/secrets/KEY", UriKind.Relative), new StringContent("""{"value":"a secret to keep"}""", System.Text.Encoding.UTF8, "application/json"));

        var text = await Server.Client.GetStringAsync(new Uri("/api/audit/export", UriKind.Relative));

        Assert.Equal(["signIn", "setUser", "setSecret"], text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Text(JsonNode.Parse(line)!, "action")));
        Assert.DoesNotContain("to keep", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_RefusesToChangeOrDeleteEntries()
    {
        await Server.PostAsync("/api/deliveries/replay", 200);

        foreach (var sql in (string[])["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"]) Assert.Contains("the audit log cannot be changed", Assert.ThrowsAny<Exception>(() => Server.Database.Execute(sql)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'eve' WHERE id = 2", "Entry 2 is not what was written.")]
    [InlineData("DELETE FROM audit WHERE id = 2", "Entry 2 is missing.")]
    public async Task EntryThatWasChangedOrTakenOutAllTheSame_Shows(string sql, string problem)
    {
        for (var i = 0; i < 3; i++) await Server.PostAsync("/api/deliveries/replay", 200);
        var before = await Server.GetAsync("/api/audit/check");

        Server.Database.Execute(TestDatabase.IsPostgres ? $"ALTER TABLE audit DISABLE TRIGGER ALL; {sql}" : $"DROP TRIGGER audit_unchanged; DROP TRIGGER audit_kept; {sql}");
        var after = await Server.GetAsync("/api/audit/check");

        Assert.True(before["whole"]!.GetValue<bool>());
        Assert.Equal(3, before["entries"]!.GetValue<int>());
        Assert.False(after["whole"]!.GetValue<bool>());
        Assert.Equal(problem, Text(after, "problem"));
    }

    [Fact]
    public async Task Retention_DeletesTheOldest_AndTheChainStaysWhole()
    {
        for (var i = 0; i < 3; i++)
        {
            await Server.PostAsync("/api/deliveries/replay", 200);
            Server.Time.Advance(TimeSpan.FromDays(1));
        }

        var prune = new AuditPruned(Server.Time.GetUtcNow() - TimeSpan.FromDays(1.5), Server.Time.GetUtcNow(), 100);
        await Server.CommitAsync(prune);

        Assert.Equal(2, prune.Deleted);
        Assert.True((await Server.GetAsync("/api/audit/check"))["whole"]!.GetValue<bool>());
        Assert.Equal(["auditPruned", "replayDeliveries"], (await Server.GetAsync("/api/audit"))["items"]!.AsArray().Select(i => Text(i!, "action")));
    }

    [Fact]
    public async Task Export_IsFiltered_AsJsonLinesOrCsv()
    {
        Server.AddWorkflow("a");
        await Server.PostAsync("/api/workflows/a/disable", 200);
        await Server.PostAsync("/api/workflows/a/enable", 200);

        var lines = await Server.Client.GetStringAsync(new Uri("/api/audit/export?action=enableWorkflow", UriKind.Relative));
        var csv = await Server.Client.GetStringAsync(new Uri("/api/audit/export?format=csv&from=1h&target=a", UriKind.Relative));

        Assert.Equal("a", Text(JsonNode.Parse(Assert.Single(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries)))!, "target"));
        Assert.Equal(3, csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"{\"\"before\"\":{\"\"enabled\"\":true},\"\"after\"\":{\"\"enabled\"\":false}}\"", csv, StringComparison.Ordinal);
        await Server.GetAsync("/api/audit?from=never", 400);
        await Server.GetAsync("/api/audit/export?format=xml", 400);
    }

    [Fact]
    public async Task HistoriesOfVersionsAndRuns_NameWhoDidIt()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "steps": { "a": { "type": "fail", "message": "one" } } }""");
        var first = (await server.GetAsync("/api/workflows/" + id))["version"]!.GetValue<string>();
        var run = await server.RunByIdAsync(id);
        await server.ChangeAsync(id, """{ "steps": { "a": { "type": "fail", "message": "two" } } }""");
        await server.PostAsync($"/api/workflows/{id}/versions/{first}/activate", "", 200);
        await server.PostAsync($"/api/runs/{run.Id}/retry?wait=60s".Split('?')[0], "", 202);

        var versions = (await server.GetAsync($"/api/workflows/{id}/versions"))["items"]!.AsArray();
        var actions = (await server.GetRunAsync(run.Id)).Node["actions"]!.AsArray();

        Assert.Equal("admin-token", Text(versions[0]!, "actor"));
        Assert.Null(versions[1]!["actor"]);
        Assert.Equal(("retryRun", "admin-token"), (Text(actions[0]!, "action"), Text(actions[0]!, "actor")));
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();
}
