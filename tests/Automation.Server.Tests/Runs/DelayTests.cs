using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that wait, on a clock that the tests move.</summary>
public sealed class DelayTests
{
    private const string Later =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/later" } },
          "steps": { "salt": { "type": "script", "code": "return Math.random()", "next": "wait" }, "wait": { "type": "delay", "for": "2h", "next": "tell" },
            "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": { "salt": "${steps.salt.output}", "input": "${input}" } } } }
        """;

    [Theory]
    [InlineData("""{ "type": "delay", "for": "9000000d" }""", "for: It is more than ten years away.")]
    [InlineData("""{ "type": "delay", "until": "9999-12-31T23:59:59Z" }""", "until: It is more than ten years away.")]
    [InlineData("""{ "type": "wait", "event": "x", "timeout": "9000000d" }""", "timeout: It is more than ten years away.")]
    public async Task TimeTooFarAway_IsRefused(string step, string message)
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunAsync($$"""{ "steps": { "one": {{step}} } }""");
        Assert.Equal(("config_invalid", message), (run.ErrorCode, run.Node["error"]!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Delay_TakesNoMemory_AndGoesOnAtItsTime()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Later));
        Assert.Equal(("waiting", 0L, 0), ((await server.GetRunAsync(run)).State, server.Engine.Open, server.Engine.Window.Runs));
        time.Advance(TimeSpan.FromHours(2) - TimeSpan.FromMilliseconds(1));
        await IsStillWaitingAsync(server);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await server.Receiver.NextAsync("/tell");
        Assert.Equal(("succeeded", "salt wait tell", 7_200_000.0), ((await server.GetRunAsync(run)).State, (await server.GetRunAsync(run)).Path, (await server.GetRunAsync(run))["wait"]["durationMs"]!.GetValue<double>()));
        Assert.Equal(0, server.Count("SELECT count(*) FROM waits"));
    }

    [Fact]
    public async Task Delay_OutlivesACrash_AndIsOverAtOnce_WhenItsTimePassedMeanwhile()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Later));
        var salt = (await server.GetRunAsync(run)).Output("salt");
        await server.CrashAsync();
        time.Advance(TimeSpan.FromHours(3));
        await server.StartAsync();
        var told = await server.Receiver.NextAsync("/tell");
        Assert.Equal($$"""{"salt":{{salt}},"input":{{salt}}}""", told.Body);
        Assert.Equal($"{run}.tell", told.Key);
    }

    [Fact]
    public async Task Delay_UntilATime_ThatHasPassed_IsOverAtOnce()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunAsync("""{ "steps": { "a": { "type": "delay", "until": "2020-01-01T00:00:00Z", "next": "b" }, "b": { "type": "script", "code": "return input" } } }""", "5");
        Assert.Equal(("succeeded", "5"), (run.State, run.Output("b")));
        run = await server.RunAsync("""{ "steps": { "a": { "type": "delay", "until": "${'tomorrow'}" } } }""");
        Assert.Equal(("config_invalid", "until: \"tomorrow\" is not a time with its offset from UTC, such as \"2026-03-29T08:00:00Z\"."), (run.ErrorCode, run.Node["error"]!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Delays_OfBranches_EndEachAtItsTime_WhileAnotherBranchIsUnderWay()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var gate = server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/branches" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["slow", "one", "two"] }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "24h", "next": "end" },
                "one": { "type": "delay", "for": "1s", "next": "first" }, "first": { "type": "http.request", "url": "RECEIVER/first" },
                "two": { "type": "delay", "for": "2s", "next": "second" }, "second": { "type": "http.request", "url": "RECEIVER/second" }, "end": { "type": "webhook.send", "url": "RECEIVER/end" } } }
            """);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        using (await server.Http.PostAsync(new Uri("/hooks/branches", UriKind.Relative), WorkflowServer.Json("1")))
        {
        }

        await server.Receiver.NextAsync("/slow");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 2);
        time.Advance(TimeSpan.FromSeconds(1));
        await server.Receiver.NextAsync("/first");
        time.Advance(TimeSpan.FromSeconds(1));
        await server.Receiver.NextAsync("/second");
        gate.SetResult();
        await server.Receiver.NextAsync("/end");
        await WorkflowServer.NextAsync(changes, "succeeded");
    }

    [Fact]
    public async Task LongPauseBetweenTries_IsDurable_AndKeepsCountAndLog()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        server.Receiver.On("/down", 500);
        var id = await server.AddAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/down", "retry": { "attempts": 3, "initial": "1h", "max": "1h", "backoff": "constant", "jitter": 0 } } } }""");
        var run = await server.RunUntilItWaitsAsync(id);
        await server.Receiver.NextAsync("/down");
        await server.CrashAsync();
        await server.StartAsync();
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        time.Advance(TimeSpan.FromHours(1));
        await server.Receiver.NextAsync("/down");
        await WorkflowServer.NextAsync(changes, "waiting");
        server.Receiver.On("/down", 200);
        time.Advance(TimeSpan.FromHours(1));
        await WorkflowServer.NextAsync(changes, "succeeded");
        var ask = (await server.GetRunAsync(run))["ask"];
        Assert.Equal((3, 7_200_000.0), (ask["attempts"]!.GetValue<int>(), ask["durationMs"]!.GetValue<double>()));
        Assert.Equal(2, ask["log"]!.AsArray().Count);
    }

    [Fact]
    public async Task ManyWaits_ThatEndAtOnce_AllGoOn()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time, ("Runs:MaxHeld", "50"));
        var id = await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/many" } }, "steps": { "each": { "type": "forEach", "items": "${event.data}", "concurrency": 100, "next": { "item": "wait", "done": "tell" } }, "wait": { "type": "delay", "for": "${item + 'ms'}" }, "tell": { "type": "webhook.send", "url": "RECEIVER/many", "body": "${input.length}" } } }""");
        Assert.NotEmpty(id);
        for (var i = 0; i < 120; i++)
        {
            using var answer = await server.Http.PostAsync(new Uri("/hooks/many", UriKind.Relative), WorkflowServer.Json("[1000,2000,2000,3000]"));
        }

        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(480, server.Count("SELECT count(*) FROM waits"));
        time.Advance(TimeSpan.FromSeconds(1));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 360);
        time.Advance(TimeSpan.FromSeconds(5));
        for (var i = 0; i < 120; i++) Assert.Equal("4", (await server.Receiver.NextAsync("/many")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal((0L, 120L), (server.Count("SELECT count(*) FROM waits"), server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'")));
    }

    private static async Task IsStillWaitingAsync(WorkflowServer server)
    {
        // A change of its own goes through the journal after whatever the timer may have done.
        await server.PostAsync($"/api/workflows/{await server.AddAsync("""{ "steps": { "x": { "type": "log", "message": "x" } } }""")}/run?wait=60s", "{}", 200);
        Assert.Equal(0, server.Receiver.Waiting("/tell"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'"));
    }
}
