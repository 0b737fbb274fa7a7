using System.Net;
using System.Text.Json.Nodes;

namespace Automation.Server.Tests.Runs;

/// <summary>What callers of webhooks with <c>"respond": "result"</c> get.</summary>
public sealed class AnswerTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Caller_GetsWhatTheRespondStepSays()
    {
        await HookAsync("/said", """ "say": { "type": "respond", "status": 201, "headers": { "X-By": "me" }, "body": { "twice": "${event.data.n * 2}" } } """);
        using var answer = await server.Http.PostAsync(new Uri("/hooks/said", UriKind.Relative), WorkflowServer.Json("""{"n":21}"""));

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("me", answer.Headers.GetValues("X-By").Single());
        Assert.Equal("""{"twice":42}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Caller_GetsTheLastOutput_WhenNoStepResponds()
    {
        await HookAsync("/end", """ "sum": { "type": "script", "code": "return event.data.reduce((a, b) => a + b)" } """);
        using var answer = await server.Http.PostAsync(new Uri("/hooks/end", UriKind.Relative), WorkflowServer.Json("[1,2,3]"));
        Assert.Equal((HttpStatusCode.OK, "6"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Caller_Gets500_WithRunAndStep_WhenTheRunFails()
    {
        await HookAsync("/fails", """ "no": { "type": "fail", "message": "Out of stock", "code": "out_of_stock" } """);
        using var answer = await server.Http.PostAsync(new Uri("/hooks/fails", UriKind.Relative), WorkflowServer.Json("1"));

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(("no", "out_of_stock", "Out of stock"), (problem["step"]!.GetValue<string>(), problem["code"]!.GetValue<string>(), problem["message"]!.GetValue<string>()));
        Assert.Equal("failed", (await server.GetRunAsync(problem["runId"]!.GetValue<string>())).State);
    }

    [Fact]
    public async Task Caller_Gets202WithTheRun_WhenTheTimeIsOver()
    {
        var gate = server.Receiver.Hold("/long");
        var id = await HookAsync("/late", """ "ask": { "type": "http.request", "url": "RECEIVER/long", "timeout": "60s" } """, """, "timeout": "100ms" """);
        using var ends = server.Get<Automation.Server.Runs.RunFeed>().Subscribe(id)!;
        using var answer = await server.Http.PostAsync(new Uri("/hooks/late", UriKind.Relative), WorkflowServer.Json("1"));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var runId = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["runId"]!.GetValue<string>();
        gate.SetResult();
        Assert.Equal(runId, (await server.EndAsync(ends)).Id);
    }

    [Fact]
    public async Task Run_GoesOnAfterItsAnswer()
    {
        var gate = server.Receiver.Hold("/after");
        var id = await HookAsync(
            "/early",
            """ "say": { "type": "respond", "body": "thanks", "next": "ask" }, "ask": { "type": "http.request", "url": "RECEIVER/after", "timeout": "60s", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told-after", "body": 1 } """);
        using var ends = server.Get<Automation.Server.Runs.RunFeed>().Subscribe(id)!;
        using var answer = await server.Http.PostAsync(new Uri("/hooks/early", UriKind.Relative), WorkflowServer.Json("1"));

        Assert.Equal("\"thanks\"", await answer.Content.ReadAsStringAsync());
        gate.SetResult();
        Assert.Equal(("succeeded", "say ask tell"), (await server.EndAsync(ends) is var run ? run.State : "", run.Path));
        await server.Receiver.NextAsync("/told-after");
    }

    [Fact]
    public async Task SecondRespondStep_DoesNothing_AndSaysSo()
    {
        var id = await HookAsync("/twice", """ "one": { "type": "respond", "body": 1, "next": "two" }, "two": { "type": "respond", "body": 2 } """);
        using var ends = server.Get<Automation.Server.Runs.RunFeed>().Subscribe(id)!;
        using var answer = await server.Http.PostAsync(new Uri("/hooks/twice", UriKind.Relative), WorkflowServer.Json("0"));

        Assert.Equal("1", await answer.Content.ReadAsStringAsync());
        Assert.Contains("Nobody waits", Assert.Single((await server.EndAsync(ends)).Log("two")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralWorkflowsOnOnePath_AllRun_WithTheirOwnParams()
    {
        var one = await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/shared/{a}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/shared", "body": "${event.params.a}" } } }""");
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/shared/{b}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/shared", "body": "2 ${event.params.b}" } } }""");
        var run = await server.HookAsync(one, "/hooks/shared/x", WorkflowServer.Json("1"));

        Assert.Equal("succeeded", run.State);
        Assert.Equal(["\"2 x\"", "\"x\""], (await server.Receiver.NextAsync("/shared", 2)).Select(a => a.Body).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WebhookEvent_ShowsWhatCame()
    {
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/scope/{who}" } },
              "steps": { "s": { "type": "set", "values": { "who": "${event.params.who}", "q": "${event.query.q}", "h": "${event.headers['x-mine']}", "m": "${event.method}", "p": "${event.path}", "c": "${event.contentType}", "t": "${event.type}" } } } }
            """);
        var run = await server.HookAsync(id, "/hooks/scope/me?q=1", WorkflowServer.Json("1"), ("X-Mine", "yes"));
        Assert.Equal("""{"who":"me","q":"1","h":"yes","m":"POST","p":"/scope/me","c":"application/json; charset=utf-8","t":"webhook.received"}""", run.Output("s"));
    }

    private Task<string> HookAsync(string path, string steps, string more = "") =>
        server.AddAsync($$"""{ "triggers": { "in": { "type": "webhook", "path": "{{path}}", "respond": "result"{{more}} } }, "steps": { {{steps}} } }""");
}
