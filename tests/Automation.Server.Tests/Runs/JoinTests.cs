namespace Automation.Server.Tests.Runs;

public sealed class JoinTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Join_WaitsForAllBranches_AndHandsOnTheirOutputs()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b", "c"] },
                "a": { "type": "script", "code": "return 1", "next": "all" }, "b": { "type": "script", "code": "return 2", "next": "more" }, "more": { "type": "script", "code": "return input + 1", "next": "all" },
                "c": { "type": "script", "code": "return 4", "next": "all" },
                "all": { "type": "join", "next": "end" }, "end": { "type": "script", "code": "return [input.a, input.more, input.c]" } } }
            """);
        Assert.Equal(("succeeded", "[1,3,4]", "done"), (run.State, run.Output("end"), run.Outcome("all")));
    }

    [Fact]
    public async Task Join_DoesNotWaitForABranchThatEndedElsewhere()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b"] },
                "a": { "type": "script", "code": "return 1", "next": "all" }, "b": { "type": "filter", "condition": "${false}", "next": "late" }, "late": { "type": "log", "message": "x", "next": "all" },
                "all": { "type": "join", "next": "end" }, "end": { "type": "script", "code": "return Object.keys(input)" } } }
            """);
        Assert.Equal(("succeeded", """["a"]"""), (run.State, run.Output("end")));
    }

    [Fact]
    public async Task JoinOfAny_GoesOnOnce_WithTheFirst()
    {
        var gate = server.Receiver.Hold("/slow");
        server.Receiver.On("/quick", (_, _) =>
        {
            gate.TrySetResult();
            return Task.CompletedTask;
        });
        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["quick", "slow"] },
                "quick": { "type": "script", "code": "return 'quick'", "next": "first" }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s", "next": "first" },
                "first": { "type": "join", "mode": "any", "next": ["end", "release"] }, "release": { "type": "http.request", "url": "RECEIVER/quick" }, "end": { "type": "script", "code": "return input" } } }
            """);
        Assert.Equal(("succeeded", """{"quick":"quick"}"""), (run.State, run.Output("end")));
    }

    [Fact]
    public async Task JoinOfACount_FailsWhenFewerCanCome()
    {
        const string Workflow =
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b", "c"] },
                "a": { "type": "log", "message": "a", "next": "two" }, "b": { "type": "filter", "condition": "${event.data}", "next": "two" }, "c": { "type": "filter", "condition": "${false}", "next": "two" },
                "two": { "type": "join", "mode": "count", "count": 2, "next": "end" }, "end": { "type": "script", "code": "return Object.keys(input).sort()" } } }
            """;
        Assert.Equal("""["a","b"]""", (await server.RunAsync(Workflow, "true")).Output("end"));
        var run = await server.RunAsync(Workflow, "false");
        Assert.Equal(("failed", "two", "join_unmet"), (run.State, run.FailedStep, run.ErrorCode));
    }

    [Fact]
    public async Task Joins_OneBehindTheOther_AndInEachRoundOfALoop()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": [1, 2, 3], "concurrency": 3, "next": { "item": ["a", "b", "c"], "done": "end" } },
                "a": { "type": "script", "code": "return item", "next": "inner" }, "b": { "type": "script", "code": "return item * 10", "next": "inner" },
                "inner": { "type": "join", "next": "sum" }, "sum": { "type": "script", "code": "return input.a + input.b", "next": "outer" },
                "c": { "type": "script", "code": "return item * 100", "next": "outer" }, "outer": { "type": "join", "next": "total" }, "total": { "type": "script", "code": "return input.sum + input.c" },
                "end": { "type": "script", "code": "return input" } } }
            """);
        Assert.Equal(("succeeded", "[111,222,333]"), (run.State, run.Output("end")));
    }

    [Fact]
    public async Task Join_GoesOnAtItsTimeout_WithWhatHasCome()
    {
        var time = new ManualTime();
        await using var own = await WorkflowServer.StartAsync(time);
        var id = await own.AddAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "later"] }, "a": { "type": "script", "code": "return 1", "next": "both" },
                "later": { "type": "delay", "for": "1h", "next": "both" }, "both": { "type": "join", "timeout": "1m", "next": { "timeout": "late", "done": "no" } },
                "late": { "type": "webhook.send", "url": "RECEIVER/late", "body": "${Object.keys(input)}" }, "no": { "type": "fail", "message": "no" } } }
            """);
        var run = await own.RunUntilItWaitsAsync(id);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("""["a"]""", (await own.Receiver.NextAsync("/late")).Body);
        await WorkflowServer.UntilAsync(() => own.Count("SELECT count(*) FROM waits") == 1);
        time.Advance(TimeSpan.FromHours(1));
        await WorkflowServer.UntilAsync(() => own.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 1);
        Assert.Equal("late", (await own.GetRunAsync(run)).Path.Split(' ')[^2]);
    }

    [Theory]
    [InlineData("""{ "type": "join", "mode": "count" }""", "/steps/j/mode")]
    [InlineData("""{ "type": "join", "count": 2 }""", "/steps/j/count")]
    public async Task Join_SaysWhatIsMissing(string join, string at)
    {
        var id = $"join-{at.Length}";
        server.Write((id + ".json", $$"""{ "steps": { "j": {{join}} } }"""));
        await server.Get<Automation.Server.Workflows.WorkflowCatalog>().RefreshAsync(new Automation.Server.Workflows.Look(), CancellationToken.None);
        Assert.Equal(at, Assert.Single(server.Get<Automation.Server.Workflows.WorkflowCatalog>().Current.Workflows[id].Problems).Pointer);
    }
}
