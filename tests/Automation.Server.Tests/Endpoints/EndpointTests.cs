using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Deliveries;
using Automation.Server.Endpoints;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Verification;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Automation.Server.Tests.Endpoints;

/// <summary>Event types, endpoints and the way of an event to each, on the real server.</summary>
public sealed class EndpointTests
{
    [Fact]
    public async Task Emit_StartsWhatHearsOfTheType_AndDeliversToEachEndpointThatSubscribes()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "exact", "/exact", """ "events": ["order.created"] """);
        await PutAsync(server, "wide", "/wide", """ "events": ["invoice.*", "order.*"], "format": "cloudevents" """);
        await PutAsync(server, "binary", "/binary", """ "events": ["*"], "format": "cloudevents-binary", "headers": { "X-Tenant": "acme" } """);
        await PutAsync(server, "other", "/other", """ "events": ["order", "orders.*"] """);
        var hearing = await server.AddAsync("""{ "triggers": { "made": { "type": "event", "types": ["order.*"] } }, "steps": { "a": { "type": "set", "values": { "n": "${event.data.n}", "of": "${event.subject}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(hearing)!;
        var run = await server.RunAsync("""{ "steps": { "emit": { "type": "event.emit", "event": "order.created", "key": "k1", "data": { "n": "${event.data.n}" } } } }""", """{ "n": 7 }""");
        Assert.Equal("succeeded", run.State);
        var plain = JsonNode.Parse((await server.Receiver.NextAsync("/exact")).Body)!;
        Assert.Equal(("order.created", 7), (plain["type"]!.GetValue<string>(), plain["data"]!["n"]!.GetValue<int>()));
        var structured = await server.Receiver.NextAsync("/wide");
        Assert.StartsWith("application/cloudevents+json", structured.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal("k1", JsonNode.Parse(structured.Body)!["subject"]!.GetValue<string>());
        var binary = await server.Receiver.NextAsync("/binary");
        Assert.Equal(("""{"n":7}""", "order.created", "acme"), (binary.Body, binary.Headers["ce-type"], binary.Headers["X-Tenant"]));
        Assert.Equal("""{"n":7,"of":"k1"}""", (await server.EndAsync(ends)).Output("a"));
        Assert.Equal(0, server.Receiver.Waiting("/other"));
        Assert.Equal(3, server.Count("SELECT deliveries FROM emissions"));
    }

    [Fact]
    public async Task SecretsThatAnEndpointNames_AreUsedByIt_AndTheAuditLogSaysWhereItSends()
    {
        await using var server = await WorkflowServer.StartAsync();
        foreach (var name in (string[])["IN_URL", "IN_HEADER", "SIGNS", "UNUSED"])
        {
            using var set = await server.Http.PutAsync(new Uri("/api/secrets/" + name, UriKind.Relative), WorkflowServer.Json("""{"value":"hidden"}"""));
            Assert.Equal(HttpStatusCode.OK, set.StatusCode);
        }

        await PutAsync(server, "one", "/one?key=${secret.IN_URL}", """ "events": ["a"], "headers": { "X-Key": "${secret.IN_HEADER}" }, "secrets": ["SIGNS"] """);

        var secrets = (await server.GetAsync("/api/secrets"))["items"]!.AsArray();
        Assert.Equal(["IN_HEADER endpoint one", "IN_URL endpoint one", "SIGNS endpoint one"], secrets.SelectMany(s => s!["usedBy"]!.AsArray().Select(u => $"{s["name"]} {u!["kind"]} {u["id"]}")).Order());
        var noted = (await server.GetAsync("/api/audit?action=putEndpoint"))["items"]![0]!["detail"]!["after"]!;
        Assert.EndsWith("/one", noted["url"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("""["X-Key"]""", noted["headers"]!.ToJsonString());
    }

    [Fact]
    public async Task AnEventWithTheIdOfAnother_IsNotEmitted()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "one", "/one", """ "events": ["*"] """);
        var first = await server.PostAsync("/api/emissions", """{ "type": "a.b", "data": 1, "id": "x" }""", 202);
        var second = await server.PostAsync("/api/emissions", """{ "type": "a.b", "data": 2, "id": "x" }""", 202);
        Assert.Equal((false, true), (first["isRepeat"]!.GetValue<bool>(), second["isRepeat"]!.GetValue<bool>()));
        Assert.Equal(first["id"]!.GetValue<string>(), second["id"]!.GetValue<string>());
        await server.PostAsync("/api/emissions", """{ "type": "a.b", "data": 3, "id": "y" }""", 202);
        var came = await server.Receiver.NextAsync("/one", 2);
        Assert.Equal([1, 3], came.Select(a => JsonNode.Parse(a.Body)!["data"]!.GetValue<int>()).Order());
    }

    [Theory]
    [InlineData("standard-webhooks", "standard-webhooks", "")]
    [InlineData("standard-webhooks-v1a", "standard-webhooks", "")]
    [InlineData("github", "github", "")]
    [InlineData("hmac", "hmac", """, "signatureHeader": "X-Sig" """)]
    public async Task Deliveries_AreSigned_AndWhileASecretIsReplacedWithBoth(string signing, string scheme, string more)
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "signed", "/signed", $$""" "events": ["*"], "signing": "{{signing}}" {{more}} """);
        var before = (await server.GetAsync("/api/endpoints/signed/secret"))["secrets"]!.AsArray().Single()!.GetValue<string>();
        var now = await server.PostAsync("/api/endpoints/signed/rotate?overlap=1h", "", 200);
        var after = now["secrets"]!.AsArray().Select(s => s!.GetValue<string>()).ToList();
        Assert.Equal(before, after[1]);
        Assert.NotEqual(before, after[0]);
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": { "n": 1 } }""", 202);
        var came = await server.Receiver.NextAsync("/signed");
        Assert.True(await VerifiesAsync(came, scheme, after[0]), "newest");
        Assert.Equal(signing.StartsWith("standard", StringComparison.Ordinal), await VerifiesAsync(came, scheme, before)); // the others have it in a header of its own
        if (signing == "hmac") Assert.Contains("X-Sig-Previous", came.Headers.Keys);
        Assert.False(await VerifiesAsync(came with { Bytes = [.. came.Bytes, 32] }, scheme, after[0]));
        await server.PostAsync("/api/endpoints/signed/rotate?overlap=0s", "", 200);
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": { "n": 1 } }""", 202);
        Assert.False(await VerifiesAsync(await server.Receiver.NextAsync("/signed"), scheme, after[0]));
    }

    [Fact]
    public async Task FilterAndTransform_RunInTheSandbox_AndAFailureIsADeadDelivery()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "large", "/large", """ "events": ["*"], "filter": "event.data.total > 10", "transform": "return { text: `${event.type}: ${event.data.total}` }" """);
        await PutAsync(server, "broken", "/broken", """ "events": ["*"], "transform": "return event.data.none.at" """);
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": { "total": 5 } }""", 202);
        await server.PostAsync("/api/emissions", """{ "type": "b", "data": { "total": 50 } }""", 202);
        Assert.Equal("""{"text":"b: 50"}""", (await server.Receiver.NextAsync("/large")).Body);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 2);
        Assert.Equal(2, server.Count("SELECT count(*) FROM deliveries WHERE endpoint_id = 'broken' AND state = 'dead'"));
        Assert.Equal(2, server.Count("SELECT count(*) FROM attempts WHERE error = 'script_failed'"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM deliveries WHERE endpoint_id = 'large'"));
    }

    [Fact]
    public async Task PausedEndpoint_GetsNothing_AndAllOfItWhenItIsResumed()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "slow", "/slow", """ "events": ["*"], "order": "strict" """);
        await DoAsync(server, "/api/endpoints/slow/pause");
        for (var i = 0; i < 5; i++) await server.PostAsync("/api/emissions", $$"""{ "type": "a", "data": {{i}}, "key": "k" }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 5);
        Assert.Equal(0, server.Receiver.Waiting("/slow"));
        await DoAsync(server, "/api/endpoints/slow/resume");
        var came = await server.Receiver.NextAsync("/slow", 5);
        Assert.Equal([0, 1, 2, 3, 4], came.Select(a => JsonNode.Parse(a.Body)!["data"]!.GetValue<int>()));
    }

    [Fact]
    public async Task GoneEndpoint_IsDisabled_AnEventTellsOfIt_AndItCanBeResumed()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "gone", "/gone", """ "events": ["a"] """);
        await PutAsync(server, "watch", "/watch", """ "events": ["automation.endpoint.*"] """);
        server.Receiver.On("/gone", 410);
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": 1 }""", 202);
        var told = JsonNode.Parse((await server.Receiver.NextAsync("/watch")).Body)!;
        Assert.Equal(("automation.endpoint.disabled", "gone"), (told["type"]!.GetValue<string>(), told["data"]!["endpoint"]!.GetValue<string>()));
        var endpoint = await server.GetAsync("/api/endpoints/gone");
        Assert.Equal(("disabled", "It answered 410: it is gone for good."), (endpoint["state"]!.GetValue<string>(), endpoint["reason"]!.GetValue<string>()));
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": 2 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 3);
        Assert.Equal(1, server.Count("SELECT count(*) FROM deliveries WHERE endpoint_id = 'gone'"));
        server.Receiver.On("/gone", 200);
        await DoAsync(server, "/api/endpoints/gone/resume");
        var preview = await server.PostAsync("/api/deliveries/replay?endpoint=gone&preview=true", "", 200);
        Assert.Equal(1, preview["replayed"]!.GetValue<int>());
        var first = await server.Receiver.NextAsync("/gone");
        await server.PostAsync("/api/deliveries/replay?endpoint=gone&newKey=true", "", 200);
        var again = await server.Receiver.NextAsync("/gone");
        Assert.StartsWith(first.Key + ".r", again.Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registration_NamesEveryMistake_AndAsksTheReceiver()
    {
        await using var server = await WorkflowServer.StartAsync();
        var refused = await server.Http.PutAsync("/api/endpoints/Bad%20id", WorkflowServer.Json("""{ "url": "ftp://x", "events": ["a b"], "filter": "((", "secrets": ["NONE"] }"""));
        var problem = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["errors"]!.AsObject();
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(["", "/events/0", "/filter", "/secrets/0", "/url"], problem.Select(p => p.Key).Order(StringComparer.Ordinal));
        using var misspelt = await server.Http.PutAsync("/api/endpoints/a", WorkflowServer.Json("""{ "url": "https://x.example/", "events": ["a"], "fliter": "true" }"""));
        Assert.Equal(HttpStatusCode.BadRequest, misspelt.StatusCode);
        using var script = await server.Http.PutAsync("/api/endpoints/a", WorkflowServer.Json("""{ "url": "https://x.example/", "events": ["a"], "filter": "((" }"""));
        Assert.Equal(HttpStatusCode.BadRequest, script.StatusCode);
        var body = $$"""{ "url": "{{server.Receiver.Url}}/hello", "events": ["a"] }""";
        server.Receiver.On("/hello", 200, "{}");
        using var silent = await server.Http.PutAsync("/api/endpoints/a?handshake=true", WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, silent.StatusCode);
        server.Receiver.On("/hello", (arrival, context) => RunReceiver.WriteAsync(context, 200, $$"""{ "challenge": {{JsonNode.Parse(arrival.Body)!["challenge"]!.ToJsonString()}} }"""));
        using var agreed = await server.Http.PutAsync("/api/endpoints/a?handshake=true", WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.OK, agreed.StatusCode);
        using var inner = await server.Http.PutAsync("/api/endpoints/b?handshake=true", WorkflowServer.Json("""{ "url": "http://169.254.169.254/", "events": ["a"] }"""));
        Assert.Contains("link-local", await inner.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkflowsThatEmitWhatStartsThem_ComeToAnEnd()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "triggers": { "a": { "type": "event", "types": ["loop"] } }, "steps": { "emit": { "type": "event.emit", "event": "loop" } } }""");
        await server.PostAsync("/api/emissions", """{ "type": "loop", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'failed'") == 1);
        Assert.Equal(17, server.Count("SELECT count(*) FROM runs"));
    }

    [Theory]
    [InlineData("""{ "type": "workflow.call", "workflow": "w1", "wait": true }""", "")]
    [InlineData("""{ "type": "fail", "message": "no" }""", """, "onError": { "workflow": "w1" }""")]
    public async Task WorkflowsThatEmitWhatStartsThem_ByCalls_OrFromErrorWorkflows_ComeToAnEndToo(string step, string more)
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "steps": { "emit": { "type": "event.emit", "event": "loop" } } }""");
        await server.AddAsync($$"""{ "triggers": { "a": { "type": "event", "types": ["loop"] } }, "steps": { "go": {{step}} } {{more}} }""");
        await server.PostAsync("/api/emissions", """{ "type": "loop", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'failed' AND workflow_id = 'w1'") == 1);
        Assert.Equal((17, 17), ((int)server.Count("SELECT count(*) FROM emissions"), (int)server.Count("SELECT count(*) FROM runs WHERE workflow_id = 'w1'")));
    }

    [Fact]
    public async Task EndpointWhoseReceiverFailsForFiveDays_IsDisabled_WorkflowsHearOfIt_AndItCanBeResumed()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Deliveries:Schedule", "0s"));
        await PutAsync(server, "e", "/e", """ "events": ["a"] """);
        var hearing = await server.AddAsync("""{ "triggers": { "t": { "type": "event", "types": ["automation.endpoint.disabled"] } }, "steps": { "a": { "type": "set", "values": { "who": "${event.data.endpoint}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(hearing)!;
        await AttemptAsync(server, time, TimeSpan.Zero, 500);
        await AttemptAsync(server, time, TimeSpan.FromHours(119), 500);
        await AttemptAsync(server, time, TimeSpan.FromMinutes(30), 200); // begins anew
        await AttemptAsync(server, time, TimeSpan.FromMinutes(90), 500);
        Assert.Equal("active", await AttemptAsync(server, time, TimeSpan.FromHours(119), 500));
        Assert.Equal("disabled", await AttemptAsync(server, time, TimeSpan.FromHours(1), 500));
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1)); // the next look for emitted events
            return server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 1;
        });
        Assert.Equal("""{"who":"e"}""", (await server.EndAsync(ends)).Output("a"));
        await DoAsync(server, "/api/endpoints/e/resume");
        Assert.Equal("active", await AttemptAsync(server, time, TimeSpan.FromHours(1), 500)); // counts from the resume
        Assert.Equal("active", await AttemptAsync(server, time, TimeSpan.FromHours(1), 200));
        Assert.Null((await server.GetAsync("/api/endpoints/e"))["failingSince"]);
    }

    [Fact]
    public async Task EndpointIsDisabled_OnlyByFailuresTwelveHoursApart()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Deliveries:Schedule", "0s"), ("Deliveries:DisableEndpointsAfter", "01:00:00"));
        await PutAsync(server, "e", "/e", """ "events": ["a"] """);
        await AttemptAsync(server, time, TimeSpan.Zero, 500);
        Assert.Equal("active", await AttemptAsync(server, time, TimeSpan.FromHours(2), 500));
        Assert.Equal("active", await AttemptAsync(server, time, TimeSpan.FromHours(9), 500));
        Assert.Equal("disabled", await AttemptAsync(server, time, TimeSpan.FromHours(1.1), 500));
    }

    [Fact]
    public async Task FanOut_ThatIsCutOffInTheMiddle_NeitherLosesNorDoubles()
    {
        const int endpoints = 2000;
        await using var server = await WorkflowServer.StartAsync(("Deliveries:MaxHeldPerDestination", "10"));
        await RegisterAsync(server, endpoints);
        await server.PostAsync("/api/emissions", """{ "type": "many", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT deliveries FROM emissions") > 0);
        await server.CrashAsync();
        Assert.InRange(server.Count("SELECT count(*) FROM deliveries"), 1, endpoints);
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE ended_at IS NOT NULL") == 1);
        Assert.Equal((endpoints, endpoints), ((int)server.Count("SELECT count(*) FROM deliveries"), (int)server.Count("SELECT count(DISTINCT endpoint_id) FROM deliveries")));
        var keys = (await server.Receiver.NextAsync("/many", endpoints)).Select(a => a.Key).ToHashSet();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE ended_at IS NULL") == 0);
        while (server.Receiver.Waiting("/many") > 0) keys.Add((await server.Receiver.NextAsync("/many")).Key);
        Assert.Equal(endpoints, keys.Count);
    }

    [Fact]
    public async Task EndpointThatFailsForFiveDays_IsDisabled_NotBefore_AndASuccessBeginsAnew()
    {
        await using var server = await WorkflowServer.StartAsync();
        var journal = server.Get<Journal>();
        await PutAsync(server, "e", "/e", """ "events": ["a"] """);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var number = 0;
        async Task<string> AttemptAsync(double hours, bool succeeded)
        {
            var at = start.AddHours(hours);
            var id = server.Get<IdSource>().Next();
            var request = new DeliveryRequest(new("http://x.example/"), "POST", new Dictionary<string, Automation.Server.Secrets.SecretText>(), null, default, null, 8, TimeSpan.FromSeconds(1)) { Endpoint = "e" };
            await journal.CommitAsync(
                new DeliveryQueued(new Delivery(id, 0, "", "", $"k{number++}", "endpoint:e", request, at, 0), Held: true),
                new DeliveryAttempted(id, journal.Server, new Attempt(1, at, 1, null, succeeded ? null : "receiver_refused", null, null), succeeded ? DeliveryState.Succeeded : DeliveryState.Dead, null)
                {
                    Endpoint = new EndpointAttempted("e", succeeded, false, TimeSpan.FromDays(5), TimeSpan.FromHours(12), "receiver_refused", at),
                });
            return (await server.GetAsync("/api/endpoints/e"))["state"]!.GetValue<string>();
        }

        Assert.Equal("active", await AttemptAsync(0, false));
        Assert.Equal("active", await AttemptAsync(119, false));
        Assert.Equal("active", await AttemptAsync(119.5, true));
        Assert.Equal("active", await AttemptAsync(121, false));
        Assert.Equal("active", await AttemptAsync(121 + 119, false));
        Assert.Equal("disabled", await AttemptAsync(121 + 120, false));
        Assert.Contains("receiver_refused", (await server.GetAsync("/api/endpoints/e"))["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM emissions WHERE type = 'automation.endpoint.disabled'") == 1);
    }

    /// <summary>After a time, an event whose delivery to <c>e</c> is answered so. Returns the endpoint's state then.</summary>
    private static async Task<string> AttemptAsync(WorkflowServer server, ManualTime time, TimeSpan later, int status)
    {
        time.Advance(later);
        server.Receiver.On("/e", status);
        var before = server.Count("SELECT count(*) FROM attempts");
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(1)); // for what waits a little
            return server.Count("SELECT count(*) FROM attempts") == before + 1;
        });
        return (await server.GetAsync("/api/endpoints/e"))["state"]!.GetValue<string>();
    }

    internal static async Task RegisterAsync(WorkflowServer server, int endpoints)
    {
        var journal = server.Get<Journal>();
        foreach (var chunk in Enumerable.Range(0, endpoints).Chunk(500))
        {
            var changes = chunk.Select(i => (Change)new EndpointStored($"e{i:00000}", Json.Parse($$"""{"url":"{{server.Receiver.Url}}/many","events":["many"]}"""), ["many"], FromFile: false, DateTimeOffset.UnixEpoch)).ToArray();
            await journal.CommitAsync(changes);
        }
    }

    private static async Task PutAsync(WorkflowServer server, string id, string path, string more)
    {
        using var answer = await server.Http.PutAsync("/api/endpoints/" + id, WorkflowServer.Json($$"""{ "url": "{{server.Receiver.Url}}{{path}}", {{more}} }"""));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task DoAsync(WorkflowServer server, string path)
    {
        using var answer = await server.Http.PostAsync(new Uri(path, UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private static async Task<bool> VerifiesAsync(Arrival came, string scheme, string secret)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(scheme, out var verification));
        var request = new WebhookRequest(came.Method, "http://receiver" + came.Path, new HeaderDictionary(came.Headers.ToDictionary(h => h.Key, h => new StringValues(h.Value), StringComparer.OrdinalIgnoreCase)), came.Bytes);
        var input = new VerificationInput(request, new VerifyConfig(scheme) { Header = "X-Sig" }, [new NamedSecret("S", secret)], DateTimeOffset.FromUnixTimeSeconds(long.Parse(came.Headers["webhook-timestamp"], System.Globalization.CultureInfo.InvariantCulture)), (_, _) => throw new NotSupportedException());
        return (await verification.VerifyAsync(input)).IsVerified;
    }
}
