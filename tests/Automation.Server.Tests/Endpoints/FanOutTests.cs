using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Deliveries;
using Automation.Server.Endpoints;
using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;
using Automation.Server.Values;

namespace Automation.Server.Tests.Endpoints;

/// <summary>One endpoint, one event or one workflow that is at fault holds up no other.</summary>
public sealed class FanOutTests
{
    [Fact]
    public async Task EndpointWithPausesPastAllTime_HoldsUpNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        using var refused = await server.Http.PutAsync("/api/endpoints/a", WorkflowServer.Json($$"""{ "url": "{{server.Receiver.Url}}/a", "events": ["*"], "schedule": ["8d"] }"""));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("7 days", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await StoreAsync(server, "a", """ "schedule": ["3000000d"] """);
        await StoreAsync(server, "b", """ "schedule": ["0s", "3000000d"] """);
        await StoreAsync(server, "well", "");
        server.Receiver.On("/b", 500);
        await EmitAsync(server, 2);
        await server.Receiver.NextAsync("/well", 2);
        await server.Receiver.NextAsync("/b", 2);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM attempts WHERE status = 500") == 2);
        Assert.Equal(2, server.Count("SELECT count(*) FROM deliveries WHERE endpoint_id = 'a' AND state = 'pending'"));
    }

