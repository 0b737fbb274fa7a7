using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Webhooks.Requests;

namespace Automation.Server.Tests.Triggers.Door;

/// <summary>What strangers may try at verified hooks.</summary>
public class HostileSenderTests
{
    [Fact]
    public async Task AnswersOfHandshakes_AreNoSignatures_OfEvents()
    {
        await using var server = await WebhookServer.StartAsync(
            """{"path":"/zoom","verify":{"scheme":"zoom","secrets":["KEY"]}}""", """{"path":"/x","verify":{"scheme":"x","secrets":["KEY"]}}""");
        var now = server.Time.GetUtcNow().ToUnixTimeSeconds();
        const string Forged = """{"event":"meeting.ended","payload":{}}""";
        var asked = await PostAsync(server, "/zoom", new JsonObject { ["event"] = "endpoint.url_validation", ["payload"] = new JsonObject { ["plainToken"] = $"v0:{now}:{Forged}" } }.ToJsonString());
        Assert.Equal(HttpStatusCode.Unauthorized, asked.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, "/zoom", """{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}""")).StatusCode);
        Assert.NotEqual(HttpStatusCode.OK, (await server.Http.GetAsync("/hooks/x?crc_token=" + Uri.EscapeDataString(Forged))).StatusCode);

        var answer = JsonNode.Parse(await server.Http.GetStringAsync("/hooks/x?crc_token=abc123"))!;
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "/x", "abc123", ("x-twitter-webhooks-signature", (string)answer["response_token"]!))).StatusCode);
        Assert.Empty(server.Offered);
    }

    [Theory]
    [InlineData("zoom", """{"event":"endpoint.url_validation",""", "")]
    [InlineData("zoom", """{"event":"endpoint.url_validation","payload":{"plainToken":"\ud800"}}""", "")]
    [InlineData("microsoft-graph", """{"value":[{"clientState":"\ud800"}]}""", "")]
    [InlineData("github", """{"a":"\ud800","b":1}""", "")]
    [InlineData("github", """[{"eventType":"\ud800","data":{}}]""", "SubscriptionValidation")]
    public async Task OddText_IsRefused_NotAFault(string scheme, string body, string eventType)
    {
        await using var server = await WebhookServer.StartAsync($$"""{"path":"/a","handshake":"cloudevents","verify":{"scheme":"{{scheme}}","secrets":["KEY"]} }""");
        var signature = "sha256=" + new string('0', 64);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "/a", body, ("aeg-event-type", eventType), ("X-Hub-Signature-256", signature))).StatusCode);
        Assert.Single(await server.KeptAsync());
    }

    [Fact]
    public async Task OddOrigin_IsNotEchoed()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","handshake":"cloudevents"}""");
        using var request = new HttpRequestMessage(HttpMethod.Options, "/hooks/a");
        request.Headers.TryAddWithoutValidation("WebHook-Request-Origin", "ex mple.com");
        Assert.Equal(HttpStatusCode.NoContent, (await server.Http.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task RightKey_InARequestThatIsRefusedForOtherReasons_IsNotKept()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"api-key","header":"X-Door","secrets":["KEY"]}}""");
        server.Secrets["KEY"] = "doorsecret-5550199";
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, "/a", "{", ("X-Door", "doorsecret-5550199"))).StatusCode);
        using var put = new HttpRequestMessage(HttpMethod.Put, "/hooks/a");
        put.Headers.Add("X-Door", "doorsecret-5550199");
        put.Headers.Add("X-Other", "doorsecret-5550199");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.Http.SendAsync(put)).StatusCode);
        var kept = await server.KeptAsync();
        Assert.Equal(2, kept.Count);
        Assert.All(kept, row => Assert.DoesNotContain("doorsecret", row.Headers, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CredentialsOfTheAddress_AreNotKept_WhereItIsSigned()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"twilio","secrets":["KEY"]}}""");
        await PostAsync(server, "/a?token=hunter2-query&a=b", "", ("X-Twilio-Signature", Convert.ToBase64String(new byte[20])));
        var row = Assert.Single(await server.KeptAsync());
        Assert.NotNull(row.Signed);
        foreach (var text in new[] { row.Query, row.Reason, row.Signed, row.Hint ?? "" }) Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FloodOnOnePath_LeavesRoomForOthers()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""", """{"path":"/b","verify":{"scheme":"github","secrets":["KEY"]}}""");
        for (var at = 0; at < 150; at++) await PostAsync(server, "/a", "{}");
        for (var at = 0; at < 150; at++) await PostAsync(server, $"/nothing{at}", "{}");
        await PostAsync(server, "/b", "{}");
        Assert.Contains(await server.KeptAsync(), row => row.Path == "/b");
    }

    [Fact]
    public async Task UnsignedRequests_DoNotUseUp_WhatAllTogetherMaySend()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","rateLimit":{"perPath":"2/1m"},"verify":{"scheme":"github","secrets":["KEY"]}}""");
        for (var at = 0; at < 5; at++) Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "/a", "{}")).StatusCode);
        var signed = ("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("It's a Secret to Everybody"u8, "{}"u8)));
        Assert.Equal([HttpStatusCode.Accepted, HttpStatusCode.Accepted, HttpStatusCode.TooManyRequests], [(await PostAsync(server, "/a", "{}", signed)).StatusCode, (await PostAsync(server, "/a", "{}", signed)).StatusCode, (await PostAsync(server, "/a", "{}", signed)).StatusCode]);
    }

    [Fact]
    public async Task SameMessage_AtTwoPathsOfOneTrigger_IsTwoMessages()
    {
        await using var server = await WorkflowServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Data, "secrets", "HOOK"), "k");
        var workflow = await server.AddAsync("""
            { "triggers": { "hook": { "type": "webhook", "path": "/t/{tenant}", "verify": { "scheme": "github", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
            """);
        foreach (var path in new[] { "/hooks/t/a", "/hooks/t/b", "/hooks/t/a" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            request.Headers.Add("X-GitHub-Delivery", "d1");
            request.Headers.Add("X-Hub-Signature-256", "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData("k"u8, "{}"u8)));
            Assert.Equal(HttpStatusCode.Accepted, (await server.Http.SendAsync(request)).StatusCode);
        }

        Assert.Equal(2, (await server.GetAsync($"/api/runs?workflow={workflow}"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task HeadersThatAreTooLarge_Get431()
    {
        await using var server = await WorkflowServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = new StringContent("{}") };
        for (var i = 0; i < 4; i++) request.Headers.Add("X-Large-" + i, new string('x', 8 << 10));
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task SalesforceMessage_ThatAFilterDrops_IsAcknowledged()
    {
        await using var server = await WorkflowServer.StartAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Data, "secrets", "ORG"), "00D5e0000012AbC");
        await server.AddAsync("""
            { "triggers": { "hook": { "type": "webhook", "path": "/sf", "when": "${false}", "verify": { "scheme": "salesforce-soap", "secrets": ["ORG"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
            """);
        var sample = Automation.Server.Triggers.Webhooks.SampleEvent.Of("salesforce-soap", "00D5e0000012AbCEAU", TimeProvider.System.GetUtcNow(), Guid.NewGuid());
        using var content = new ByteArrayContent(sample.Body);
        content.Headers.TryAddWithoutValidation("Content-Type", sample.ContentType);
        var answer = await server.Http.PostAsync("/hooks/sf", content);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("<Ack>true</Ack>", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> PostAsync(WebhookServer server, string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks" + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await server.Http.SendAsync(request);
    }
}
