using Automation.Server.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Runs;

/// <summary>Workflows that are told of failed runs, and the time limit of runs.</summary>
public sealed class ErrorWorkflowTests
{
    private const string Teller = """{ "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${event.data}" } } }""";

    [Fact]
    public async Task FailedRun_StartsTheWorkflowThatItsOwnNames_WithWhatHappened()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.SetSecret("KEY", "very-secret-value");
        await AddAsync(server, "teller", Teller);
        var id = await server.AddAsync("""{ "onError": { "workflow": "teller" }, "steps": { "a": { "type": "fail", "code": "no_stock", "message": "There is none." } } }""");
        var run = await server.RunByIdAsync(id, """{ "n": 1 }""");
        var told = System.Text.Json.Nodes.JsonNode.Parse((await server.Receiver.NextAsync("/told")).Body)!;
        Assert.Equal((id, run.Version, run.Id, "a", "no_stock", "There is none."), (told["workflow"]!.GetValue<string>(), told["version"]!.GetValue<string>(), told["run"]!.GetValue<string>(), told["step"]!.GetValue<string>(), told["error"]!["code"]!.GetValue<string>(), told["error"]!["message"]!.GetValue<string>()));
        Assert.StartsWith("evt_", told["event"]!["id"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE trigger_type = 'error' AND type = 'run.failed'"));
    }

    [Fact]
    public async Task FailedErrorWorkflow_TellsNobody_AndASettingStandsInForWorkflowsThatNameNone()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:OnErrorWorkflow", "broken"));
        await AddAsync(server, "broken", """{ "onError": { "workflow": "broken" }, "steps": { "a": { "type": "webhook.send", "url": "RECEIVER/told", "next": "b" }, "b": { "type": "fail", "message": "too" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe("broken")!;
        await server.RunAsync("""{ "steps": { "a": { "type": "fail", "message": "one" } } }""");
        Assert.Equal("failed", (await server.EndAsync(ends)).State);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal((2L, 2L), (server.Count("SELECT count(*) FROM runs"), server.Count("SELECT count(*) FROM events WHERE state = 'failed'")));
    }

    [Fact]
    public async Task ErrorThatAStepTakes_IsNoFailure_AndAMissingHandlerIsLogged()
    {
        await using var server = await WorkflowServer.StartAsync();
        await AddAsync(server, "teller", Teller);
        var id = await server.AddAsync("""{ "steps": { "a": { "type": "fail", "message": "one" }, "b": { "type": "log", "message": "took it" } }, "start": "a", "onError": { "step": "b", "workflow": "teller" } }""");
        Assert.Equal("succeeded", (await server.RunByIdAsync(id)).State);
        Assert.Equal("failed", (await server.RunAsync("""{ "onError": { "workflow": "gone" }, "steps": { "a": { "type": "fail", "message": "one" } } }""")).State);
        Assert.Contains(server.Logged, line => line.Contains("workflow gone, which is to be told, is not there", StringComparison.Ordinal));
        Assert.Equal(2, server.Count("SELECT count(*) FROM runs"));
    }

    [Fact]
    public async Task Run_ThatWaitsPastItsTimeout_Fails_AlsoOverACrash_AndFreesItsKey()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "key": "one", "onKeyFailure": "continue", "timeout": "1h", "steps": { "a": { "type": "if", "condition": "${input === 2}", "next": { "true": "tell", "false": "wait" } }, "wait": { "type": "delay", "for": "2h", "next": "tell" },
              "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${event.data}" } } }
            """);
        var run = await server.RunUntilItWaitsAsync(id, "1");
        await server.PostAsync($"/api/workflows/{id}/run", "2", 202);
        await server.CrashAsync();
        time.Advance(TimeSpan.FromMinutes(59));
        await server.StartAsync();
        Assert.Equal("waiting", (await server.GetRunAsync(run)).State);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("2", (await server.Receiver.NextAsync("/tell")).Body);
        var failed = await server.GetRunAsync(run);
        Assert.Equal(("failed", "run_timeout", "wait"), (failed.State, failed.ErrorCode, failed.FailedStep));
        Assert.Equal(0, server.Count("SELECT count(*) FROM waits"));
    }

