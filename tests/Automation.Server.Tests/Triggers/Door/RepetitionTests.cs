using System.Net;
using System.Text;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Tests.Triggers.Door;

/// <summary>A message that comes again starts nothing, however its path and signature are spelled; another one does.</summary>
public class RepetitionTests
{
    private const string Secret = "k3y-of-the-hook";

    [Theory]
    [InlineData("slack", """{"type":"block_actions"}""")]
    [InlineData("zoom", """{"event":"meeting.ended"}""")]
    [InlineData("hubspot", """[{"eventId":1}]""")]
    [InlineData("convoy", """{"id":1}""")]
    [InlineData("zoho-payments", """{"id":1}""")]
    [InlineData("stripe", """{"id":"evt_1"}""")]
    public async Task SignedMessage_ThatIsSpelledOtherwise_IsARepetition(string scheme, string body)
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("HOOK", Secret);
        var workflow = await AddAsync(server, scheme, "/order");
        var headers = Signed(server, scheme, "/hooks/order", body);
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/hooks/order", body, headers));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/hooks/order", body, [.. headers.Select(header => (header.Name, Respelled(header.Value)))]));
        if (scheme is not "hubspot") Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/hooks/%6Frder", body, headers)); // signs the address as it is spelled
        Assert.Equal(1, await RunsAsync(server, workflow));

        var other = body.Replace("1", "2", StringComparison.Ordinal).Replace("ended", "started", StringComparison.Ordinal).Replace("actions", "suggestion", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/hooks/order", other, Signed(server, scheme, "/hooks/order", other)));
        Assert.Equal(2, await RunsAsync(server, workflow));
    }

    [Fact]
    public async Task TwoOrdersWithinASecond_AreTwo_WhereTheSendersIdIsOfTheSecond()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("HOOK", Secret);
        var workflow = await AddAsync(server, "woocommerce", "/order");
        foreach (var body in new[] { """{"id":1}""", """{"id":2}""", """{"id":1}""" })
        {
            Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "/hooks/order", body, [("X-WC-Webhook-Delivery-ID", "f00d"), .. Signed(server, "woocommerce", "/hooks/order", body)]));
        }

        Assert.Equal(2, await RunsAsync(server, workflow));
    }

    private static Task<string> AddAsync(WorkflowServer server, string scheme, string path) => server.AddAsync($$"""
        { "triggers": { "hook": { "type": "webhook", "path": "{{path}}", "verify": { "scheme": "{{scheme}}", "secrets": ["HOOK"] } } }, "steps": { "a": { "type": "log", "message": "x" } } }
        """);

    private static async Task<int> RunsAsync(WorkflowServer server, string workflow) => (await server.GetAsync($"/api/runs?workflow={workflow}"))["items"]!.AsArray().Count;

    private static (string Name, string Value)[] Signed(WorkflowServer server, string scheme, string path, string body)
    {
        Assert.True(VerificationSchemes.BuiltIn.TryGet(scheme, out var signer));
        var config = new VerifyConfig(scheme, ["HOOK"]);
        return [.. signer.Sign(new SigningInput("POST", new Uri(server.Http.BaseAddress!, path).ToString(), Encoding.UTF8.GetBytes(body), "application/json", Secret, config, TimeProvider.System.GetUtcNow(), "msg_1"))];
    }

    /// <summary>The same code in upper case, with another entry that counts for nothing, or with a blank in its base64.</summary>
    private static string Respelled(string value) =>
        value.StartsWith("v0=", StringComparison.Ordinal) ? "v0=" + value[3..].ToUpperInvariant()
        : value.StartsWith("t=", StringComparison.Ordinal) ? value + ",x=1"
        : value.EndsWith('=') ? value.Insert(4, " ")
        : value;

    private static async Task<HttpStatusCode> PostAsync(WorkflowServer server, string path, string body, (string Name, string Value)[] headers)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Http.BaseAddress!.OriginalString.TrimEnd('/') + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = content };
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await server.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
