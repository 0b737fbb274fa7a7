using System.Text.Json.Nodes;
using Automation.Server.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that steps of other runs call.</summary>
public sealed class CallTests
{
    private const string Double = """{ "steps": { "a": { "type": "script", "code": "return event.data.n * 2" } } }""";
    private const string Sleeper = """{ "steps": { "a": { "type": "delay", "for": "1h" } } }""";
    private const string Broken = """{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "next": "say" }, "say": { "type": "set", "values": { "said": 1 } } } }""";

    [Fact]
    public async Task Call_WaitsForTheRun_AndHandsOnWhatItGives()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync(Double);
        var run = await server.RunAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{child}}", "input": { "n": "${event.data.n + 1}" } } } }""", """{ "n": 4 }""");
        Assert.Equal(("succeeded", "call", "10"), (run.State, run.Path, run.Output("call")));
        Assert.Equal(1, server.Count($"SELECT count(*) FROM events WHERE trigger_type = 'call' AND type = 'workflow.called' AND source = '/runs/{run.Id}' AND state = 'done'"));
        Assert.Equal((0L, 0L), (server.Engine.Open, server.Count("SELECT count(*) FROM waits")));
    }

    [Fact]
    public async Task Call_ThatDoesNotWait_GivesTheRunsId()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync("""{ "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${event.data}" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(child)!;
        var run = await server.RunAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{child}}", "wait": false } } }""", """{"n":4}""");
        Assert.Equal((await server.EndAsync(ends)).Id, run["call"]["output"]!["run"]!.GetValue<string>());
        Assert.Equal("""{"n":4}""", (await server.Receiver.NextAsync("/told")).Body);
    }

    [Fact]
    public async Task Stop_InALoop_IsWhatTheRunGives()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync("""{ "steps": { "each": { "type": "forEach", "items": [1, 2, 3], "next": { "item": "is" } }, "is": { "type": "if", "condition": "${item === 2}", "next": { "true": "stop" } }, "stop": { "type": "stop" } } }""");
        Assert.Equal("2", (await server.RunAsync(Caller(child))).Output("call"));
    }

    [Fact]
    public async Task FailureOfTheRun_IsAnErrorOfTheStep()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync("""{ "steps": { "a": { "type": "fail", "code": "no_stock", "message": "There is none." } } }""");
        var run = await server.RunAsync(Caller(child));
        Assert.Equal(("failed", "called_run_failed", "call"), (run.State, run.ErrorCode, run.FailedStep));
        var details = run.Node["error"]!["details"]!;
        Assert.Equal(("failed", "a", "no_stock"), (details["state"]!.GetValue<string>(), details["step"]!.GetValue<string>(), details["error"]!["code"]!.GetValue<string>()));
        Assert.Equal("failed", (await server.GetRunAsync(details["run"]!.GetValue<string>())).State);
    }

    [Fact]
    public async Task CancelledRun_IsAnErrorOfTheStep()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync(Sleeper);
        var caller = await server.AddAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{child}}", "next": { "error": "took" } }, "took": { "type": "log", "message": "x" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(caller)!;
        var called = await CallUntilItWaitsAsync(server, caller, child);
        await server.PostAsync($"/api/runs/{called}/cancel", "", 200);
        var run = await server.EndAsync(ends);
        Assert.Equal(("succeeded", "call took", "cancelled"), (run.State, run.Path, run["call"]["output"]!["error"]!["details"]!["state"]!.GetValue<string>()));
    }

    [Fact]
    public async Task CancelledCaller_CancelsWhatItWaitsFor()
    {
        await using var server = await WorkflowServer.StartAsync();
        var last = await server.AddAsync(Sleeper);
        var middle = await server.AddAsync(Caller(last));
        var first = await server.AddAsync(Caller(middle));
        using var sleeps = server.Get<RunFeed>().Subscribe(last)!;
        var run = await server.RunUntilItWaitsAsync(first);
        await WorkflowServer.NextAsync(sleeps, "waiting");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 3);
        await server.PostAsync($"/api/runs/{run}/cancel", "", 200);
        Assert.Equal((3L, 0L, 0L), (server.Count("SELECT count(*) FROM runs WHERE state = 'cancelled'"), server.Count("SELECT count(*) FROM waits"), server.Engine.Open));
    }

    [Fact]
    public async Task CallsOfALoop_GiveTheirResultsInOrder_AndKeepToTheKeyOfTheCalled()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync("""{ "key": "all", "steps": { "a": { "type": "script", "code": "state.open = (state.open ?? 0) + 1; state.n = (state.n ?? 0) + 1; return null", "next": "b" }, "b": { "type": "http.request", "url": "RECEIVER/ask", "next": "c" }, "c": { "type": "script", "code": "state.open -= 1; return { item: event.data, open: state.open, n: state.n }" } } }""");
        server.Receiver.On("/ask", 200, "{}");
        var run = await server.RunAsync($$"""{ "steps": { "each": { "type": "forEach", "items": [1, 2, 3, 4, 5, 6], "concurrency": 4, "next": { "item": "call" } }, "call": { "type": "workflow.call", "workflow": "{{child}}" } } }""");
        Assert.Equal("succeeded", run.State);
        var results = run.Steps.Last(s => s["step"]!.GetValue<string>() == "each")["output"]!.AsArray();
        Assert.Equal([1, 2, 3, 4, 5, 6], results.Select(r => r!["item"]!.GetValue<int>()));
        Assert.Equal([1, 2, 3, 4, 5, 6], results.Select(r => r!["n"]!.GetValue<int>()).Order());
        Assert.All(results, r => Assert.Equal(0, r!["open"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Crash_LeavesOneRun_WhoseEndIsMetOnce()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var child = await server.AddAsync("""{ "steps": { "a": { "type": "delay", "for": "1h", "next": "b" }, "b": { "type": "set", "values": { "x": 1 } } } }""");
        var caller = await server.AddAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{child}}", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${input}" } } }""");
        await CallUntilItWaitsAsync(server, caller, child);
        await server.CrashAsync();
        await server.StartAsync();
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("""{"x":1}""", (await server.Receiver.NextAsync("/told")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal((2L, 2L, 0L, 0L), (server.Count("SELECT count(*) FROM runs"), server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"), server.Count("SELECT count(*) FROM waits"), server.Engine.Open));
    }

    [Fact]
    public async Task Crash_BeforeTheStepIsStored_LeavesNoSecondRun()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/slow");
        var child = await server.AddAsync(Double);
        // The call is saved before the step with the effect begins, which the crash cuts off.
        var caller = await server.AddAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{child}}", "wait": false, "next": "ask" }, "ask": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s" } } }""");
        await server.PostAsync($"/api/workflows/{caller}/run", """{ "n": 1 }""", 202);
        await server.Receiver.NextAsync("/slow");
        await server.CrashAsync();
        server.Receiver.On("/slow", 200, "{}");
        await server.StartAsync();
        await server.Receiver.NextAsync("/slow");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal((2L, 2L), (server.Count("SELECT count(*) FROM runs"), server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'")));
    }

    [Fact]
    public async Task RetriedCaller_MeetsTheRunThatItCalledBefore()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 404);
        var child = await server.AddAsync(Broken);
        var caller = await server.AddAsync(Caller(child));
        var run = await server.RunByIdAsync(caller);
        var called = run.Node["error"]!["details"]!["run"]!.GetValue<string>();
        using var ends = server.Get<RunFeed>().Subscribe(caller)!;
        using var calledEnds = server.Get<RunFeed>().Subscribe(child)!;
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        Assert.Equal("called_run_failed", (await server.EndAsync(ends)).ErrorCode);

        var asked = server.Receiver.Hold("/ask");
        await server.PostAsync($"/api/runs/{called}/retry", "", 202);
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        await WorkflowServer.NextAsync(ends, "waiting");
        asked.SetResult();
        var done = await server.EndAsync(ends);
        Assert.Equal(("succeeded", """{"said":1}""", 2L), (done.State, done.Steps[^1]["output"]!.ToJsonString(), server.Count("SELECT count(*) FROM runs")));
    }

    [Fact]
    public async Task WorkflowThatCallsItself_IsStopped()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Caller("w1"));
        Assert.Equal("w1", id);
        var run = await server.RunByIdAsync(id);
        Assert.Equal("called_run_failed", run.ErrorCode);
        Assert.Equal((17L, 1L), (server.Count("SELECT count(*) FROM runs WHERE state = 'failed'"), server.Count("""SELECT count(*) FROM runs WHERE error LIKE '{"code":"call_too_deep"%'""")));
    }

    [Fact]
    public async Task CallOfItsOwnKey_IsRefused_AsItWouldWaitForItself()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "key": "one", "onKeyFailure": "continue", "steps": { "call": { "type": "workflow.call", "workflow": "w1" } } }""");
        Assert.Equal("call_deadlock", (await server.RunByIdAsync(id)).ErrorCode);
        Assert.Equal(1, server.Count("SELECT count(*) FROM runs"));
    }

    [Fact]
    public async Task WorkflowThatIsNotThereOrSwitchedOff_IsNamed()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync(Double);
        await server.PostAsync($"/api/workflows/{child}/disable", "", 200);
        foreach (var name in (string[])["nowhere", child])
        {
            var run = await server.RunAsync(Caller(name));
            Assert.Equal("workflow_unavailable", run.ErrorCode);
            Assert.Contains($"\"{name}\"", run.Node["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Contract_IsKept_ByWhoCallsAndByWhoIsCalled()
    {
        await using var server = await WorkflowServer.StartAsync();
        var child = await server.AddAsync(
            """
            { "input": { "type": "object", "required": ["n"], "properties": { "n": { "type": "number" }, "as": { "type": "string" } } }, "output": { "type": "number" },
              "steps": { "a": { "type": "script", "code": "return event.data.as ?? event.data.n" } } }
            """);
        var caller = await server.AddAsync(Caller(child));
        Assert.Equal("3", (await server.RunByIdAsync(caller, """{ "n": 3 }""")).Output("call"));
        var wrong = await server.RunByIdAsync(caller, """{ "n": "3", "as": 4 }""");
        Assert.Equal("call_input_invalid", wrong.ErrorCode);
        Assert.Equal(["/n type", "/as type"], wrong.Node["error"]!["details"]!["errors"]!.AsArray().Select(e => $"{e!["pointer"]} {e["keyword"]}"));
        var broken = await server.RunByIdAsync(caller, """{ "n": 3, "as": "x" }""");
        var details = broken.Node["error"]!["details"]!;
        Assert.Equal(("called_run_failed", "output_invalid", "a"), (broken.ErrorCode, details["error"]!["code"]!.GetValue<string>(), details["step"]!.GetValue<string>()));
        Assert.Equal(5, server.Count("SELECT count(*) FROM runs")); // none for the wrong input
        Assert.Equal("succeeded", (await server.RunByIdAsync(child, """{ "n": "nobody called it" }""")).State);
    }

    [Fact]
    public async Task ContractThatIsNoSchema_IsAMistakeOfTheFile()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Write(("bad.json", """{ "input": { "type": "strin" }, "output": { "minimum": "1" }, "steps": { "a": { "type": "stop" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
        Assert.Equal(["/input/type", "/output/minimum"], server.Get<WorkflowCatalog>().Current.Workflows["bad"].Problems.Select(p => p.Pointer));
    }

    private static string Caller(string workflow) => $$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{workflow}}" } } }""";

    /// <summary>Starts the caller and returns the run it called, once both wait.</summary>
    private static async Task<string> CallUntilItWaitsAsync(WorkflowServer server, string caller, string called)
    {
        using var changes = server.Get<RunFeed>().Subscribe(called)!;
        await server.RunUntilItWaitsAsync(caller);
        await WorkflowServer.NextAsync(changes, "waiting");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 2);
        return (await server.GetAsync($"/api/runs?workflow={called}"))["items"]!.AsArray()[0]!["id"]!.GetValue<string>();
    }
}
