using System.Net;
using System.Text;

namespace Automation.Server.Tests.Triggers;

public class WebhookVerifyTests
{
    private const string GitHub = """{"path":"/a","verify":{"scheme":"github","secrets":["KEY"]}}""";
    private const string Signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    [Fact]
    public async Task SignedRequest_IsTaken()
    {
        await using var server = await WebhookServer.StartAsync(GitHub);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(server, "Hello, World!", Signature)).StatusCode);
    }

    [Theory]
    [InlineData("Hello, World?", Signature, "no configured secret matches")]
    [InlineData("Hello, World!", null, "header X-Hub-Signature-256 is missing")]
    public async Task UnverifiedRequest_Is401WithoutABody_AndTheReasonIsLogged(string body, string? signature, string reason)
    {
        await using var server = await WebhookServer.StartAsync(GitHub);
        var answer = await PostAsync(server, body, signature);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync());
        Assert.Empty(server.Offered);
        var line = Assert.Single(server.Lines);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Contains("w0/hook", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MalformedBody_FromAStranger_Is401_Not400()
    {
        await using var server = await WebhookServer.StartAsync(GitHub);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.PostAsync("/hooks/a", WebhookEndpointTests.Json("{"))).StatusCode);
    }

    [Fact]
    public async Task EachWorkflow_VerifiesForItself()
    {
        await using var server = await WebhookServer.StartAsync(GitHub, """{"path":"/a","verify":{"scheme":"github","secrets":["OTHER"]}}""");
        server.Secrets["OTHER"] = "another";
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(server, "Hello, World!", Signature)).StatusCode);
        Assert.Equal("w0", Assert.Single(Assert.Single(server.Offered).Targets).Version.WorkflowId);
        Assert.Contains("w1/hook", Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EitherOfTwoSecrets_Verifies()
    {
        await using var server = await WebhookServer.StartAsync("""{"path":"/a","verify":{"scheme":"github","secrets":["NEW","KEY"]}}""");
        server.Secrets["NEW"] = "new";
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(server, "Hello, World!", Signature)).StatusCode);
        Assert.Contains("""
            "verified":{"scheme":"github","secret":"KEY"}
            """.Trim(), server.Single.Attributes.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SecretWithoutAValue_NeverVerifies()
    {
        await using var server = await WebhookServer.StartAsync(GitHub);
        server.Secrets["KEY"] = "";
        var signedWithNothing = "sha256=" + Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData([], "x"u8));
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(server, "x", signedWithNothing)).StatusCode);
        Assert.Contains("KEY", Assert.Single(server.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RejectionsOfOneTrigger_AreLoggedOnceASecond_WithTheirNumber()
    {
        await using var server = await WebhookServer.StartAsync(GitHub);
        for (var at = 0; at < 20; at++) await PostAsync(server, "x", null);
        Assert.Single(server.Lines);
        server.Time.Advance(TimeSpan.FromSeconds(1));
        await PostAsync(server, "x", null);
        Assert.Equal(2, server.Lines.Count);
        Assert.Contains("19 more", server.Lines.Last(), StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> PostAsync(WebhookServer server, string body, string? signature)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/a") { Content = new StringContent(body, Encoding.UTF8, "text/plain") };
        if (signature is not null) request.Headers.Add("X-Hub-Signature-256", signature);
        return server.Http.SendAsync(request);
    }
}
