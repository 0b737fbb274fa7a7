using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Runs;
using Automation.Server.Storage;

namespace Automation.Server.Tests.Runs;

/// <summary>What operators see of keys and do with them.</summary>
public sealed class KeysApiTests
{
    private const string Poison =
        """
        { "key": "${event.data.device}", "stateTtl": "30d", "triggers": { "in": { "type": "webhook", "path": "/poison" } },
          "steps": { "check": { "type": "script", "code": "if (event.data.n === 0) throw new Error('bad'); (state.order ??= []).push(event.data.n)" } } }
        """;

    [Theory]
    [InlineData("plain")]
    [InlineData("plants/p1/rooms/7")]
    [InlineData("a%2Fb")]
    [InlineData("100 % + ü €😀 ?#&\"'\\")]
    [InlineData("..x..")]
    [InlineData("keys")]
    public async Task Key_OfAnyCharacters_IsShown_Skipped_AndReset(string key)
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Poison);
        var path = $"/api/workflows/{id}/keys/{Uri.EscapeDataString(key)}";
        Assert.Equal("succeeded", (await SendAsync(server, id, key, 1)).State);
        var failed = await SendAsync(server, id, key, 0);
        await PostAsync(server, key, 2);
        var shown = await server.GetAsync(path);
        Assert.Equal((key, failed.Id, "check", 1), (shown["key"]!.GetValue<string>(), shown["parked"]!["run"]!.GetValue<string>(), shown["parked"]!["failedStep"]!.GetValue<string>(), shown["waiting"]!.GetValue<int>()));
        Assert.Equal("""{"order":[1]}""", shown["state"]!.ToJsonString());
        Assert.NotNull(shown["expiresAt"]);
        var parked = Assert.Single((await server.GetAsync("/api/keys/parked"))["items"]!.AsArray())!;
        Assert.Equal((id, key), (parked["workflow"]!.GetValue<string>(), parked["key"]!.GetValue<string>()));
        await RetryTests.NoContentAsync(server, HttpMethod.Post, path + "/skip");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"order":[1,2]}""", (await server.GetAsync(path))["state"]!.ToJsonString());
        Assert.Equal("failed", (await server.GetRunAsync(failed.Id)).State);
        await server.PostAsync(path + "/skip", "", 409);
        await server.PostAsync(path + "/retry", "", 409);
        await RetryTests.NoContentAsync(server, HttpMethod.Put, path + "/state", """{ "order": [9] }""");
        await SendAsync(server, id, key, 3);
        Assert.Equal("""{"order":[9,3]}""", (await server.GetAsync(path))["state"]!.ToJsonString());
        await RetryTests.NoContentAsync(server, HttpMethod.Delete, path + "/state");
        using var gone = await server.Http.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.Equal(3, (await server.GetAsync($"/api/runs?workflow={id}&key={Uri.EscapeDataString(key)}&state=succeeded"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task Keys_AreListedByPages_ByPrefix_AndByWhetherTheyAreParked()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Poison);
        foreach (var key in new[] { "b/2", "b/1", "B/3", "ä", "a", "b%" }) await SendAsync(server, id, key, key == "b/1" ? 0 : 1);
        Assert.Equal(["B/3", "a", "b%", "b/1", "b/2", "ä"], await KeysAsync(server, $"/api/workflows/{id}/keys?limit=2"));
        Assert.Equal(["b%", "b/1", "b/2"], await KeysAsync(server, $"/api/workflows/{id}/keys?prefix=b&limit=1"));
        Assert.Equal(["b%"], await KeysAsync(server, $"/api/workflows/{id}/keys?prefix=b%25"));
        Assert.Equal(["b/1"], await KeysAsync(server, $"/api/workflows/{id}/keys?parked=true"));
        Assert.Equal(5, (await KeysAsync(server, $"/api/workflows/{id}/keys?parked=false")).Count);
        await SendAsync(server, id, "c", 0);
        Assert.Equal(["b/1", "c"], await KeysAsync(server, "/api/keys/parked?limit=1"));
        await server.PostAsync($"/api/workflows/{id}/keys/c/retry", "", 202);
        using var bad = await server.Http.GetAsync(new Uri($"/api/workflows/{id}/keys?parked=maybe", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);
    }

    [Theory]
    [InlineData("[1]", 400)]
    [InlineData("{\"a\":", 400)]
    [InlineData("", 400)]
    public async Task State_HasToBeAnObject_OfBoundedSize(string body, int status)
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxStateBytes", "1024"));
        var id = await server.AddAsync(Poison);
        var path = new Uri($"/api/workflows/{id}/keys/a/state", UriKind.Relative);
        foreach (var text in new[] { body, $$"""{"a":"{{new string('x', 1024)}}"}""", $$"""{"a":{{new string('[', 200)}}{{new string(']', 200)}}}""" })
        {
            using var answer = await server.Http.PutAsync(path, WorkflowServer.Json(text));
            Assert.Equal(status, (int)answer.StatusCode);
        }

        using var none = await server.Http.PutAsync(new Uri("/api/workflows/none/keys/a/state", UriKind.Relative), WorkflowServer.Json("{}"));
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Equal(0, server.Count("SELECT count(*) FROM keys"));
    }

    [Fact]
    public async Task State_IsSet_OnlyWhileItIsTheOneThatWasRead_WhenThatIsAskedFor()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Poison);
        await SendAsync(server, id, "a", 1);
        var path = $"/api/workflows/{id}/keys/a";
        async Task<HttpResponseMessage> SetAsync(string state, string tag)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, path + "/state") { Content = WorkflowServer.Json(state) };
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{tag}\"");
            return await server.Http.SendAsync(request);
        }

        var read = (await server.GetAsync(path))["stateTag"]!.GetValue<string>();
        await SendAsync(server, id, "a", 2); // a run writes it meanwhile
        using var refused = await SetAsync("""{"order":[7]}""", read);
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
        var current = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["current"]!;
        Assert.Equal("""{"order":[1,2]}""", current["state"]!.ToJsonString());
        Assert.Equal("""{"order":[1,2]}""", server.GetState(id, "a"));

        using var set = await SetAsync("""{"order":[7]}""", current["stateTag"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        Assert.Equal("""{"order":[7]}""", server.GetState(id, "a"));
        using var any = await SetAsync("""{"order":[9]}""", "*");
        Assert.Equal(HttpStatusCode.NoContent, any.StatusCode);
        await RetryTests.NoContentAsync(server, HttpMethod.Delete, path + "/state");
        using var none = await SetAsync("""{"order":[9]}""", "*");
        Assert.Equal(HttpStatusCode.PreconditionFailed, none.StatusCode);
        using var gone = await SetAsync("""{"order":[8]}""", current["stateTag"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.PreconditionFailed, gone.StatusCode);
        using var first = await SetAsync("""{"order":[8]}""", "none");
        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
    }

    [Fact]
    public async Task State_IsNotSet_WhileARunOfTheKeyIsAtWork()
    {
        await using var server = await WorkflowServer.StartAsync();
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync("""{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/busy" } }, "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "timeout": "60s", "next": "keep" }, "keep": { "type": "script", "code": "state.n = (state.n ?? 0) + 1" } } }""");
        using var answer = await server.Http.PostAsync(new Uri("/hooks/busy", UriKind.Relative), WorkflowServer.Json("1"));
        await server.Receiver.NextAsync("/ask");
        using var set = await server.Http.PutAsync(new Uri($"/api/workflows/{id}/keys/one/state", UriKind.Relative), WorkflowServer.Json("""{"n":5}"""));
        Assert.Equal(HttpStatusCode.Conflict, set.StatusCode);
        gate.SetResult();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"n":1}""", server.GetState(id, "one"));
    }

    [Fact]
    public async Task DrainedKey_IsParkedNoMore_AndNothingWaitsBehindIt()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Poison);
        await SendAsync(server, id, "a", 0);
        for (var i = 1; i <= 450; i++) await PostAsync(server, "a", i);
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal(450, (await server.PostAsync($"/api/workflows/{id}/keys/a/drain", "", 200))["cancelled"]!.GetValue<int>());
        Assert.Equal((450L, 0L, 0L, 0L), (server.Count("SELECT count(*) FROM runs WHERE state = 'cancelled'"), server.Count("SELECT count(*) FROM keys"), server.Engine.Open, server.Engine.Unclaimed));
        Assert.Equal(0, server.Count("SELECT count(*) FROM events WHERE state = 'accepted'"));
        Assert.Equal("succeeded", (await SendAsync(server, id, "a", 7)).State);
        Assert.Equal(0, (await server.PostAsync($"/api/workflows/{id}/keys/a/drain", "", 200))["cancelled"]!.GetValue<int>());
    }

    [Fact]
    public async Task RunsBeyondTheLimitOfAKey_AreAccepted_AndFailAtOnce()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxBlockedPerKey", "3"));
        var id = await server.AddAsync(Poison);
        var poison = await SendAsync(server, id, "a", 0);
        for (var i = 1; i <= 3; i++) await PostAsync(server, "a", i);
        for (var i = 4; i <= 5; i++)
        {
            var full = await SendAsync(server, id, "a", i);
            Assert.Equal(("failed", "key_full", ""), (full.State, full.ErrorCode, full.Path));
        }

        Assert.Equal((3L, 3L), (server.Engine.Open, server.Count("SELECT count(*) FROM runs WHERE blocked = 1")));
        var page = await server.PostAsync("/api/runs/retry?errorCode=key_full", "", 200);
        Assert.Equal(2, page["refused"]!.AsArray().Count);
        Assert.Equal((3L, poison.Id), (server.Engine.Open, (await server.GetAsync("/api/keys/parked"))["items"]![0]!["parked"]!["run"]!.GetValue<string>()));
        await RetryTests.NoContentAsync(server, HttpMethod.Post, $"/api/workflows/{id}/keys/a/skip");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(2, (await server.PostAsync("/api/runs/retry?errorCode=key_full", "", 200))["runs"]!.AsArray().Count);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"order":[1,2,3,4,5]}""", server.GetState(id, "a"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'failed'"));
    }

    [Fact]
    public async Task KeyParkedForLong_IsReportedEachDay_AndTheServerStaysReady()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Retention:Interval", "1.00:00:00"));
        var id = await server.AddAsync(Poison);
        await SendAsync(server, id, "a", 0);
        var parked = server.Get<ParkedKeys>();
        time.Advance(TimeSpan.FromHours(23));
        Assert.Equal((0, null), (await parked.RunOnceAsync(default), parked.Problem));
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await parked.RunOnceAsync(default));
        await parked.RunOnceAsync(default);
        var health = await server.GetAsync("/health/ready");
        Assert.Equal(("ready", "keys"), (health["status"]!.GetValue<string>(), health["problems"]![0]!["name"]!.GetValue<string>()));
        int Lines() => server.Logged.Count(line => line.StartsWith("Error 3208:", StringComparison.Ordinal));
        await WorkflowServer.UntilAsync(() => Lines() == 1);
        time.Advance(TimeSpan.FromDays(1));
        await parked.RunOnceAsync(default);
        await WorkflowServer.UntilAsync(() => Lines() == 2);
        await RetryTests.NoContentAsync(server, HttpMethod.Post, $"/api/workflows/{id}/keys/a/skip");
        Assert.Equal((0, null), (await parked.RunOnceAsync(default), parked.Problem));
    }

    [Fact]
    public async Task ExpiredStates_AreDeletedInBatches_AndAKeyThatIsParkedStays()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Retention:BatchSize", "2"), ("Retention:Pause", "00:00:00"));
        var id = await server.AddAsync(Poison);
        foreach (var key in new[] { "a", "b", "c", "d", "e" }) await SendAsync(server, id, key, 1);
        await SendAsync(server, id, "e", 0);
        time.Jump(TimeSpan.FromDays(29));
        await SendAsync(server, id, "d", 2);
        time.Jump(TimeSpan.FromDays(2));
        await server.Get<IEnumerable<Microsoft.Extensions.Hosting.IHostedService>>().OfType<Retention>().Single().RunOnceAsync(default);
        Assert.Equal((2L, 1L), (server.Count("SELECT count(*) FROM keys"), server.Count("SELECT count(*) FROM keys WHERE state IS NULL AND parked_at IS NOT NULL AND key = 'e'")));
        Assert.Equal("""{"order":[1,2]}""", server.GetState(id, "d"));
    }

    [Fact]
    public async Task RunDetails_ShowWhatItWaitsFor_AndItsKey()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync("""{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/slow" } }, "steps": { "wait": { "type": "delay", "for": "1h" } } }""");
        var run = await server.RunUntilItWaitsAsync(id);
        using var behind = await server.Http.PostAsync(new Uri("/hooks/slow", UriKind.Relative), WorkflowServer.Json("1"));
        var wait = Assert.Single((await server.GetRunAsync(run)).Node["waits"]!.AsArray())!;
        Assert.Equal(("wait", time.GetUtcNow(), time.GetUtcNow().AddHours(1)), (wait["step"]!.GetValue<string>(), wait["since"]!.GetValue<DateTimeOffset>(), wait["until"]!.GetValue<DateTimeOffset>()));
        Assert.Equal(run, Assert.Single((await server.GetAsync($"/api/runs?workflow={id}&key=one&state=waiting"))["items"]!.AsArray())!["id"]!.GetValue<string>());
        Assert.True(Assert.Single((await server.GetAsync($"/api/runs?workflow={id}&state=pending"))["items"]!.AsArray())!["blocked"]!.GetValue<bool>());
        using var alone = await server.Http.GetAsync(new Uri("/api/runs?key=one", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, alone.StatusCode);
    }

    private static async Task<List<string>> KeysAsync(WorkflowServer server, string path)
    {
        var keys = new List<string>();
        for (var next = path; next is not null;)
        {
            var page = await server.GetAsync(next);
            keys.AddRange(page["items"]!.AsArray().Select(key => key!["key"]!.GetValue<string>()));
            next = page["next"]?.GetValue<string>();
        }

        return keys;
    }

    private static StringContent Reading(string key, int n) => WorkflowServer.Json(Automation.Server.Values.Json.From(new { device = key, n }).ToString());

    private static Task<Run> SendAsync(WorkflowServer server, string workflow, string key, int n) => server.HookAsync(workflow, "/hooks/poison", Reading(key, n));

    private static async Task PostAsync(WorkflowServer server, string key, int n)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/poison", UriKind.Relative), Reading(key, n));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
