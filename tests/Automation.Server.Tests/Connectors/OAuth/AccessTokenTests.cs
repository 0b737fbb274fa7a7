using System.Net;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>Access tokens are fetched, renewed and kept, for operations of both kinds.</summary>
public sealed class AccessTokenTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Theory]
    [InlineData("basic")]
    [InlineData("body")]
    public async Task ClientCredentials_FetchATokenWhenOneIsNeeded_AndUseIt(string client)
    {
        var name = "machine-" + client;
        var service = OAuthServer.Add(server, name, "client_credentials", client);
        var id = await OAuthServer.AddWorkflowAsync(server, name);
        Assert.Equal("ready", (await OAuthServer.StateAsync(server, name))["state"]!.GetValue<string>());

        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);

        Assert.Equal(["client_credentials"], service.Grants);
        Assert.Equal("connected", (await OAuthServer.StateAsync(server, name))["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task TwentyRunsAtOnce_AskForOneToken()
    {
        var service = OAuthServer.Add(server, "crowd", "client_credentials");
        var gate = new TaskCompletionSource();
        service.Gate = gate.Task;
        var id = await OAuthServer.AddWorkflowAsync(server, "crowd");
        var runs = Enumerable.Range(0, 20).Select(_ => server.RunByIdAsync(id)).ToList();
        await server.Receiver.NextAsync("/crowd/token");
        gate.SetResult();

        Assert.All(await Task.WhenAll(runs), run => Assert.Equal("succeeded", run.State));
        Assert.Single(service.Grants);
    }

    [Theory]
    [InlineData("ask")]
    [InlineData("tell")]
    public async Task Answer401_RenewsOnce_AndTriesAgain(string operation)
    {
        var service = OAuthServer.Add(server, "revoked-" + operation);
        var id = await OAuthServer.AddWorkflowAsync(server, "revoked-" + operation, operation);
        await OAuthServer.ConnectAsync(server, service, "revoked-" + operation);
        service.Revoke();
        await server.RunByIdAsync(id);

        var path = $"/revoked-{operation}/api/thing";
        var (first, second) = (await server.Receiver.NextAsync(path), await server.Receiver.NextAsync(path));
        Assert.NotEqual(first.Headers["Authorization"], second.Headers["Authorization"]);
        Assert.Equal(first.Key, second.Key);
        Assert.Equal(["authorization_code", "refresh_token"], service.Grants);
        if (operation != "tell") return;
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM deliveries WHERE workflow_id = '{id}' AND state = 'succeeded'") == 1);
        Assert.Equal(1, server.Count($"SELECT count(*) FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE d.workflow_id = '{id}'"));
    }

    [Fact]
    public async Task ServiceThatRefusesEveryToken_IsAskedTwice_AndTheRunFails()
    {
        var service = OAuthServer.Add(server, "hostile", "client_credentials");
        var id = await OAuthServer.AddWorkflowAsync(server, "hostile");
        server.Receiver.On("/hostile/api/thing", 401, """{ "message": "Never." }""");
        var first = await server.RunByIdAsync(id);
        var second = await server.RunByIdAsync(id);

        Assert.Equal("http_status", first.ErrorCode);
        Assert.Equal("http_status", second.ErrorCode);
        Assert.Equal(2, service.Grants.Count);
        Assert.Equal(3, server.Receiver.Waiting("/hostile/api/thing"));
    }

    [Fact]
    public async Task RefreshTokenThatWasRefused_SaysToConnectAgain_AndIsNotAskedAgain_UntilSomebodyDoes()
    {
        var service = OAuthServer.Add(server, "expired");
        var id = await OAuthServer.AddWorkflowAsync(server, "expired");
        await OAuthServer.ConnectAsync(server, service, "expired");
        service.Revoke();
        service.RevokeRefreshTokens();
        var run = await server.RunByIdAsync(id);
        var state = await OAuthServer.StateAsync(server, "expired");

        Assert.Equal("not_connected", run.ErrorCode);
        var message = run.Node["error"]!["message"]!.GetValue<string>();
        Assert.Contains("Connection \"expired\" (Service): The refresh token was refused.", message, StringComparison.Ordinal);
        Assert.Contains("invalid_grant: ••• is expired.", message, StringComparison.Ordinal); // the service repeats what it was sent
        Assert.Contains("POST /api/connections/expired/expired/connect", message, StringComparison.Ordinal);
        Assert.Equal("notConnected", state["state"]!.GetValue<string>());
        await server.RunByIdAsync(id);
        Assert.Equal(["authorization_code", "refresh_token"], service.Grants);
        await OAuthServer.ConnectAsync(server, service, "expired");
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
    }

    [Theory]
    [InlineData("html")]
    [InlineData("500")]
    [InlineData("no token")]
    [InlineData("token with a line break")]
    [InlineData("huge")]
    [InlineData("error under 200")]
    [InlineData("redirect")]
    [InlineData("cut off")]
    public async Task AnswerThatIsNoToken_IsTheRunsError_AndSaysWhy(string kind)
    {
        var name = "odd-" + kind.Replace(' ', '-');
        var service = OAuthServer.Add(server, name, "client_credentials");
        service.Instead = context => kind switch
        {
            "html" => WriteAsync(context, 200, "text/html", "<html>Log in</html>"),
            "500" => RunReceiver.WriteAsync(context, 500, """{ "oops": true }"""),
            "no token" => RunReceiver.WriteAsync(context, 200, """{ "access_token": 7 }"""),
            "token with a line break" => RunReceiver.WriteAsync(context, 200, """{ "access_token": "a\r\nX-Evil: 1" }"""),
            "huge" => RunReceiver.WriteAsync(context, 200, $$"""{ "access_token": "{{new string('x', 100_000)}}" }"""),
            "error under 200" => RunReceiver.WriteAsync(context, 200, """{ "error": "invalid_client", "error_description": "Unknown\u0007 client key of the client/&7." }"""),
            "redirect" => RedirectAsync(context),
            _ => CutOffAsync(context),
        };
        var run = await server.RunByIdAsync(await OAuthServer.AddWorkflowAsync(server, name));
        var message = run.Node["error"]!["message"]!.GetValue<string>();

        Assert.Equal("token_failed", run.ErrorCode);
        Assert.Contains(
            kind switch
            {
                "html" => "200 with text/html and not with JSON",
                "500" => "it answered 500",
                "no token" => "holds no access_token",
                "token with a line break" => "no header can carry",
                "huge" => "larger than",
                "error under 200" => "invalid_client: Unknown  client •••.",
                "redirect" => "it answered 302",
                _ => "closed the connection",
            },
            message,
            StringComparison.Ordinal);
        Assert.Equal(0, server.Receiver.Waiting($"/{name}/api/thing"));
    }

    [Fact]
    public async Task TokenThatWasSetByHand_IsUsedAsItIs_AndNeedsNoClient()
    {
        OAuthServer.Add(server, "by-hand", withSecrets: false);
        server.Receiver.On("/by-hand/api/thing", 200, "{}");
        server.SetSecret("BY_HAND_ACCESS_TOKEN", "a-token-of-my-own");
        var run = await server.RunByIdAsync(await OAuthServer.AddWorkflowAsync(server, "by-hand"));

        Assert.Equal("succeeded", run.State);
        Assert.Equal("Bearer a-token-of-my-own", (await server.Receiver.NextAsync("/by-hand/api/thing")).Headers["Authorization"]);
        Assert.Equal("ready", (await OAuthServer.StateAsync(server, "by-hand"))["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Connection_OfAWorkflowThatCouldNotBeLoaded_IsListedWithWhatIsMissing()
    {
        OAuthServer.Add(server, "bare", withSecrets: false);
        server.Write(("bare-workflow.json", """{ "steps": { "it": { "type": "bare.ask" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        var state = await OAuthServer.StateAsync(server, "bare");
        await server.RemoveAsync("bare-workflow");

        Assert.Equal("missingSecrets", state["state"]!.GetValue<string>());
        Assert.Equal("""["BARE_CLIENT_ID","BARE_CLIENT_SECRET"]""", state["missingSecrets"]!.ToJsonString());
        Assert.Equal("""["bare-workflow"]""", state["usedBy"]!.ToJsonString());
    }

    [Fact]
    public async Task NotConnected_IsTheRunsError_AndDeletingTheTokensMakesItSo()
    {
        var service = OAuthServer.Add(server, "left");
        var id = await OAuthServer.AddWorkflowAsync(server, "left");
        Assert.Equal("not_connected", (await server.RunByIdAsync(id)).ErrorCode);
        await OAuthServer.ConnectAsync(server, service, "left");
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);

        using (var answer = await server.Http.DeleteAsync(new Uri("/api/connections/left/left", UriKind.Relative))) Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        using (var answer = await server.Http.DeleteAsync(new Uri("/api/connections/left/left", UriKind.Relative))) Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);

        Assert.Null(OAuthServer.Secret(server, "LEFT_ACCESS_TOKEN"));
        Assert.Null(OAuthServer.Secret(server, "LEFT_REFRESH_TOKEN"));
        Assert.Equal("not_connected", (await server.RunByIdAsync(id)).ErrorCode);
    }

    [Fact]
    public async Task TokensAndCodes_AreInNoTableAndNoLog()
    {
        var service = OAuthServer.Add(server, "quiet");
        var id = await OAuthServer.AddWorkflowAsync(server, "quiet");
        var tell = await OAuthServer.AddWorkflowAsync(server, "quiet", "tell");
        await OAuthServer.ConnectAsync(server, service, "quiet");
        server.Receiver.On("/quiet/api/thing", (arrival, context) => RunReceiver.WriteAsync(context, 200, $$"""{ "you": "{{arrival.Headers["Authorization"]}}" }"""));
        var run = await server.RunByIdAsync(id);
        await server.RunByIdAsync(tell);
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM deliveries WHERE workflow_id = '{tell}' AND state = 'succeeded'") == 1);
        var shown = run.Node.ToJsonString() + await server.GetAsync("/api/deliveries") + await server.GetAsync("/api/connections") + await server.GetAsync("/api/secrets") + await server.GetAsync("/api/audit");
        foreach (var delivery in (await server.GetAsync($"/api/deliveries?workflow={tell}"))["items"]!.AsArray()) shown += await server.GetAsync($"/api/deliveries/{delivery!["id"]}");

        Assert.Equal(2, service.Tokens.Count);
        foreach (var token in service.Tokens.Append("code-1").Append(AuthorizationServer.Key))
        {
            Assert.DoesNotContain(token, shown, StringComparison.Ordinal);
            Assert.DoesNotContain(server.Logged, line => line.Contains(token, StringComparison.Ordinal));
            if (server.Database is not TestDatabase.OfSqlite) continue;
            foreach (var file in Directory.GetFiles(server.Data, "automation.db*")) Assert.DoesNotContain(token, System.Text.Encoding.Latin1.GetString(await ReadAsync(file)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AddressFilter_HoldsForTokenAddresses()
    {
        await using var strict = await WorkflowServer.StartAsync(("Outbound:AllowPrivate", "none"));
        OAuthServer.Add(strict, "inside", "client_credentials");
        var run = await strict.RunByIdAsync(await OAuthServer.AddWorkflowAsync(strict, "inside"));

        Assert.Equal("token_failed", run.ErrorCode);
        Assert.Equal(0, strict.Receiver.Waiting("/inside/token"));
    }

    private static Task WriteAsync(HttpContext context, int status, string type, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    }

    private static Task RedirectAsync(HttpContext context)
    {
        context.Response.Headers.Location = "http://127.0.0.1:1/";
        return RunReceiver.WriteAsync(context, 302, "{}");
    }

    private static Task CutOffAsync(HttpContext context)
    {
        context.Abort();
        return Task.CompletedTask;
    }

    private static async Task<byte[]> ReadAsync(string file)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }
}
