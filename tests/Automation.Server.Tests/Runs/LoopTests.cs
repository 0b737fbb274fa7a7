namespace Automation.Server.Tests.Runs;

/// <summary><c>forEach</c> and <c>repeat</c>.</summary>
public sealed class LoopTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task ForEach_RunsItsStepsForEachItem_AndHandsOnTheResultsInOrder()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": "${event.data}", "next": { "item": "twice", "done": "sum" } },
                "twice": { "type": "script", "code": "return { n: input * 2, i: index, same: item === input }", "next": "plus" },
                "plus": { "type": "script", "code": "return steps.twice.output.n + 100 * input.i" },
                "sum": { "type": "script", "code": "return [input, typeof item, steps.each.outcome]" } } }
            """,
            "[1,2,3]");
        Assert.Equal(("succeeded", """[[2,104,206],"undefined","done"]"""), (run.State, run.Output("sum")));
        Assert.Equal("each twice plus twice plus twice plus each sum", run.Path);
        Assert.Equal(["1", "2", "3"], run.Steps.Where(s => s["step"]!.GetValue<string>() == "twice").Select(s => s["input"]!.ToJsonString()));
        Assert.Equal([".each[0]", ".each[1]", ".each[2]"], run.Steps.Where(s => s["step"]!.GetValue<string>() == "plus").Select(s => s["iteration"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("[]", "[]")]
    [InlineData("[null,[],{}]", "[null,[],{}]")]
    public async Task ForEach_WithoutSteps_HandsOnTheItems(string items, string output)
    {
        var run = await server.RunAsync("""{ "steps": { "each": { "type": "forEach", "items": "${event.data}", "next": { "done": "then" } }, "then": { "type": "script", "code": "return input" } } }""", items);
        Assert.Equal(output, run.Output("then"));
    }

    [Fact]
    public async Task ForEach_OverManyItems_TakesNoStack()
    {
        var run = await server.RunAsync("""{ "steps": { "many": { "type": "script", "code": "return Array.from({ length: 50000 }, (_, i) => i)", "next": "each" }, "each": { "type": "forEach", "items": "${input}" } } }""");
        Assert.Equal("succeeded", run.State);
    }

    [Fact]
    public async Task ForEach_RunsAsManyItemsAtATimeAsAsked()
    {
        var three = new TaskCompletionSource();
        var there = 0;
        var most = 0;
        server.Receiver.On("/item", async (_, context) =>
        {
            lock (three) most = Math.Max(most, ++there);
            if (there == 3) three.TrySetResult();
            await three.Task.WaitAsync(context.RequestAborted);
            lock (three) there--;
        });
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": "${[1,2,3,4,5,6,7]}", "concurrency": 3, "next": { "item": "ask", "done": "count" } },
                "ask": { "type": "http.request", "url": "RECEIVER/item", "method": "POST", "body": "${item}", "timeout": "60s" }, "count": { "type": "script", "code": "return input.length" } } }
            """);
        Assert.Equal(("succeeded", "7", 3), (run.State, run.Output("count"), most));
    }

    [Fact]
    public async Task Effects_OfItems_HaveKeysOfTheirOwn()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": ["a", "b"], "next": { "item": "inner" } },
                "inner": { "type": "forEach", "items": [1, 2], "next": { "item": "tell" } }, "tell": { "type": "webhook.send", "url": "RECEIVER/keys", "body": "${item}" } } }
            """);
        var keys = new HashSet<string>();
        for (var i = 0; i < 4; i++) keys.Add((await server.Receiver.NextAsync("/keys")).Key!);
        Assert.Equal(
            [$"{run.Id}.tell.each[0].inner[0]", $"{run.Id}.tell.each[0].inner[1]", $"{run.Id}.tell.each[1].inner[0]", $"{run.Id}.tell.each[1].inner[1]"],
            keys.Order());
    }

    [Theory]
    [InlineData("fail", "failed", null)]
    [InlineData("stop", "succeeded", "[1]")]
    [InlineData("collect", "succeeded", """[1,{"error":{"code":"odd","message":"not 2","step":"no"},"item":2},3]""")]
    public async Task FailingItem_DoesWhatTheLoopSays(string policy, string state, string? output)
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": [1, 2, 3], "onItemError": "POLICY", "next": { "item": "is", "done": "then" } },
                "is": { "type": "if", "condition": "${item === 2}", "next": { "true": "no" } }, "no": { "type": "fail", "message": "not ${item}", "code": "odd" },
                "then": { "type": "script", "code": "return input" } } }
            """.Replace("POLICY", policy, StringComparison.Ordinal));
        Assert.Equal(state, run.State);
        if (output is not null) Assert.Equal(output, run.Output("then"));
        else Assert.Equal(("each", "item_failed", "Item 1 failed at step \"no\": not 2"), (run.FailedStep, run.ErrorCode, run.Node["error"]!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task FailedLoop_GoesByItsErrorOutcome()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": [7], "next": { "item": "no", "error": "saved" } },
                "no": { "type": "fail", "message": "m" }, "saved": { "type": "script", "code": "return [input.error.details.index, input.error.details.step, input.error.details.error.message]" } } }
            """);
        Assert.Equal(("succeeded", """[0,"no","m"]"""), (run.State, run.Output("saved")));
    }

    [Fact]
    public async Task ForEach_RefusesWhatIsNoList()
    {
        var run = await server.RunAsync("""{ "steps": { "each": { "type": "forEach", "items": "${ {} }" } } }""");
        Assert.Equal(("config_invalid", true), (run.ErrorCode, run.Node["error"]!["message"]!.GetValue<string>().StartsWith("items: Expected a list", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Repeat_GoesOnWhileItsConditionHolds_WithWhatTheRoundPutOut()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "again": { "type": "repeat", "while": "${(input.n ?? 0) < 3}", "next": { "again": "work", "done": "end" } },
                "work": { "type": "script", "code": "return { n: (input.n ?? 0) + 1, i: index }" }, "end": { "type": "script", "code": "return input" } } }
            """);
        Assert.Equal(("succeeded", """{"n":3,"i":2}"""), (run.State, run.Output("end")));
        Assert.Equal("again work again work again work again end", run.Path);
    }

    [Fact]
    public async Task Repeat_EndsAtItsLimit()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "again": { "type": "repeat", "while": true, "limit": 2, "next": { "again": "work", "limit": "over" } }, "work": { "type": "script", "code": "return index" }, "over": { "type": "script", "code": "return ['over', input]" } } }
            """);
        Assert.Equal(("succeeded", """["over",1]"""), (run.State, run.Output("over")));
    }

    [Fact]
    public async Task Repeat_InALoop_AndALoopInARepeat()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": [10, 20], "next": { "item": "again", "done": "all" } },
                "again": { "type": "repeat", "while": "${index < 2}", "next": { "again": "inner" } },
                "inner": { "type": "forEach", "items": ["${item}", "${index}"], "next": { "item": "note" } }, "note": { "type": "script", "code": "return item + 1" },
                "all": { "type": "script", "code": "return input" } } }
            """);
        Assert.Equal(("succeeded", "[[11,2],[21,2]]"), (run.State, run.Output("all")));
    }

    [Fact]
    public async Task FailingRound_OfRepeat_FailsIt()
    {
        var run = await server.RunAsync("""{ "steps": { "again": { "type": "repeat", "while": true, "next": { "again": "no" } }, "no": { "type": "fail", "message": "m" } } }""");
        Assert.Equal(("failed", "again", "Round 0 failed at step \"no\": m"), (run.State, run.FailedStep, run.Node["error"]!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Stop_EndsTheRun_FromInsideALoop()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "each": { "type": "forEach", "items": [1, 2, 3], "next": { "item": "is", "done": "never" } },
                "is": { "type": "if", "condition": "${item === 2}", "next": { "true": "stop" } }, "stop": { "type": "stop" }, "never": { "type": "fail", "message": "no" } } }
            """);
        Assert.Equal(("succeeded", "each is is stop"), (run.State, run.Path));
    }

    [Fact]
    public async Task RunawayLoop_FailsTheRun()
    {
        await using var small = await WorkflowServer.StartAsync(("Runs:MaxStepRuns", "20"));
        var run = await small.RunAsync("""{ "steps": { "again": { "type": "repeat", "while": true, "next": { "again": "work" } }, "work": { "type": "log", "message": "x" } } }""");
        Assert.Equal(("failed", "too_many_steps"), (run.State, run.ErrorCode));
    }

    [Fact]
    public async Task ServerThatDiesInALoop_GoesOnWhereItWas()
    {
        await using var own = await WorkflowServer.StartAsync();
        own.Receiver.On("/item", async (arrival, context) =>
        {
            if (arrival.Body == "2") await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        });
        await own.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/loop" } },
              "steps": { "go": { "type": "script", "code": "return [1, 2, 3].map(n => ({ n, salt: Math.random() }))", "next": "each" },
                "each": { "type": "forEach", "items": "${input}", "next": { "item": "ask", "done": "tell" } },
                "ask": { "type": "http.request", "url": "RECEIVER/item", "method": "POST", "body": "${item.n}", "timeout": "60s", "next": "keep" }, "keep": { "type": "script", "code": "return item" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": { "first": "${steps.go.output}", "last": "${input}" } } } }
            """);
        using (await own.Http.PostAsync(new Uri("/hooks/loop", UriKind.Relative), WorkflowServer.Json("1")))
        {
        }

        Assert.Equal("1", (await own.Receiver.NextAsync("/item")).Body);
        var second = await own.Receiver.NextAsync("/item");
        await own.CrashAsync();
        own.Receiver.On("/item", 200);
        await own.StartAsync();

        Assert.Equal((second.Key, second.Body), await NextOf(own));
        Assert.Equal("3", (await NextOf(own)).Body);
        var told = System.Text.Json.Nodes.JsonNode.Parse((await own.Receiver.NextAsync("/told")).Body)!;
        Assert.Equal(told["first"]!.ToJsonString(), told["last"]!.ToJsonString()); // nothing was thrown away and made anew
    }

    private static async Task<(string? Key, string Body)> NextOf(WorkflowServer server)
    {
        var arrival = await server.Receiver.NextAsync("/item");
        return (arrival.Key, arrival.Body);
    }
}
