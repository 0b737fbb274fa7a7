using System.Net;
using Automation.Server.Hosting;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Tests.Hosting;

/// <summary>What a proxy says counts if the operator named it, and only then.</summary>
public class TrustedProxyTests
{
    private const string Workflow = """
        { "triggers": { "hook": { "type": "webhook", "path": "/orders", "verify": { "scheme": "hubspot", "secrets": ["HUBSPOT"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
        """;

    [Theory]
    [InlineData("127.0.0.1", HttpStatusCode.Accepted)]
    [InlineData("127.0.0.0/8", HttpStatusCode.Accepted)]
    [InlineData("10.0.0.1", HttpStatusCode.Unauthorized)]
    public async Task SignedAddress_IsTheOneBeforeTheProxy_IfItIsTrusted(string proxy, HttpStatusCode status)
    {
        await using var server = await WorkflowServer.StartAsync(("Server:TrustedProxies:0", proxy));
        await File.WriteAllTextAsync(Path.Combine(server.Data, "secrets", "HUBSPOT"), "client secret");
        await server.AddAsync(Workflow);
        Assert.Equal(status, await SendAsync(server, "https://shop.example.com/hooks/orders?a=1"));
    }

    [Fact]
    public async Task PublicUrl_IsTheAddress_WithoutAnyHeader()
    {
        await using var server = await WorkflowServer.StartAsync(("PublicUrl", "https://shop.example.com/"));
        await File.WriteAllTextAsync(Path.Combine(server.Data, "secrets", "HUBSPOT"), "client secret");
        await server.AddAsync(Workflow);
        Assert.Equal(HttpStatusCode.Accepted, await SendAsync(server, "https://shop.example.com/hooks/orders?a=1", forwarded: false));
    }

    [Theory]
    [InlineData("proxy.example.com")]
    [InlineData("10.0.0.0/64")]
    public void WrongEntry_StopsTheStart(string entry) =>
        Assert.Contains(entry, Assert.Throws<StartupException>(() => new TrustedProxies([entry])).Message, StringComparison.Ordinal);

    private static async Task<HttpStatusCode> SendAsync(WorkflowServer server, string signedUrl, bool forwarded = true)
    {
        byte[] body = [.. "{}"u8];
        using var message = new HttpRequestMessage(HttpMethod.Post, "/hooks/orders?a=1") { Content = new ByteArrayContent(body) };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (forwarded)
        {
            message.Headers.Add("X-Forwarded-Host", "shop.example.com");
            message.Headers.Add("X-Forwarded-Proto", "https");
            message.Headers.Add("X-Forwarded-For", "203.0.113.7");
        }

        Assert.True(VerificationSchemes.BuiltIn.TryGet("hubspot", out var scheme));
        foreach (var (name, value) in scheme.Sign(new SigningInput("POST", signedUrl, body, null, "client secret", new VerifyConfig("hubspot"), TimeProvider.System.GetUtcNow(), "m"))) message.Headers.TryAddWithoutValidation(name, value);
        return (await server.Http.SendAsync(message)).StatusCode;
    }
}