    [Fact]
    public async Task EndpointThatCannotBeRead_HasADeadDelivery_AndHoldsUpNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.Get<Journal>().CommitAsync(new EndpointStored("a", Json.Parse("""{"url":1,"of":"another version"}"""), ["*"], FromFile: false, DateTimeOffset.UnixEpoch));
        await StoreAsync(server, "well", "");
        await EmitAsync(server, 1);
        await server.Receiver.NextAsync("/well");
        Assert.Equal(1, server.Count("SELECT count(*) FROM deliveries d JOIN attempts a ON a.delivery_id = d.id WHERE d.endpoint_id = 'a' AND d.state = 'dead' AND a.error = 'internal_error'"));
    }

    [Fact]
    public async Task DeliveryThatTheDatabaseRefuses_IsLeftOutWithTheReason_AndHoldsUpNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        foreach (var id in new[] { "a", "bad", "well" }) await StoreAsync(server, id, "");
        server.Database.Execute(TestDatabase.IsPostgres
            ? "ALTER TABLE deliveries ADD CONSTRAINT never CHECK (endpoint_id <> 'bad')"
            : "CREATE TRIGGER never BEFORE INSERT ON deliveries WHEN NEW.endpoint_id = 'bad' BEGIN SELECT RAISE(ABORT, 'never'); END");
        await EmitAsync(server, 3);
        Assert.Equal([0, 1, 2], (await server.Receiver.NextAsync("/a", 3)).Select(a => JsonNode.Parse(a.Body)!["data"]!.GetValue<int>()).Order());
        await server.Receiver.NextAsync("/well", 3);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL AND deliveries = 2") == 3);
        Assert.Equal(3, server.Count("SELECT count(*) FROM emissions WHERE error LIKE '%\"bad\"%'"));
        await WorkflowServer.UntilAsync(() => server.Get<DeliveryLanes>().Held == 0); // the room of what was refused is given back
    }

    [Fact]
    public async Task KeysAndDataThatAreTooLong_AreRefused()
    {
        await using var server = await WorkflowServer.StartAsync(("Deliveries:MaxEventBytes", "2000"));
        var key = new string('k', 257);
        await server.PostAsync("/api/emissions", $$"""{ "type": "a", "data": 1, "key": "{{key}}" }""", 400);
        await server.PostAsync("/api/emissions", $$"""{ "type": "a", "data": "{{new string('d', 2000)}}" }""", 413);
        Assert.Equal("config_invalid", (await server.RunAsync("""{ "steps": { "a": { "type": "event.emit", "event": "a", "key": "${event.data}" } } }""", $"\"{key}\"")).ErrorCode);
        Assert.Equal("event_too_large", (await server.RunAsync("""{ "steps": { "a": { "type": "event.emit", "event": "a", "data": "${'d'.repeat(2000)}" } } }""")).ErrorCode);
        Assert.Equal("config_invalid", (await server.RunAsync("""{ "steps": { "a": { "type": "webhook.send", "url": "RECEIVER/a", "orderKey": "${event.data}" } } }""", $"\"{key}\"")).ErrorCode);
        Assert.Equal("config_invalid", (await server.RunAsync("""{ "steps": { "a": { "type": "webhook.send", "url": "RECEIVER/a", "schedule": ["0s", "${event.data}"] } } }""", "\"5000000d\"")).ErrorCode);
        Assert.Equal(0, server.Count("SELECT count(*) FROM emissions"));
    }

    [Fact]
    public async Task TransformsThatMakeMuch_AreTakenAFewAtATime_AndNotTooMuch()
    {
        await using var server = await WorkflowServer.StartAsync(("Deliveries:MaxEventBytes", "1000000"));
        for (var i = 10; i < 50; i++) await StoreAsync(server, "e" + i, """ "transform": "return 'x'.repeat(900000)" """, "/large");
        await StoreAsync(server, "greedy", """ "transform": "return 'x'.repeat(1000000)" """);
        await EmitAsync(server, 1);
        Assert.All(await server.Receiver.NextAsync("/large", 40), arrival => Assert.Equal(900_002, arrival.Body.Length));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL AND deliveries = 41") == 1);
        Assert.Equal(1, server.Count("SELECT count(*) FROM attempts WHERE error = 'script_failed' AND message LIKE '%made 1000002 bytes; 1000000 are sent (Deliveries:MaxEventBytes)%'"));
    }

    [Fact]
    public async Task EventsOfTheServersOwn_AndMisspeltOnes_AreNotEmitted()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.PostAsync("/api/emissions", """{ "type": "automation.endpoint.disabled", "data": { "endpoint": "x" } }""", 400);
        await server.PostAsync("/api/emissions", """{ "type": "a", "dta": 1 }""", 400);
        await server.PostAsync("/api/emissions", """{ "type": "a" }""", 400);
        Assert.Equal("config_invalid", (await server.RunAsync("""{ "steps": { "a": { "type": "event.emit", "event": "automation.endpoint.disabled" } } }""")).ErrorCode);
        Assert.Equal(0, server.Count("SELECT count(*) FROM emissions"));
    }

    [Fact]
    public async Task ScriptThatHangs_IsNotRunForAWhile()
    {
        await using var server = await WorkflowServer.StartAsync(("Sandbox:WallTime", "00:00:00.300"));
        await StoreAsync(server, "hangs", """ "filter": "(() => { while (true); })()" """);
        await StoreAsync(server, "well", """ "filter": "true" """);
        await EmitAsync(server, 8);
        await server.Receiver.NextAsync("/well", 8);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 8);
        Assert.Equal(8, server.Count("SELECT count(*) FROM deliveries WHERE endpoint_id = 'hangs' AND state = 'dead'"));
        Assert.Equal(8 - EndpointScripts.MostHarm, server.Count("SELECT count(*) FROM attempts WHERE error = 'script_failed' AND message LIKE '%was not run%'"));
    }

    [Fact]
    public async Task EndpointsHear_WhileThereIsNoRoomForRuns_AndWorkflowsHearLater()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "1"));
        var release = new TaskCompletionSource();
        server.Receiver.On("/slow", async (_, context) =>
        {
            await release.Task;
            await RunReceiver.WriteAsync(context, 200, "{}");
        });
        await StoreAsync(server, "well", "");
        await server.AddAsync("""{ "triggers": { "a": { "type": "event", "types": ["a"] } }, "steps": { "call": { "type": "http.request", "url": "RECEIVER/slow" } } }""");
        await EmitAsync(server, 3);
        await server.PostAsync("/api/emissions", """{ "type": "b", "data": 3 }""", 202);
        await server.Receiver.NextAsync("/well", 4);
        Assert.Equal(0, server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"));
        Assert.True(server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NULL") >= 2);
        release.SetResult();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 3);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NULL") == 0);
    }

    [Fact]
    public async Task EventThatTheDatabaseRefusesForWorkflows_IsNotedWithTheReason_AndHoldsUpNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        var hears = await server.AddAsync("""{ "triggers": { "a": { "type": "event", "types": ["*"] } }, "steps": { "a": { "type": "set", "values": { "n": "${event.data}" } } } }""");
        server.Database.Execute(TestDatabase.IsPostgres
            ? "ALTER TABLE events ADD CONSTRAINT never CHECK (type <> 'bad')"
            : "CREATE TRIGGER never BEFORE INSERT ON events WHEN NEW.type = 'bad' BEGIN SELECT RAISE(ABORT, 'never'); END");
        await server.PostAsync("/api/emissions", """{ "type": "bad", "data": 1 }""", 202);
        await server.PostAsync("/api/emissions", """{ "type": "good", "data": 2 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{hears}' AND state = 'succeeded'") == 1);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 2);
        Assert.Equal(1, server.Count("SELECT count(*) FROM emissions WHERE type = 'bad' AND error IS NOT NULL"));
    }

    [Fact]
    public async Task EventsOfADeletedEndpoint_DoNotGoToTheNextWithItsId()
    {
        await using var server = await WorkflowServer.StartAsync();
        await StoreAsync(server, "a", """ "ratePerSecond": 0.5 """, "/first");
        await EmitAsync(server, 3);
        await server.Receiver.NextAsync("/first");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE owner IS NOT NULL AND attempts = 0") == 2);
        using var deleted = await server.Http.DeleteAsync(new Uri("/api/endpoints/a", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await StoreAsync(server, "a", "", "/second");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'dead'") == 2);
        Assert.Equal(0, server.Receiver.Waiting("/second"));
        await EmitAsync(server, 1);
        await server.Receiver.NextAsync("/second");
    }

    [Fact]
    public async Task RateThatIsCorrected_HoldsForWhatWaitsToo()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "a", """, "ratePerSecond": 0.01""", HttpStatusCode.OK);
        await EmitAsync(server, 5);
        await server.Receiver.NextAsync("/a");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE owner IS NOT NULL AND attempts = 0") == 4);
        await PutAsync(server, "a", "", HttpStatusCode.OK);
        await server.Receiver.NextAsync("/a", 4); // the last of them would come after 400 seconds
    }

    [Theory]
    [InlineData(""", "signing": "github", "headers": { "x-hub-signature-256": "mine" }""", "/headers/x-hub-signature-256")]
    [InlineData(""", "signing": "hmac", "signatureHeader": "X-Sig", "headers": { "X-Sig-Previous": "mine" }""", "/headers/X-Sig-Previous")]
    [InlineData(""", "headers": { "X": null }""", "/headers/X")]
    [InlineData(""", "headers": { "X": "a\r\nb" }""", "/headers/X")]
    [InlineData(""", "headers": { "X": "${secret.NOPE}" }""", "/headers/X")]
    [InlineData(""", "signing": "githubb" """, "/signing")]
    [InlineData(""", "schedule": ["-5s"]""", "/schedule/0")]
    [InlineData(""", "filter": null, "fliter": "true" """, "/fliter")]
    public async Task Registration_SaysWhereEachMistakeIs(string more, string at)
    {
        await using var server = await WorkflowServer.StartAsync();
        var problem = await PutAsync(server, "a", more, HttpStatusCode.BadRequest);
        Assert.Equal([at], problem["errors"]!.AsObject().Select(p => p.Key));
    }

    [Theory]
    [InlineData("""{ "url": "https://x.example/", "events": [null] }""")]
    [InlineData("""{ "url": "http://169.254.169.254/", "events": ["a"] }""")]
    [InlineData("""{ "url": "http://[::ffff:169.254.169.254]/", "events": ["a"] }""")]
    [InlineData("""{ "url": "https://${secret.NOPE}/", "events": ["a"] }""")]
    [InlineData("{")]
    [InlineData("")]
    public async Task Registration_RefusesWhatCanNeverWork(string body)
    {
        await using var server = await WorkflowServer.StartAsync();
        using var answer = await server.Http.PutAsync("/api/endpoints/a", WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.NotEmpty(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsObject());
    }

    [Fact]
    public async Task ASignature_IsNeverTheAuthorsWord()
    {
        await using var server = await WorkflowServer.StartAsync();
        await StoreAsync(server, "a", """ "signing": "github", "headers": { "X-Hub-Signature-256": "mine" } """);
        await EmitAsync(server, 1);
        var came = await server.Receiver.NextAsync("/a");
        Assert.StartsWith("sha256=", came.Headers["X-Hub-Signature-256"], StringComparison.Ordinal);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM attempts WHERE request_head LIKE 'POST /a HTTP/1.1%'") == 1); // what was spoken, not what was asked for
    }

    [Fact]
    public async Task DisabledEndpoint_CannotBePaused_AndTheLogNamesIt()
    {
        await using var server = await WorkflowServer.StartAsync();
        await StoreAsync(server, "gone", "");
        server.Receiver.On("/gone", 410);
        await EmitAsync(server, 1);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM endpoints WHERE state = 'disabled'") == 1);
        await server.PostAsync("/api/endpoints/gone/pause", "", 409);
        Assert.Equal("disabled", (await server.GetAsync("/api/endpoints/gone"))["state"]!.GetValue<string>());
        await WorkflowServer.UntilAsync(() => server.Logged.Any(line => line.StartsWith("Warning 4012: Endpoint gone", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SecretsThatEndpointsNeed_AreListed_AndAreNotRotated()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("SIGN_A", "0123456789");
        server.SetSecret("HEADER_A", "abc");
        await StoreAsync(server, "a", """ "signing": "github", "secrets": ["SIGN_A"], "headers": { "X": "${secret.HEADER_A}" } """);
        var used = (await server.GetAsync("/api/secrets"))["items"]!.AsArray().Where(s => s!["usedBy"]!.AsArray().Any(u => u!["kind"]!.GetValue<string>() == "endpoint" && u["id"]!.GetValue<string>() == "a"));
        Assert.Equal(["HEADER_A", "SIGN_A"], used.Select(s => s!["name"]!.GetValue<string>()));
        var before = await server.GetAsync("/api/endpoints/a");
        await server.PostAsync("/api/endpoints/a/rotate", "", 409);
        Assert.Equal(before.ToJsonString(), (await server.GetAsync("/api/endpoints/a")).ToJsonString());
    }

    private static async Task<JsonNode> PutAsync(WorkflowServer server, string id, string more, HttpStatusCode status)
    {
        using var answer = await server.Http.PutAsync("/api/endpoints/" + id, WorkflowServer.Json($$"""{ "url": "{{server.Receiver.Url}}/{{id}}", "events": ["*"]{{more}} }"""));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, text);
        return JsonNode.Parse(text)!;
    }

    /// <summary>As an earlier version may have stored it: nothing is looked at.</summary>
    private static async Task StoreAsync(WorkflowServer server, string id, string more, string? path = null)
    {
        var config = $$"""{ "url": "{{server.Receiver.Url}}{{path ?? "/" + id}}", "events": ["*"]{{(more.Length > 0 ? "," : "")}} {{more}} }""";
        await server.Get<Journal>().CommitAsync(new EndpointStored(id, Json.Parse(config), ["*"], FromFile: false, TimeProvider.System.GetUtcNow()));
    }

    private static async Task EmitAsync(WorkflowServer server, int events)
    {
        for (var i = 0; i < events; i++) await server.PostAsync("/api/emissions", $$"""{ "type": "a", "data": {{i}} }""", 202);
    }
}
