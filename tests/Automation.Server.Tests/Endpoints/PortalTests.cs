using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Server.Access;
using Automation.Server.Endpoints.Portal;
using Automation.Server.Tests.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Server.Tests.Endpoints;

/// <summary>The portal of an endpoint, as its owner's browser sees it.</summary>
public sealed partial class PortalTests
{
    [Fact]
    public async Task Link_IsExchangedForASession_AndItsTokenIsNowhereAfterwards()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "acme", "/acme");
        var link = await LinkAsync(server, "acme");
        var token = link[(link.IndexOf('=', StringComparison.Ordinal) + 1)..];
        using var browser = Browser(server, follow: false);
        using var opened = await browser.GetAsync(link);
        Assert.Equal((HttpStatusCode.SeeOther, "portal/acme"), (opened.StatusCode, opened.Headers.Location!.OriginalString));
        var cookie = opened.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        using var page = await browser.GetAsync("/portal/acme");
        var html = await page.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("<h1>acme</h1>", html, StringComparison.Ordinal);
        Assert.DoesNotContain(token, html, StringComparison.Ordinal);
        Assert.Equal("no-referrer", page.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("no-store", page.Headers.CacheControl!.ToString());
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("style=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(server.Logged, line => line.Contains(token[^43..], StringComparison.Ordinal));
        Assert.Equal(0, server.Count($"SELECT count(*) FROM audit WHERE detail LIKE '%{token[^43..]}%'"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM audit WHERE action = 'signIn' AND actor LIKE 'portal:ptl_%'"));
    }

    [Fact]
    public async Task EveryRoute_ReachesOnlyItsOwnEndpoint()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "mine", "/mine");
        await PutAsync(server, "other", "/other");
        await server.PostAsync("/api/emissions", """{ "type": "a", "data": { "n": 1 } }""", 202);
        await Task.WhenAll(server.Receiver.NextAsync("/mine"), server.Receiver.NextAsync("/other"));
        var others = await EndedAsync(server, "other");
        using var browser = await VisitAsync(server, "mine");
        var form = FormOf(await browser.GetStringAsync("/portal/mine"));
        var cookie = Cookies(browser)["automation_portal_mine"]!;
        Handler(browser).CookieContainer.Add(new Cookie("automation_portal_other", cookie.Value, "/", cookie.Domain)); // as if the session were for the other
        var routes = server.Get<IEnumerable<EndpointDataSource>>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(route => route.RoutePattern.RawText!.Contains("portal/{endpoint}", StringComparison.Ordinal)).ToList();
        Assert.True(routes.Count >= 10);
        foreach (var route in routes)
        {
            var path = "/" + route.RoutePattern.RawText!.TrimStart('/').Replace("{endpoint}", "other", StringComparison.Ordinal).Replace("{id}", others, StringComparison.Ordinal);
            using var answer = await SendAsync(browser, route, path, form);
            Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized, $"{path}: {answer.StatusCode}");
            if (!path.Contains(others, StringComparison.Ordinal)) continue;
            using var foreign = await SendAsync(browser, route, path.Replace("/portal/other", "/portal/mine", StringComparison.Ordinal), form); // the other's delivery below its own endpoint
            Assert.True(foreign.StatusCode is HttpStatusCode.NotFound, $"{path}: {foreign.StatusCode}");
        }

        Assert.DoesNotContain("other", await browser.GetStringAsync("/portal/mine"), StringComparison.Ordinal);
        Assert.Equal("active", (await server.GetAsync("/api/endpoints/other"))["state"]!.GetValue<string>());
        Assert.Equal(1, server.Count("SELECT generation FROM endpoints WHERE id = 'other'"));
        using var api = await browser.GetAsync("/api/endpoints/mine");
        Assert.Equal(HttpStatusCode.Unauthorized, api.StatusCode);
    }

    [Fact]
    public async Task Forms_AreTakenFromItsOwnPagesOnly()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "acme", "/acme");
        using var browser = await VisitAsync(server, "acme");
        var form = FormOf(await browser.GetStringAsync("/portal/acme"));
        foreach (var token in new[] { null, "", "wrong", form[..^1] })
        {
            using var without = await PostAsync(browser, "/portal/acme/pause", token);
            Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, "/portal/acme/pause") { Content = Form(form), Headers = { { "Sec-Fetch-Site", "cross-site" } } };
        using var foreign = await browser.SendAsync(request);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        using var other = await VisitAsync(server, "acme");
        using var older = await PostAsync(other, "/portal/acme/pause", form);
        Assert.Equal(HttpStatusCode.Forbidden, older.StatusCode); // of another session
        Assert.Equal("active", (await server.GetAsync("/api/endpoints/acme"))["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Deliveries_AreListedByState_AndInPages_AndOneShowsItsRequestAndAttempts()
    {
        await using var server = await WorkflowServer.StartAsync(("Deliveries:Schedule", "0s"));
        server.SetSecret("TENANT", "very-secret-value");
        await PutAsync(server, "acme", "/acme", """, "headers": { "X-Tenant": "${secret.TENANT}" } """);
        server.Receiver.On("/acme", 503, """{ "why": "<b>full</b>" }""");
        for (var i = 0; i < 3; i++) await server.PostAsync("/api/emissions", $$"""{ "type": "order.created", "data": { "n": {{i}} } }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'dead'") == 3);
        server.Receiver.On("/acme", 200);
        for (var i = 0; i < 27; i++) await server.PostAsync("/api/emissions", """{ "type": "order.paid", "data": "ok" }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 27);
        using var browser = await VisitAsync(server, "acme");
        var all = await browser.GetStringAsync("/portal/acme");
        Assert.Equal(25, DeliveryLink().Count(all));
        var older = await browser.GetStringAsync("/portal/acme" + WebUtility.HtmlDecode(OlderLink().Match(all).Groups[1].Value));
        Assert.Equal(5, DeliveryLink().Count(older));
        var dead = await browser.GetStringAsync("/portal/acme?state=dead");
        Assert.Equal(3, DeliveryLink().Count(dead));
        Assert.Equal(HttpStatusCode.BadRequest, (await browser.GetAsync("/portal/acme?state=lost")).StatusCode);
        var one = await browser.GetStringAsync("/portal/" + DeliveryLink().Match(dead).Groups[1].Value);
        Assert.Contains("order.created", one, StringComparison.Ordinal);
        Assert.Contains(">503<", one, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;full&lt;/b&gt;", one, StringComparison.Ordinal);
        Assert.Contains("webhook-signature", one, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret-value", one, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replay_OfOne_AndOfAllThatAreDead()
    {
        await using var server = await WorkflowServer.StartAsync(("Deliveries:Schedule", "0s"));
        await PutAsync(server, "acme", "/acme");
        await PutAsync(server, "other", "/other");
        server.Receiver.On("/acme", 500);
        server.Receiver.On("/other", 500);
        for (var i = 0; i < 3; i++) await server.PostAsync("/api/emissions", """{ "type": "a", "data": 1 }""", 202);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'dead'") == 6);
        var first = (await server.Receiver.NextAsync("/acme", 3)).Select(a => a.Key).Order().ToList();
        server.Receiver.On("/acme", 200);
        using var browser = await VisitAsync(server, "acme");
        var page = await browser.GetStringAsync("/portal/acme?state=dead");
        var path = "/portal/" + DeliveryLink().Match(page).Groups[1].Value;
        var done = await ReadAsync(await PostAsync(browser, path + "/replay", FormOf(page)));
        Assert.Contains("The delivery goes out again.", done, StringComparison.Ordinal);
        var again = new List<string?> { (await server.Receiver.NextAsync("/acme")).Key };
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 1);
        Assert.Contains("2 deliveries go out again.", await ReadAsync(await PostAsync(browser, "/portal/acme/replay", FormOf(page), ("since", "24h"))), StringComparison.Ordinal);
        again.AddRange((await server.Receiver.NextAsync("/acme", 2)).Select(a => a.Key));
        Assert.Equal(first, again.Order());
        Assert.Equal(3, server.Count("SELECT count(*) FROM deliveries WHERE state = 'dead' AND endpoint_id = 'other'"));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(browser, "/portal/acme/replay", FormOf(page), ("since", "9y"))).StatusCode);
    }

    [Fact]
    public async Task PauseResumeRotateAndTest_DoSo_AndAreInTheAuditLog()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "acme", "/acme", """, "filter": "false", "transform": "return event.data.none.at", "order": "strict" """);
        using var browser = await VisitAsync(server, "acme");
        var form = FormOf(await browser.GetStringAsync("/portal/acme"));
        Assert.Contains("Paused. Deliveries wait from now on.", await ReadAsync(await PostAsync(browser, "/portal/acme/pause", form)), StringComparison.Ordinal);
        Assert.Equal("paused", (await server.GetAsync("/api/endpoints/acme"))["state"]!.GetValue<string>());
        Assert.Contains("A test event is on its way.", await ReadAsync(await PostAsync(browser, "/portal/acme/test", form)), StringComparison.Ordinal);
        Assert.Equal(0, server.Receiver.Waiting("/acme"));
        Assert.Contains("Resumed.", await ReadAsync(await PostAsync(browser, "/portal/acme/resume", form)), StringComparison.Ordinal);
        var came = JsonNode.Parse((await server.Receiver.NextAsync("/acme")).Body)!;
        Assert.Equal(("automation.endpoint.test", "acme"), (came["type"]!.GetValue<string>(), came["data"]!["endpoint"]!.GetValue<string>()));
        var before = (await server.GetAsync("/api/endpoints/acme/secret"))["secrets"]![0]!.GetValue<string>();
        Assert.Contains(WebUtility.HtmlEncode(before), WebUtility.HtmlDecode(await browser.GetStringAsync("/portal/acme/secret")), StringComparison.Ordinal);
        var rotated = WebUtility.HtmlDecode(await ReadAsync(await PostAsync(browser, "/portal/acme/rotate", form, ("overlap", "1h"))));
        var secrets = (await server.GetAsync("/api/endpoints/acme/secret"))["secrets"]!.AsArray().Select(s => s!.GetValue<string>()).ToList();
        Assert.Equal((2, before), (secrets.Count, secrets[1]));
        Assert.All(secrets, secret => Assert.Contains(secret, rotated, StringComparison.Ordinal));
        Assert.Equal(
            ["portalPauseEndpoint", "portalSendTestEvent", "portalResumeEndpoint", "portalRotateEndpointSecret"],
            (await server.GetAsync("/api/audit?limit=50"))["items"]!.AsArray().Where(e => e!["action"]!.GetValue<string>().StartsWith("portal", StringComparison.Ordinal)).Select(e => e!["action"]!.GetValue<string>()).Reverse());
        Assert.Equal(4, server.Count("SELECT count(*) FROM audit WHERE actor LIKE 'portal:ptl_%' AND target = 'acme' AND status = 303"));
        Assert.DoesNotContain(server.Logged, line => line.Contains(before, StringComparison.Ordinal));
    }

    [Fact]
    public async Task LinksAndSessions_EndWithTime_WhenTheyAreWithdrawn_AndWithTheEndpoint()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await PutAsync(server, "acme", "/acme");
        using var browser = await VisitAsync(server, "acme", """{ "expiresIn": "2d" }""");
        var link = await LinkAsync(server, "acme", """{ "expiresIn": "2d" }""");
        time.Jump(PortalAccess.LongestSession);
        Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync("/portal/acme")).StatusCode);
        using var again = Browser(server);
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync(link)).StatusCode);
        time.Jump(TimeSpan.FromHours(36));
        Assert.Equal(HttpStatusCode.Unauthorized, (await again.GetAsync(link)).StatusCode);

        using var withdrawn = await VisitAsync(server, "acme");
        var id = (await server.GetAsync("/api/endpoints/acme/portal"))["items"]!.AsArray().Single()!["id"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.NotFound, (await server.Http.DeleteAsync("/api/endpoints/other/portal/" + id)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await server.Http.DeleteAsync("/api/endpoints/acme/portal/" + id)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await withdrawn.GetAsync("/portal/acme")).StatusCode);

        using var deleted = await VisitAsync(server, "acme");
        Assert.Equal(HttpStatusCode.NoContent, (await server.Http.DeleteAsync("/api/endpoints/acme")).StatusCode);
        await PutAsync(server, "acme", "/acme"); // another of the same name
        Assert.Equal(HttpStatusCode.Unauthorized, (await deleted.GetAsync("/portal/acme")).StatusCode);
        Assert.Equal(0, server.Count("SELECT count(*) FROM portal_sessions") + server.Count("SELECT count(*) FROM portal_links"));
    }

    [Fact]
    public async Task DeliveriesToAnEndpointThatHadTheSameIdBefore_AreNotShown()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "acme", "/acme");
        await server.PostAsync("/api/emissions", """{ "type": "order.created", "data": "of the first" }""", 202);
        var former = await EndedAsync(server, "acme");
        Assert.Equal(HttpStatusCode.NoContent, (await server.Http.DeleteAsync("/api/endpoints/acme")).StatusCode);
        await PutAsync(server, "acme", "/other");
        using var browser = await VisitAsync(server, "acme");
        var page = await browser.GetStringAsync("/portal/acme");
        Assert.Equal(0, DeliveryLink().Count(page));
        Assert.Equal(HttpStatusCode.NotFound, (await browser.GetAsync("/portal/acme/deliveries/" + former)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(browser, $"/portal/acme/deliveries/{former}/replay", FormOf(page))).StatusCode);
    }

    [Fact]
    public async Task RowsAndTries_AreBounded()
    {
        await using var server = await WorkflowServer.StartAsync();
        await PutAsync(server, "acme", "/acme");
        for (var i = 0; i < PortalAccess.MaxLinks + 3; i++) await LinkAsync(server, "acme");
        Assert.Equal(PortalAccess.MaxLinks, server.Count("SELECT count(*) FROM portal_links"));
        var link = await LinkAsync(server, "acme");
        for (var i = 0; i < 25; i++)
        {
            using var one = Browser(server);
            using var opened = await one.GetAsync(link);
        }

        Assert.Equal(20, server.Count("SELECT count(*) FROM portal_sessions"));
        using var browser = await VisitAsync(server, "acme");
        var form = FormOf(await browser.GetStringAsync("/portal/acme"));
        var last = HttpStatusCode.OK;
        for (var i = 0; i < 31; i++) last = (await PostAsync(browser, "/portal/acme/pause", form)).StatusCode;
        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        using var stranger = Browser(server);
        for (var i = 0; i < WrongTokens.Allowed; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.GetAsync($"/portal?token=ptl_0123456789ab_{new string('A', 43)}")).StatusCode);
        using var blocked = await stranger.GetAsync(link);
        Assert.Equal(HttpStatusCode.TooManyRequests, blocked.StatusCode);
        Assert.NotNull(blocked.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("none", "not signed")]
    [InlineData("own", "The operator of the server chose the secret")]
    public async Task SecretThatTheServerDidNotMake_IsNotShown(string kind, string said)
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("HOOK", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        await PutAsync(server, "acme", "/acme", kind == "none" ? """, "signing": "none" """ : """, "secrets": ["HOOK"] """);
        using var browser = await VisitAsync(server, "acme");
        var page = await browser.GetStringAsync("/portal/acme/secret");
        Assert.Contains(said, page, StringComparison.Ordinal);
        Assert.DoesNotContain("MfKQ9r8", page, StringComparison.Ordinal);
        using var refused = await PostAsync(browser, "/portal/acme/rotate", FormOf(page), ("overlap", "1h"));
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
    }

    [Fact]
    public async Task LinksLeadToThePublicUrl_AndPagesHoldRelativePathsOnly()
    {
        await using var server = await WorkflowServer.StartAsync(("PublicUrl", "https://hooks.example.org/base/"));
        await PutAsync(server, "acme", "/acme");
        var made = await server.PostAsync("/api/endpoints/acme/portal", "{}", 200);
        Assert.StartsWith("https://hooks.example.org/base/portal?token=ptl_", made["url"]!.GetValue<string>(), StringComparison.Ordinal);
        using var browser = Browser(server);
        var html = await browser.GetStringAsync(new Uri(made["url"]!.GetValue<string>()).PathAndQuery["/base".Length..]);
        Assert.DoesNotContain("=\"/", html, StringComparison.Ordinal);
        foreach (var bad in new[] { """{ "expiresIn": "1s" }""", """{ "expiresIn": "900d" }""", """{ "expires": "1d" }""" }) await server.PostAsync("/api/endpoints/acme/portal", bad, 400);
        await server.PostAsync("/api/endpoints/none/portal", "{}", 404);
    }

    private static async Task PutAsync(WorkflowServer server, string id, string path, string more = "")
    {
        using var answer = await server.Http.PutAsync("/api/endpoints/" + id, WorkflowServer.Json($$"""{ "url": "{{server.Receiver.Url}}{{path}}", "events": ["*"] {{more}} }"""));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Path and query of a new link.</summary>
    private static async Task<string> LinkAsync(WorkflowServer server, string endpoint, string setting = "{}") =>
        new Uri((await server.PostAsync($"/api/endpoints/{endpoint}/portal", setting, 200))["url"]!.GetValue<string>()).PathAndQuery;

    private static HttpClient Browser(WorkflowServer server, bool follow = true)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = follow };
        var browser = new HttpClient(handler) { BaseAddress = server.Http.BaseAddress };
        Handlers.Add(browser, handler);
        return browser;
    }

    private static async Task<HttpClient> VisitAsync(WorkflowServer server, string endpoint, string setting = "{}")
    {
        var browser = Browser(server);
        using var opened = await browser.GetAsync(await LinkAsync(server, endpoint, setting));
        Assert.Equal(HttpStatusCode.OK, opened.StatusCode);
        return browser;
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<HttpClient, SocketsHttpHandler> Handlers = [];

    private static SocketsHttpHandler Handler(HttpClient browser) => Handlers.TryGetValue(browser, out var handler) ? handler : throw new InvalidOperationException();

    private static CookieCollection Cookies(HttpClient browser) => Handler(browser).CookieContainer.GetAllCookies();

    private static async Task<string> EndedAsync(WorkflowServer server, string endpoint)
    {
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM deliveries WHERE endpoint_id = '{endpoint}' AND state = 'succeeded'") == 1);
        return (await server.GetAsync("/api/deliveries?endpoint=" + endpoint))["items"]![0]!["id"]!.GetValue<string>();
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient browser, RouteEndpoint route, string path, string form) =>
        route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Contains("GET") ? browser.GetAsync(path) : PostAsync(browser, path, form, ("since", "24h"), ("overlap", "1h"));

    private static Task<HttpResponseMessage> PostAsync(HttpClient browser, string path, string? form, params (string Name, string Value)[] fields) => browser.PostAsync(path, Form(form, fields));

    private static FormUrlEncodedContent Form(string? form, params (string Name, string Value)[] fields) =>
        new([.. fields.Select(f => KeyValuePair.Create(f.Name, f.Value)), .. form is null ? [] : new[] { KeyValuePair.Create("form", form) }]);

    private static async Task<string> ReadAsync(HttpResponseMessage answer)
    {
        using (answer) return await answer.Content.ReadAsStringAsync();
    }

    private static string FormOf(string page) => FormField().Match(page) is { Success: true } match ? match.Groups[1].Value : throw new InvalidOperationException("No form in\n" + page);

    [GeneratedRegex("name=\"form\" value=\"([^\"]+)\"")]
    private static partial Regex FormField();

    [GeneratedRegex("<td><a href=\"([a-z]+/deliveries/dlv_[a-z0-9]+)\"")]
    private static partial Regex DeliveryLink();

    [GeneratedRegex("<a href=\"([^\"]+)\">Older")]
    private static partial Regex OlderLink();
}
