using System.Net;
using Automation.Server.Callbacks;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that wait for somebody to follow a link.</summary>
public sealed class CallbackTests
{
    private const string Approval =
        """
        { "steps": { "ask": { "type": "webhook.send", "url": "RECEIVER/ask", "body": "${run.callbacks.approval}", "next": "approval" },
            "approval": { "type": "wait", "callback": { "outcomes": ["approve", "reject"] }, "timeout": "2d", "next": { "approve": "yes", "reject": "no", "timeout": "late" } },
            "yes": { "type": "webhook.send", "url": "RECEIVER/yes" }, "no": { "type": "webhook.send", "url": "RECEIVER/no" }, "late": { "type": "webhook.send", "url": "RECEIVER/late" } } }
        """;

    [Fact]
    public async Task Callback_ChoosesAnOutcome_AndHandsOnBodyAndQuery_Once()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = await AskedAsync(server);
        Assert.StartsWith(server.Http.BaseAddress + "callbacks/", url, StringComparison.Ordinal);
        Assert.Equal((200, """{"outcome":"approve"}"""), await PostAsync(server, url + "/approve?by=ann&x=1&x=2", """{ "note": "fine" }"""));
        var told = await server.Receiver.NextAsync("/yes");
        Assert.Contains("""{"data":{"note":"fine"},"query":{"by":"ann","x":["1","2"]},"method":"POST",""", told.Body, StringComparison.Ordinal);
        Assert.Equal($"{run}.yes", told.Key);
        var (status, text) = await PostAsync(server, url + "/reject");
        Assert.Equal(410, status);
        Assert.Contains("used before", text, StringComparison.Ordinal);
        Assert.Equal(0, server.Receiver.Waiting("/no"));
    }

    [Fact]
    public async Task Get_OnlyShowsAPage_UnlessTheStepSaysMore()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = await AskedAsync(server);
        using (var page = await server.Http.GetAsync(new Uri(url)))
        {
            var html = await page.Content.ReadAsStringAsync();
            Assert.Equal(("text/html", "no-store", "no-referrer"), (page.Content.Headers.ContentType!.MediaType, page.Headers.CacheControl!.ToString(), page.Headers.GetValues("Referrer-Policy").Single()));
            Assert.Contains("/reject\"><button>reject</button>", html, StringComparison.Ordinal);
            Assert.Contains("/approve\"><button>approve</button>", html, StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Count("SELECT count(*) FROM callbacks"));
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval.Replace("\"reject\"]", "\"reject\"], \"methods\": [\"get\"]", StringComparison.Ordinal)));
        url = await AskedAsync(server);
        using (var taken = await server.Http.GetAsync(new Uri(url + "/approve"))) Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        await server.Receiver.NextAsync("/yes");
    }

    [Fact]
    public async Task Answer_ByWhoIsSignedIn_CountsAsTheLinkWould_AndSaysWhoGaveIt()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var wait = (await server.GetAsync($"/api/runs/{run}"))["waits"]!.AsArray().Single()!;
        Assert.Equal("""["approve","reject"]""", wait["answers"]!.ToJsonString());
        Assert.Contains("approve, reject", (await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "approval" }""", 400))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("does not wait", (await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "ask", "outcome": "approve" }""", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "approval", "outcome": "approve", "data": { "note": "fine" } }""", 200);
        Assert.Contains(""" "data":{"note":"fine"},"by":"admin-token", """.Trim(), (await server.Receiver.NextAsync("/yes")).Body, StringComparison.Ordinal);
        await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "approval", "outcome": "reject" }""", 409);
        Assert.Equal(410, (await PostAsync(server, await AskedAsync(server) + "/reject")).Status);
    }

    [Fact]
    public async Task Answer_IsBoundAsCallbacksAre_TakesNoUnknownMember_AndIsInTheAuditLog()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        await server.PostAsync($"/api/runs/{run}/answer", $$"""{ "step": "approval", "outcome": "approve", "data": "{{new string('x', CallbackEndpoint.BodyBytes)}}" }""", 413);
        await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "approval", "outcome": "approve", "daat": 1 }""", 400);
        Assert.Contains("takes JSON", (await server.PostAsync($"/api/runs/{run}/answer", "null", 400))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await server.PostAsync($"/api/runs/{run}/answer", """{ "step": "approval", "outcome": "approve" }""", 200);
        Assert.Equal("""{"after":{"step":"approval","outcome":"approve"}}""", (await server.GetAsync("/api/audit"))["items"]![0]!["detail"]!.ToJsonString());
    }

    [Fact]
    public async Task Page_BelowAPathOfAProxy_PostsToTheCallback()
    {
        await using var server = await WorkflowServer.StartAsync(("PublicUrl", "https://example.org/automation/"));
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = new Uri(await AskedAsync(server));
        Assert.StartsWith("https://example.org/automation/callbacks/", url.ToString(), StringComparison.Ordinal);
        foreach (var shown in new[] { "", "/", "/approve", "/approve/", "?outcome=approve" })
        {
            var html = await server.Http.GetStringAsync(new Uri(url.AbsolutePath["/automation".Length..] + shown, UriKind.Relative));
            var action = html.Split("action=\"")[1].Split('"')[0];
            Assert.Equal(url + "/approve", new Uri(new Uri(url + shown), action).ToString());
        }
    }

    [Fact]
    public async Task Callback_BeforeItsRunWaits_IsKept_OverACrash()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """
            { "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "body": "${run.callbacks.ok}", "next": "slow" }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s", "next": "ok" },
                "ok": { "type": "wait", "callback": {}, "next": "yes" }, "yes": { "type": "webhook.send", "url": "RECEIVER/yes", "body": "${input.data}" } } }
            """);
        server.Receiver.Hold("/slow");
        await server.PostAsync($"/api/workflows/{id}/run", "{}", 202);
        var url = await AskedAsync(server);
        await server.Receiver.NextAsync("/slow");
        Assert.Equal(200, (await PostAsync(server, url, "5")).Status);
        await server.CrashAsync();
        server.Receiver.On("/slow", 200);
        await server.StartAsync();
        Assert.Equal("5", (await server.Receiver.NextAsync("/yes")).Body);
        Assert.Equal(410, (await PostAsync(server, new Uri(server.Http.BaseAddress!, new Uri(url).AbsolutePath).ToString(), "6")).Status);
    }

    [Fact]
    public async Task Callback_AfterItsTime_IsTooLate()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval.Replace("RECEIVER/late\"", "RECEIVER/late\", \"next\": \"more\" }, \"more\": { \"type\": \"delay\", \"for\": \"1h\"", StringComparison.Ordinal)));
        var url = await AskedAsync(server);
        time.Advance(TimeSpan.FromDays(2));
        await server.Receiver.NextAsync("/late");
        var (status, text) = await PostAsync(server, url + "/approve");
        Assert.Equal((410, true), (status, text.Contains("not waited for", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Callback_OfARunThatHasEnded_IsTooLate()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = await AskedAsync(server);
        await server.PostAsync($"/api/runs/{run}/cancel", "", 200);
        Assert.Equal(410, (await PostAsync(server, url + "/approve")).Status);
    }

    [Fact]
    public async Task Callback_OfARoundOfALoop_IsThatRounds()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": "${['a', 'b']}", "concurrency": 2, "next": { "item": "ask", "done": "end" } },
                "ask": { "type": "webhook.send", "url": "RECEIVER/${item}", "body": "${run.callbacks.ok}", "next": "ok" }, "ok": { "type": "wait", "callback": {}, "next": "data" },
                "data": { "type": "script", "code": "return input.data" }, "end": { "type": "webhook.send", "url": "RECEIVER/end" } } }
            """);
        await server.RunUntilItWaitsAsync(id);
        var (a, b) = ((await server.Receiver.NextAsync("/a")).Body.Trim('"'), (await server.Receiver.NextAsync("/b")).Body.Trim('"'));
        Assert.NotEqual(a, b);
        Assert.Equal(200, (await PostAsync(server, b, "2")).Status);
        Assert.Equal(200, (await PostAsync(server, a, "1")).Status);
        Assert.Equal("[1,2]", (await server.Receiver.NextAsync("/end")).Body);
    }

    [Fact]
    public async Task Callback_EndsTheWaitsOfAllArrowsThatLeadToItsStep_AlsoWhenTheTimeOfOneWasUp()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "steps": { "ask": { "type": "webhook.send", "url": "RECEIVER/ask", "body": "${run.callbacks.ok}", "next": ["a", "b", "later"] }, "a": { "type": "log", "message": "a", "next": "ok" }, "b": { "type": "log", "message": "b", "next": "ok" },
                "later": { "type": "delay", "for": "1h", "next": "ok" }, "ok": { "type": "wait", "callback": {}, "timeout": "2h", "next": { "done": "yes", "timeout": "late" } },
                "yes": { "type": "webhook.send", "url": "RECEIVER/yes" }, "late": { "type": "webhook.send", "url": "RECEIVER/late" } } }
            """);
        foreach (var isLate in new[] { false, true })
        {
            using var changes = server.Get<RunFeed>().Subscribe(id)!;
            await server.RunUntilItWaitsAsync(id);
            await WaitsAsync(atOk: 2, others: 1);
            var url = await AskedAsync(server);
            time.Advance(TimeSpan.FromHours(1));
            await WaitsAsync(atOk: 3, others: 0);
            if (isLate)
            {
                time.Advance(TimeSpan.FromHours(1));
                await server.Receiver.NextAsync("/late", 2);
                await WaitsAsync(atOk: 1, others: 0);
            }

            Assert.Equal(200, (await PostAsync(server, url)).Status);
            Assert.Equal("succeeded", (await server.EndAsync(changes)).State);
            await server.Receiver.NextAsync("/yes", isLate ? 1 : 3);
            Assert.Equal(0, server.Receiver.Waiting("/late"));
        }

        // Branches come to their waits one after the other, and the run may be told to wait after each.
        Task WaitsAsync(int atOk, int others) => WorkflowServer.UntilAsync(() =>
            server.Count("SELECT count(*) FROM waits WHERE ended_at IS NULL AND step_id = 'ok'") == atOk
            && server.Count("SELECT count(*) FROM waits WHERE ended_at IS NULL AND step_id <> 'ok'") == others
            && server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 1);
    }

    [Fact]
    public async Task WhatIsNoCallback_IsRefused()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = await AskedAsync(server);
        Assert.Equal(404, (await PostAsync(server, server.Http.BaseAddress + "callbacks/abc")).Status);
        for (var at = url.LastIndexOf('/') + 1; at < url.Length - 1; at += 7)
        {
            var forged = url[..at] + (url[at] == 'A' ? 'B' : 'A') + url[(at + 1)..];
            Assert.Equal(404, (await PostAsync(server, forged + "/approve")).Status);
        }

        Assert.Equal(400, (await PostAsync(server, url)).Status);
        Assert.Equal(400, (await PostAsync(server, url + "/maybe")).Status);
        Assert.Equal(413, (await PostAsync(server, url + "/approve", new string(' ', CallbackEndpoint.BodyBytes + 1))).Status);
        using (var put = await server.Http.PutAsync(new Uri(url + "/approve"), WorkflowServer.Json("1"))) Assert.Equal(HttpStatusCode.MethodNotAllowed, put.StatusCode);
        Assert.Equal(0, server.Count("SELECT count(*) FROM callbacks"));
    }

    [Fact]
    public async Task Callbacks_AtOnce_AreTakenOnce()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        var url = await AskedAsync(server);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PostAsync(server, url + (i % 2 == 0 ? "/approve" : "/reject"))));
        Assert.Equal((1, 19), (answers.Count(a => a.Status == 200), answers.Count(a => a.Status == 410)));
    }

    [Fact]
    public async Task PublicUrl_IsWhereLinksLead()
    {
        await using var server = await WorkflowServer.StartAsync(("PublicUrl", "https://automation.example.org/base/"));
        await server.RunUntilItWaitsAsync(await server.AddAsync(Approval));
        Assert.StartsWith("https://automation.example.org/base/callbacks/", await AskedAsync(server), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_OfAnOlderKey_AreRead_AndTheNewestSigns()
    {
        var (old, fresh) = (Enumerable.Repeat((byte)1, 32).ToArray(), Enumerable.Repeat((byte)2, 32).ToArray());
        var address = new CallbackAddress(12, "ask", ".each[3].more[0]");
        var before = new CallbackTokens([old]).Of(address);
        Assert.True(new CallbackTokens([fresh, old]).TryRead(before, out var read));
        Assert.Equal(address, read);
        Assert.NotEqual(before, new CallbackTokens([fresh, old]).Of(address));
        Assert.False(new CallbackTokens([fresh]).TryRead(before, out _));
        for (var length = 0; length < before.Length; length++) Assert.False(new CallbackTokens([old]).TryRead(before[..length], out _));
    }

    private static async Task<string> AskedAsync(WorkflowServer server) => (await server.Receiver.NextAsync("/ask")).Body.Trim('"');

    private static async Task<(int Status, string Text)> PostAsync(WorkflowServer server, string url, string body = "")
    {
        using var anyone = new HttpClient();
        using var answer = await anyone.PostAsync(new Uri(url), body.Length == 0 ? null : WorkflowServer.Json(body));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