    [Fact]
    public async Task RunThatWaitsForFailures_GoesOnAtOnce_AndWhatIsAcceptedAfterItToo()
    {
        await using var server = await WorkflowServer.StartAsync();
        await AddAsync(server, "teller", Teller);
        var waiting = await server.RunUntilItWaitsAsync(await server.AddAsync("""{ "steps": { "w": { "type": "wait", "event": "run.failed", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/heard" } } }"""));
        await server.RunAsync("""{ "onError": { "workflow": "teller" }, "steps": { "a": { "type": "fail", "message": "one" } } }""");
        Assert.Equal($"{waiting}.tell", (await server.Receiver.NextAsync("/heard")).Key);
        await server.Receiver.NextAsync("/told");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(0, server.Engine.Unclaimed);
        Assert.Equal("succeeded", (await server.RunAsync("""{ "steps": { "a": { "type": "log", "message": "one" } } }""")).State);
    }

    [Fact]
    public async Task RunThatCannotBeWalkedAnyMore_IsToldToo()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:OnErrorWorkflow", "teller"));
        await AddAsync(server, "teller", Teller);
        var waiting = await server.RunUntilItWaitsAsync(await server.AddAsync("""{ "steps": { "w": { "type": "wait", "event": "run.failed", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/heard" } } }"""));
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "timeout": "60s" } } }""");
        var run = (await server.PostAsync($"/api/workflows/{id}/run", "1", 202))["runId"]!.GetValue<string>();
        await server.Receiver.NextAsync("/ask");
        await server.CrashAsync();
        server.Database.Execute($"UPDATE runs SET version = 'gone' WHERE workflow_id = '{id}'");
        await server.StartAsync();

        var told = System.Text.Json.Nodes.JsonNode.Parse((await server.Receiver.NextAsync("/told")).Body)!;
        Assert.Equal((run, "version_unavailable"), (told["run"]!.GetValue<string>(), told["error"]!["code"]!.GetValue<string>()));
        Assert.Equal($"{waiting}.tell", (await server.Receiver.NextAsync("/heard")).Key);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(0, server.Engine.Unclaimed);
    }

    [Fact]
    public async Task FailureOfATimerOfTheErrorWorkflow_TellsNobody()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Runs:OnErrorWorkflow", "calm"));
        await AddAsync(server, "calm", """{ "key": "one", "onKeyFailure": "continue", "steps": { "hold": { "type": "debounce", "for": "10s", "next": "bad" }, "bad": { "type": "fail", "message": "too" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe("calm")!;
        await server.RunAsync("""{ "steps": { "a": { "type": "fail", "message": "one" } } }""");
        Assert.Equal("succeeded", (await server.EndAsync(ends)).State);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("failed", (await server.EndAsync(ends)).State);
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE trigger_type = 'error'"));
        Assert.Equal(3, server.Count("SELECT count(*) FROM runs"));
    }

    [Fact]
    public async Task RetriedRun_HasItsTimeAgain_AlsoOverACrash()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(
            """
            { "timeout": "1h", "steps": { "before": { "type": "delay", "for": "30m", "next": "ask" }, "ask": { "type": "http.request", "url": "RECEIVER/ask", "next": "after" },
                "after": { "type": "delay", "for": "2h", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/tell" } } }
            """);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        var run = await server.RunUntilItWaitsAsync(id);
        time.Advance(TimeSpan.FromMinutes(30));
        var failed = await server.EndAsync(changes);
        server.Receiver.On("/ask", 200);
        time.Advance(TimeSpan.FromHours(10));
        await server.PostAsync($"/api/runs/{run}/retry", "", 202);
        await WorkflowServer.NextAsync(changes, "waiting");
        await server.CrashAsync();
        time.Advance(TimeSpan.FromMinutes(59));
        await server.StartAsync();
        Assert.Equal("waiting", (await server.GetRunAsync(run)).State);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        time.Advance(TimeSpan.FromMinutes(1));
        var late = await server.EndAsync(ends);
        Assert.Equal(("failed", "run_timeout", "after"), (late.State, late.ErrorCode, late.FailedStep));
        Assert.Equal(failed.Node["startedAt"]!.ToJsonString(), late.Node["startedAt"]!.ToJsonString());
    }

    [Fact]
    public async Task Run_AtWorkPastTheServersLimit_IsCutOff()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Runs:MaxRunTime", "00:00:20"));
        server.Receiver.Hold("/slow");
        var id = await server.AddAsync("""{ "timeout": "5m", "steps": { "a": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "10m" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await server.PostAsync($"/api/workflows/{id}/run", "2", 202);
        await server.Receiver.NextAsync("/slow");
        time.Advance(TimeSpan.FromSeconds(20));
        var run = await server.EndAsync(ends);
        Assert.Equal(("failed", "run_timeout", "a"), (run.State, run.ErrorCode, run.FailedStep));
    }

    private static async Task AddAsync(WorkflowServer server, string id, string json)
    {
        server.Write((id + ".json", json));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);
    }
}
