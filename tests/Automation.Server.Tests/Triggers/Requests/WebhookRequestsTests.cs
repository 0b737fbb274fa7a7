using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Webhooks.Requests;

namespace Automation.Server.Tests.Triggers.Requests;

/// <summary>What came to hooks can be looked at: accepted or not, with the reason; and be given to a workflow as a test.</summary>
public class WebhookRequestsTests
{
    private const string Secret = "It's a Secret to Everybody", Body = "{\"order\":7}";

    private const string GitHub = """
        { "triggers": { "hook": { "type": "webhook", "path": "/orders", "verify": { "scheme": "github", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
        """;

    [Fact]
    public async Task RefusedRequest_IsKept_WithItsReasonAndCause_AndWithoutCredentials()
    {
        await using var server = await StartAsync();
        await server.AddAsync(GitHub);
        using var request = Request("/hooks/orders?token=abc&a=1", Body + "\n", Sign(Body));
        request.Headers.Add("Authorization", "Bearer very-secret");
        request.Headers.Add("X-Echo", "prefix " + Secret);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.SendAsync(request)).StatusCode);

        var kept = Assert.Single(await ListAsync(server, "?path=/orders&outcome=refused"));
        Assert.Equal(("refused", "POST", 401, "127.0.0.1"), ((string)kept!["outcome"]!, (string)kept["method"]!, (int)kept["status"]!, (string)kept["remoteAddress"]!));
        Assert.StartsWith("no configured secret matches", (string)kept["reason"]!, StringComparison.Ordinal);

        var details = await server.GetAsync($"/api/webhooks/requests/{kept["id"]}");
        Assert.Contains("without the line break at its end", (string)details["hint"]!, StringComparison.Ordinal);
        Assert.Contains(Body, (string)details["signed"]!, StringComparison.Ordinal);
        Assert.Contains($"({Body.Length + 1} bytes, SHA-256 ", (string)details["signed"]!, StringComparison.Ordinal);
        Assert.Equal("•••", (string)details["headers"]!["authorization"]!);
        Assert.Equal("prefix •••", (string)details["headers"]!["x-echo"]!);
        Assert.Equal(Sign(Body), (string)details["headers"]!["x-hub-signature-256"]!);
        Assert.Equal("a=1", ((string)details["query"]!).Split('&')[^1]);
        Assert.DoesNotContain("abc", (string)details["query"]!, StringComparison.Ordinal);
        Assert.Equal(7, (int)details["data"]!["order"]!);
        Assert.Equal(Body + "\n", await server.Http.GetStringAsync($"/api/webhooks/requests/{kept["id"]}/body"));
        Assert.DoesNotContain(Secret, details.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_HasAcceptedAndRefused_NewestFirst_OfOnePath()
    {
        await using var server = await StartAsync();
        await server.AddAsync(GitHub);
        await server.Http.SendAsync(Request("/hooks/orders", Body, Sign(Body)));
        await server.Http.SendAsync(Request("/hooks/orders", Body, "sha256=00"));
        await server.Http.SendAsync(Request("/hooks/elsewhere", Body, null));
        await server.Http.SendAsync(Request("/hooks/orders", Body, Sign(Body)));
        Assert.Equal(["accepted", "refused", "accepted"], (await ListAsync(server, "?path=/orders")).Select(item => (string)item!["outcome"]!));
        Assert.Equal(["accepted", "refused", "refused", "accepted"], (await ListAsync(server, "")).Select(item => (string)item!["outcome"]!));
        Assert.Contains("No active workflow", (string)(await ListAsync(server, "?path=/elsewhere"))[0]!["reason"]!, StringComparison.Ordinal);
        var page = await server.GetAsync("/api/webhooks/requests?limit=2");
        var rest = await server.GetAsync((string)page["next"]!);
        Assert.Equal(2, rest["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task CapturedPath_KeepsWhatComes_AndAWorkflowCanBeTriedOnIt()
    {
        await using var server = await StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(Request("/hooks/orders", Body, null))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.PutAsJsonAsync("/api/webhooks/captures", new { path = "/orders", @for = "1h" })).StatusCode);
        var answer = await server.Http.SendAsync(Request("/hooks/orders", Body, null));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var captured = Assert.Single(await ListAsync(server, "?outcome=captured"));
        Assert.Contains((string)captured!["id"]!, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        await server.PostAsync($"/api/webhooks/requests/{captured["id"]}/replay", "", 409);
        var workflow = await server.AddAsync("""
            { "triggers": { "hook": { "type": "webhook", "path": "/orders", "verify": { "scheme": "github", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "set", "values": { "order": "${event.data.order}" } } } }
            """);
        var replayed = await server.PostAsync($"/api/webhooks/requests/{captured["id"]}/replay", "", 202);
        var run = await server.GetRunAsync((string)replayed["runIds"]![0]!);
        Assert.NotNull(workflow);
        Assert.Equal((string)replayed["eventId"]!, (string)run.Node["eventId"]!);
        await server.PostAsync($"/api/webhooks/requests/{replayed["eventId"]}/replay", "", 202); // an event too
        Assert.Equal(HttpStatusCode.NoContent, (await server.Http.DeleteAsync("/api/webhooks/captures?path=/orders")).StatusCode);
        Assert.Empty((await server.GetAsync("/api/webhooks/captures"))["items"]!.AsArray());
    }

    [Fact]
    public async Task List_OfAPathWithParameters_HasWhatATriggerWithItTakes()
    {
        await using var server = await StartAsync();
        await server.AddAsync("""
            { "triggers": { "hook": { "type": "webhook", "path": "/cold_rooms/{room}", "verify": { "scheme": "github", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
            """);
        await server.Http.SendAsync(Request("/hooks/cold_rooms/fish", Body, Sign(Body)));
        await server.Http.SendAsync(Request("/hooks/cold_rooms/k%C3%A4se", Body, "sha256=00"));
        foreach (var other in new[] { "/cold_rooms/fish/door", "/COLD_ROOMS/fish", "/coldXrooms/fish", "/cold_rooms", "/other/cold_rooms/fish" }) await server.Http.SendAsync(Request("/hooks" + other, Body, null));

        var room = "?path=" + Uri.EscapeDataString("/cold_rooms/{room}");
        Assert.Equal([("refused", "/cold_rooms/k%C3%A4se"), ("accepted", "/cold_rooms/fish")], (await ListAsync(server, room)).Select(item => ((string)item!["outcome"]!, (string)item["path"]!)));
        Assert.Equal("refused", (string)Assert.Single(await ListAsync(server, room + "&outcome=refused"))!["outcome"]!);
        Assert.Single(await ListAsync(server, "?path=/cold_rooms/fish"));
        Assert.Equal(4, (await ListAsync(server, "?path=" + Uri.EscapeDataString("/cold_rooms/{rest*}"))).Count);
        var page = await server.GetAsync("/api/webhooks/requests" + room + "&limit=1");
        Assert.Equal("accepted", (string)Assert.Single((await server.GetAsync((string)page["next"]!))["items"]!.AsArray())!["outcome"]!);
    }

    [Fact]
    public async Task CapturedPath_WithParameters_IsEveryPathThatATriggerWithItWouldTake()
    {
        await using var server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.Http.PutAsJsonAsync("/api/webhooks/captures", new { path = "/rooms/{room}/temperature" })).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await server.Http.SendAsync(Request("/hooks/rooms/fish/temperature", Body, null))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(Request("/hooks/rooms/fish/door", Body, null))).StatusCode);
        var captured = Assert.Single(await ListAsync(server, "?path=" + Uri.EscapeDataString("/rooms/{room}/temperature")));
        Assert.Equal("/rooms/fish/temperature", (string)captured!["path"]!);
        await server.Http.DeleteAsync("/api/webhooks/captures?path=" + Uri.EscapeDataString("/rooms/{room}/temperature"));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(Request("/hooks/rooms/fish/temperature", Body, null))).StatusCode);
    }

    [Fact]
    public async Task CapturedPath_IsForgotten_AfterItsTime()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.Http.PutAsJsonAsync("/api/webhooks/captures", new { path = "/orders", @for = "10m" });
        Assert.Equal(HttpStatusCode.Accepted, (await server.Http.SendAsync(Request("/hooks/orders", Body, null))).StatusCode);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.SendAsync(Request("/hooks/orders", Body, null))).StatusCode);
    }

    [Theory]
    [InlineData("{\"path\":\"orders\"}", "/orders")]
    [InlineData("{\"path\":\"/a\",\"for\":\"8d\"}", "7d")]
    [InlineData("{}", "/orders")]
    [InlineData("{\"path\":\"/rooms/r{id}\"}", "a parameter is a whole segment")]
    public async Task WrongCapture_IsTold(string body, string expected)
    {
        await using var server = await StartAsync();
        var answer = await server.Http.PutAsync("/api/webhooks/captures", new StringContent(body, Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(expected, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flood_IsCounted_NotKept()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""");
        for (var at = 0; at < 60; at++) await server.Http.SendAsync(Request("/hooks/a", Body, null));
        Assert.Equal(20, (await server.KeptAsync()).Count);
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await server.Http.SendAsync(Request("/hooks/a", Body, null));
        Assert.Equal(40, (await server.KeptAsync())[^1].Skipped);
    }

    [Fact]
    public async Task OnlyTheNewest_AreKept_AndOfALargeBodyItsBeginning()
    {
        await using var server = await StartAsync(("Webhooks:KeptRequests", "3"));
        await server.AddAsync(GitHub);
        for (var at = 0; at < 5; at++) await server.Http.SendAsync(Request("/hooks/orders", new string((char)('a' + at), 100_000), null));
        var kept = await ListAsync(server, "?outcome=refused");
        Assert.Equal(3, kept.Count);
        Assert.Equal(100_000, (int)kept[0]!["bodySize"]!);
        var body = await server.Http.GetStringAsync($"/api/webhooks/requests/{kept[0]!["id"]}/body");
        Assert.Equal(new string('e', RequestLog.KeptBytes), body);
        await server.PostAsync($"/api/webhooks/requests/{kept[0]!["id"]}/replay", "", 409);
    }

    [Fact]
    public async Task MessageThatComesAgain_StartsNothing_AndIsAnsweredAsTheFirst()
    {
        var time = new ManualTime();
        await using var server = await StartAsync(time);
        var workflow = await server.AddAsync(GitHub);
        async Task<string> SendAsync(string id)
        {
            using var request = Request("/hooks/orders", Body, Sign(Body));
            request.Headers.Add("X-GitHub-Delivery", id);
            var answer = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }

        var first = await SendAsync("d1");
        Assert.Equal(first, await SendAsync("d1"));
        Assert.NotEqual(first, await SendAsync("d2"));
        Assert.Equal(2, (await server.GetAsync($"/api/runs?workflow={workflow}"))["items"]!.AsArray().Count);
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(first, await SendAsync("d1"));
        time.Advance(TimeSpan.FromDays(3));
        Assert.NotEqual(first, await SendAsync("d1"));
    }

    [Fact]
    public async Task SecretThatComesInTheBody_IsNotStored()
    {
        await using var server = await StartAsync();
        await server.AddAsync("""
            { "triggers": { "hook": { "type": "webhook", "path": "/graph", "verify": { "scheme": "microsoft-graph", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
            """);
        var answer = await server.Http.PostAsJsonAsync("/hooks/graph", new { value = new[] { new { clientState = Secret, changeType = "created" } } });
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var accepted = (string)(await answer.Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonObject>())!["eventId"]!;
        var stored = (await server.GetAsync($"/api/events/{accepted}")).ToJsonString();
        Assert.Contains("created", stored, StringComparison.Ordinal);
        Assert.DoesNotContain("Everybody", stored, StringComparison.Ordinal);
    }

    private static async Task<WorkflowServer> StartAsync(params (string Key, string Value)[] settings) => await WithSecretAsync(await WorkflowServer.StartAsync(settings));

    private static async Task<WorkflowServer> StartAsync(ManualTime time) => await WithSecretAsync(await WorkflowServer.StartAsync(time));

    private static async Task<WorkflowServer> WithSecretAsync(WorkflowServer server)
    {
        await File.WriteAllTextAsync(Path.Combine(server.Data, "secrets", "HOOK"), Secret);
        return server;
    }

    private static async Task<System.Text.Json.Nodes.JsonArray> ListAsync(WorkflowServer server, string query)
    {
        await server.Get<RequestLog>().WhenStoredAsync().WaitAsync(WorkflowServer.Patience);
        return (await server.GetAsync("/api/webhooks/requests" + query))["items"]!.AsArray();
    }

    private static HttpRequestMessage Request(string path, string body, string? signature)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (signature is not null) request.Headers.Add("X-Hub-Signature-256", signature);
        return request;
    }

    private static string Sign(string body) => "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));
}
