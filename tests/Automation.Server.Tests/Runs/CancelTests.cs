using System.Net;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that an operator ends, wherever they are.</summary>
public sealed class CancelTests
{
    private const string Asker =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/ask" } },
          "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/told", "next": "ask" },
            "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "timeout": "60s", "next": "after" }, "after": { "type": "webhook.send", "url": "RECEIVER/after" } } }
        """;

    private const string Keyed =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/keyed/{device}" } },
          "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "timeout": "60s", "body": "${event.data}", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${event.data}" } } }
        """;

    [Fact]
    public async Task RunningRun_IsCutOff_AndKeepsWhatHasEnded()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Asker);
        var run = (await server.PostAsync($"/api/workflows/{id}/run", "{}", 202))["runId"]!.GetValue<string>();
        await server.Receiver.NextAsync("/ask");
        await server.PostAsync($"/api/runs/{run}/cancel", "", 200);
        var ended = await server.GetRunAsync(run);
        Assert.Equal(("cancelled", "tell", null), (ended.State, ended.Path, ended.ErrorCode));
        await server.Receiver.NextAsync("/told"); // what an ended step queued goes out
        Assert.Equal(0, server.Receiver.Waiting("/after"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'done' AND open_runs = 0 AND failed_runs = 0"));
        Assert.Equal((0L, 0, 0L), (server.Engine.Open, server.Engine.Window.Runs, server.Engine.Unclaimed));
    }

    [Fact]
    public async Task EndedRun_IsNotCancelled_AndTheAnswerSaysWhy()
    {
        await using var server = await WorkflowServer.StartAsync();
        var ended = await server.RunAsync("""{ "steps": { "x": { "type": "log", "message": "x" } } }""");
        Assert.Contains("succeeded", (await server.PostAsync($"/api/runs/{ended.Id}/cancel", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await server.PostAsync("/api/runs/run_0000000000001/cancel", "", 404);
        await server.PostAsync("/api/runs/nonsense/cancel", "", 400);
        var waiting = await server.RunUntilItWaitsAsync(await server.AddAsync("""{ "steps": { "x": { "type": "delay", "for": "1h" } } }"""));
        await server.PostAsync($"/api/runs/{waiting}/cancel", "", 200);
        Assert.Contains("been cancelled", (await server.PostAsync($"/api/runs/{waiting}/cancel", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitingRun_Ends_WithItsWaits_AlsoAfterACrash()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync("""{ "steps": { "go": { "type": "log", "message": "x", "next": ["a", "b"] }, "a": { "type": "delay", "for": "1h", "next": "tell" }, "b": { "type": "delay", "for": "2h" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told" } } }""");
        var run = await server.RunUntilItWaitsAsync(id);
        await server.CrashAsync();
        await server.StartAsync();
        await server.PostAsync($"/api/runs/{run}/cancel", "", 200);
        Assert.Equal((0L, 1L), (server.Count("SELECT count(*) FROM waits"), server.Count("SELECT count(*) FROM events WHERE state = 'done'")));
        time.Advance(TimeSpan.FromHours(3));
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal(("cancelled", 0L), ((await server.GetRunAsync(run)).State, server.Engine.Open));
        Assert.Equal(0, server.Receiver.Waiting("/told"));
    }

    [Fact]
    public async Task RunsOfAKey_GoOnInOrder_WhenOneIsCancelled()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Keyed);
        for (var i = 1; i <= 4; i++) await PostAsync(server, "keyed/a", $"{i}");
        Assert.Equal("1", (await server.Receiver.NextAsync("/ask")).Body);
        var runs = await RunsAsync(server, id);
        await server.PostAsync($"/api/runs/{runs[1]}/cancel", "", 200); // one that is blocked: nobody gets a turn by it
        Assert.Equal((1L, 2L), (server.Count("SELECT count(*) FROM runs WHERE ended_at IS NULL AND blocked = 0"), server.Count("SELECT count(*) FROM runs WHERE blocked = 1")));
        server.Receiver.On("/ask", 200);
        await server.PostAsync($"/api/runs/{runs[0]}/cancel", "", 200); // the one whose turn it is
        Assert.Equal(["3", "4"], (await server.Receiver.NextAsync("/ask", 2)).Select(asked => asked.Body)); // deliveries, as those to /told, may overtake each other
        Assert.Equal(["3", "4"], (await server.Receiver.NextAsync("/told", 2)).Select(told => told.Body).Order(StringComparer.Ordinal));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(0, server.Engine.Unclaimed);
    }

    [Fact]
    public async Task RunThatHasNotBegun_NeverBegins()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxHeld", "1"), ("Runs:MaxConcurrent", "1"));
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Asker);
        for (var i = 0; i < 3; i++) await PostAsync(server, "ask", "1");
        await server.Receiver.NextAsync("/ask");
        var runs = await RunsAsync(server, id);
        await server.PostAsync($"/api/runs/{runs[1]}/cancel", "", 200);
        server.Receiver.On("/ask", 200);
        gate.SetResult();
        await server.Receiver.NextAsync("/after", 2);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(("cancelled", ""), ((await server.GetRunAsync(runs[1])).State, (await server.GetRunAsync(runs[1])).Path));
        Assert.Equal(0, server.Engine.Unclaimed);
    }

    [Fact]
    public async Task WaitingCaller_IsAnswered()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Asker.Replace("\"/ask\" }", "\"/ask\", \"respond\": \"result\", \"timeout\": \"60s\" }", StringComparison.Ordinal));
        var caller = server.Http.PostAsync(new Uri("/hooks/ask", UriKind.Relative), WorkflowServer.Json("1"));
        await server.Receiver.NextAsync("/ask");
        await server.PostAsync($"/api/runs/{(await RunsAsync(server, id))[0]}/cancel", "", 200);
        using var answer = await caller;
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("\"code\":\"cancelled\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ParallelBranches_AreAllCutOff_AndTheRunEndsOnce()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/left");
        server.Receiver.Hold("/right");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/both" } }, "steps": { "go": { "type": "log", "message": "x", "next": ["left", "right", "wait"] }, "wait": { "type": "delay", "for": "1h" },
              "left": { "type": "http.request", "url": "RECEIVER/left", "timeout": "60s", "next": "after" }, "right": { "type": "http.request", "url": "RECEIVER/right", "timeout": "60s", "next": "after" }, "after": { "type": "log", "message": "no" } } }
            """);
        await PostAsync(server, "both", "1");
        await server.Receiver.NextAsync("/left");
        await server.Receiver.NextAsync("/right");
        var run = (await RunsAsync(server, id))[0];
        await Task.WhenAll(server.PostAsync($"/api/runs/{run}/cancel", "", 200), server.GetAsync($"/api/runs/{run}"));
        Assert.Equal(("cancelled", "go"), ((await server.GetRunAsync(run)).State, (await server.GetRunAsync(run)).Path));
        Assert.Equal((0L, 0L), (server.Count("SELECT count(*) FROM waits"), server.Engine.Open));
    }

    private static async Task<List<string>> RunsAsync(WorkflowServer server, string workflow) =>
        [.. (await server.GetAsync($"/api/runs?workflow={workflow}"))["items"]!.AsArray().Select(run => run!["id"]!.GetValue<string>()).Reverse()];

    private static async Task PostAsync(WorkflowServer server, string hook, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + hook, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
