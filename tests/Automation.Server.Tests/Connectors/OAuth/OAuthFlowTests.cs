using System.Net;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Connectors.OAuth;

/// <summary>The way of a browser to a service's page of consent and back.</summary>
public sealed class OAuthFlowTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Connect_LeadsToConsentAndBack_AndWorkflowsUseTheTokens()
    {
        var service = OAuthServer.Add(server, "crm");
        var id = await OAuthServer.AddWorkflowAsync(server, "crm");
        Assert.Equal("notConnected", (await OAuthServer.StateAsync(server, "crm"))["state"]!.GetValue<string>());
        var page = await OAuthServer.ConnectAsync(server, service, "crm");
        var state = await OAuthServer.StateAsync(server, "crm");

        Assert.Contains("Connection \"crm\" (Service) is connected.", page, StringComparison.Ordinal);
        Assert.Equal(("connected", "admin-token"), (state["state"]!.GetValue<string>(), state["connectedBy"]!.GetValue<string>()));
        Assert.NotNull(state["expiresAt"]);
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        Assert.Contains("\"connectionConnected\"", (await server.GetAsync("/api/audit")).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consent_IsAskedForAsTheFileSays()
    {
        OAuthServer.Add(server, "asking");
        using var browser = OAuthServer.Browser(server);
        var address = await OAuthServer.ToConsentAsync(browser, await OAuthServer.BeginAsync(server, "asking"));
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(new Uri(address).Query);

        Assert.StartsWith(server.Receiver.Url + "/asking/consent?", address, StringComparison.Ordinal);
        Assert.Equal("read write", query["scope"]);
        Assert.Equal("offline", query["access_type"]);
        Assert.Equal(new Uri(server.Http.BaseAddress!, "/oauth/callback").ToString(), query["redirect_uri"]);
        Assert.Equal(43, query["code_challenge"].ToString().Length);
    }

    [Theory]
    [InlineData("another browser")]
    [InlineData("another state")]
    [InlineData("no state")]
    [InlineData("twice")]
    [InlineData("code of another way")]
    public async Task WayBack_OfAnybodyElse_IsRefused(string kind)
    {
        var name = "trap-" + kind.Replace(' ', '-');
        var service = OAuthServer.Add(server, name);
        using var browser = OAuthServer.Browser(server);
        using var other = OAuthServer.Browser(server);
        var back = service.Agree(await OAuthServer.ToConsentAsync(browser, await OAuthServer.BeginAsync(server, name)));
        if (kind == "twice") Assert.Equal(HttpStatusCode.OK, (await OAuthServer.GetAsync(browser, back)).Status);
        var foreign = kind == "code of another way" ? service.Agree(await OAuthServer.ToConsentAsync(other, await OAuthServer.BeginAsync(server, name))) : back;
        var (status, page) = kind switch
        {
            "another browser" => await OAuthServer.GetAsync(other, back),
            "another state" => await OAuthServer.GetAsync(browser, back[..^43] + new string('A', 43)),
            "no state" => await OAuthServer.GetAsync(browser, back[..back.IndexOf("&state", StringComparison.Ordinal)]),
            "code of another way" => await OAuthServer.GetAsync(browser, foreign[..foreign.IndexOf("&state", StringComparison.Ordinal)] + back[back.IndexOf("&state", StringComparison.Ordinal)..]),
            _ => await OAuthServer.GetAsync(browser, back),
        };

        Assert.Equal(kind == "code of another way" ? HttpStatusCode.BadGateway : HttpStatusCode.BadRequest, status);
        Assert.Contains("Begin again", page, StringComparison.Ordinal);
        if (kind == "twice") return;
        Assert.Null(OAuthServer.Secret(server, Server.Connectors.Connection.SecretOf(name, "accessToken")));
        if (kind == "another browser") Assert.Equal(HttpStatusCode.OK, (await OAuthServer.GetAsync(browser, back)).Status); // nobody else ends it either
    }

    [Fact]
    public async Task Address_OpensOnce()
    {
        OAuthServer.Add(server, "once");
        using var browser = OAuthServer.Browser(server);
        var url = await OAuthServer.BeginAsync(server, "once");
        await OAuthServer.ToConsentAsync(browser, url);

        Assert.Equal(HttpStatusCode.Conflict, (await OAuthServer.GetAsync(browser, url)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await OAuthServer.GetAsync(browser, url[..^3] + "AAA")).Status);
    }

    [Fact]
    public async Task Refusal_OfThePerson_IsShown_WithItsWordsAsText()
    {
        OAuthServer.Add(server, "no");
        using var browser = OAuthServer.Browser(server);
        var address = await OAuthServer.ToConsentAsync(browser, await OAuthServer.BeginAsync(server, "no"));
        var state = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(new Uri(address).Query)["state"];
        using var answer = await browser.GetAsync(new Uri($"/oauth/callback?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state={state}", UriKind.Relative));
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Contains("access_denied: &lt;script&gt;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BegunInASession_OnlyItsUserMayGo()
    {
        await using var own = await WorkflowServer.StartAsync();
        var service = OAuthServer.Add(own, "mine");
        using var anna = OAuthServer.Browser(own);
        using var stranger = OAuthServer.Browser(own);
        using (await anna.GetAsync(new Uri($"/?token={WorkflowServer.Token}", UriKind.Relative)))
        {
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/connections/mine/mine/connect") { Content = WorkflowServer.Json("{}"), Headers = { { "Sec-Fetch-Site", "same-origin" } } };
        using var begun = await anna.SendAsync(request);
        var url = System.Text.Json.Nodes.JsonNode.Parse(await begun.Content.ReadAsStringAsync())!["url"]!.GetValue<string>();
        var (status, page) = await OAuthServer.GetAsync(stranger, url);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("Sign in as that user", page, StringComparison.Ordinal);
        var back = service.Agree(await OAuthServer.ToConsentAsync(anna, url));
        Assert.Equal(HttpStatusCode.OK, (await OAuthServer.GetAsync(anna, back)).Status);
    }

    [Fact]
    public async Task PublicUrl_IsWhereTheServiceLeadsBackTo()
    {
        await using var own = await WorkflowServer.StartAsync(("PublicUrl", "https://automation.example.org"));
        OAuthServer.Add(own, "far");
        var begun = await own.PostAsync("/api/connections/far/far/connect", "{}", 200);
        using var browser = OAuthServer.Browser(own);
        using var answer = await browser.GetAsync(new Uri(new Uri(begun["url"]!.GetValue<string>()).PathAndQuery, UriKind.Relative));

        Assert.StartsWith("https://automation.example.org/oauth/start?state=", begun["url"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("https://automation.example.org/oauth/callback", begun["redirectUri"]!.GetValue<string>());
        Assert.Contains("redirect_uri=https%3A%2F%2Fautomation.example.org%2Foauth%2Fcallback", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; secure; samesite=lax; httponly", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Way_IsOverAfterTenMinutes()
    {
        var time = new ManualTime();
        await using var own = await WorkflowServer.StartAsync(time);
        var service = OAuthServer.Add(own, "slow");
        using var browser = OAuthServer.Browser(own);
        var back = service.Agree(await OAuthServer.ToConsentAsync(browser, await OAuthServer.BeginAsync(own, "slow")));
        time.Advance(TimeSpan.FromMinutes(10));

        Assert.Equal(HttpStatusCode.BadRequest, (await OAuthServer.GetAsync(browser, back)).Status);
        await OAuthServer.BeginAsync(own, "slow");
        Assert.Equal(1, own.Count("SELECT count(*) FROM oauth_flows")); // those that are over go
    }

    [Theory]
    [InlineData("machine", "needs nobody to connect")]
    [InlineData("bare", "needs the secret BARE_CLIENT_ID first")]
    [InlineData("filed", "is a file of the secrets folder")]
    public async Task Connect_SaysWhatIsInTheWay(string name, string problem)
    {
        OAuthServer.Add(server, name, name == "machine" ? "client_credentials" : "authorization_code", withSecrets: name != "bare");
        if (name == "filed") server.SetSecret("FILED_ACCESS_TOKEN", "by hand");
        var answer = await server.PostAsync($"/api/connections/{name}/{name}/connect", "{}", 409);

        Assert.Contains(problem, answer["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }
}
