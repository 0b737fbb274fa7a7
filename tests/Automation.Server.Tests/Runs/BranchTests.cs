using System.Text;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs whose way parts and meets again.</summary>
public sealed class BranchTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task BranchesOfAList_RunAtTheSameTime()
    {
        var both = new TaskCompletionSource();
        var there = 0;
        foreach (var path in (string[])["/left", "/right"])
        {
            server.Receiver.On(path, async (_, context) =>
            {
                if (Interlocked.Increment(ref there) == 2) both.SetResult();
                await both.Task.WaitAsync(context.RequestAborted);
            });
        }

        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["left", "right"] },
                "left": { "type": "http.request", "url": "RECEIVER/left", "timeout": "60s" }, "right": { "type": "http.request", "url": "RECEIVER/right", "timeout": "60s" } } }
            """);
        Assert.Equal(("succeeded", 3), (run.State, run.Steps.Count));
    }

    [Fact]
    public async Task StepWithTwoArrows_RunsOnceForEach_WithKeysOfTheirOwn()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b"] },
                "a": { "type": "set", "values": { "by": "a" }, "next": "tell" }, "b": { "type": "set", "values": { "by": "b" }, "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/merge" } } }
            """);

        var told = (await server.Receiver.NextAsync("/merge", 2)).Select(a => (a.Body, a.Key)).Order();
        Assert.Equal([("""{"by":"a"}""", $"{run.Id}.tell.a"), ("""{"by":"b"}""", $"{run.Id}.tell.b")], told);
    }

    [Fact]
    public async Task HundredBranches_AllRun_AndAreSavedOnce()
    {
        var text = new StringBuilder("""{ "steps": { "go": { "type": "log", "message": "go", "next": [""");
        text.AppendJoin(',', Enumerable.Range(0, 100).Select(i => $"\"s{i}\"")).Append("] }");
        for (var i = 0; i < 100; i++) text.Append($$""", "s{{i}}": { "type": "http.request", "url": "RECEIVER/hundred", "next": "t{{i}}" }, "t{{i}}": { "type": "webhook.send", "url": "RECEIVER/hundred-told", "body": {{i}} }""");
        var run = await server.RunAsync(text.Append("} }").ToString());

        Assert.Equal(("succeeded", 201), (run.State, run.Steps.Count));
        Assert.Equal(Enumerable.Range(1, 201), run.Steps.Select(s => s["n"]!.GetValue<int>()));
        Assert.Equal(Enumerable.Range(0, 100), (await server.Receiver.NextAsync("/hundred-told", 100)).Select(a => int.Parse(a.Body, null)).Order());
    }

    [Fact]
    public async Task FailingBranch_FailsTheRun_AndLosesNoDeliveryOfStepsThatEnded()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "tell": { "type": "webhook.send", "url": "RECEIVER/kept", "next": ["no", "other"] },
                "no": { "type": "fail", "message": "no" }, "other": { "type": "webhook.send", "url": "RECEIVER/kept-too" } } }
            """);
        Assert.Equal(("failed", "no"), (run.State, run.FailedStep));
        await server.Receiver.NextAsync("/kept");
    }

    [Fact]
    public async Task FailedBranch_LetsOthersEndTheStepTheyAreAt_ButNoMore()
    {
        var gate = server.Receiver.Hold("/at-it");
        var id = await server.AddAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["ask", "wait"] },
                "ask": { "type": "http.request", "url": "RECEIVER/at-it", "timeout": "60s", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/never" },
                "wait": { "type": "http.request", "url": "RECEIVER/quick", "next": "no" }, "no": { "type": "fail", "message": "no" } } }
            """);
        server.Receiver.On("/quick", (_, _) =>
        {
            gate.TrySetResult();
            return Task.CompletedTask;
        });
        server.Receiver.On("/at-it", async (_, context) => await gate.Task.WaitAsync(context.RequestAborted));
        var run = await server.RunByIdAsync(id);

        Assert.Equal("failed", run.State);
        Assert.Contains("ask", run.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoFailingBranches_AreBothHandled()
    {
        var run = await server.RunAsync(
            """
            { "onError": "handle", "start": "go", "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b"] },
                "a": { "type": "fail", "message": "a" }, "b": { "type": "fail", "message": "b" }, "handle": { "type": "webhook.send", "url": "RECEIVER/handled", "body": "${input.error.step}" } } }
            """);
        Assert.Equal("succeeded", run.State);
        var handled = (await server.Receiver.NextAsync("/handled", 2)).Select(a => (a.Body, a.Key)).Order();
        Assert.Equal([("\"a\"", $"{run.Id}.handle.a"), ("\"b\"", $"{run.Id}.handle.b")], handled);
    }

    [Fact]
    public async Task VariablesOfParallelBranches_AreAllKept()
    {
        var run = await server.RunAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["a", "b"] },
                "a": { "type": "set", "values": { "a": "${1}" } , "next": "look" }, "b": { "type": "set", "values": { "b": "${2}" }, "next": "look" },
                "look": { "type": "script", "code": "return Object.keys(vars).length" } } }
            """);
        Assert.Contains("2", run.Steps.Where(s => s["step"]!.GetValue<string>() == "look").Select(s => s["output"]!.ToJsonString()));
    }

    [Fact]
    public async Task ArrowsThatPartAndMeetOverAndOver_EndWithAClearError()
    {
        var text = new StringBuilder("""{ "start": "m0", "steps": { """);
        for (var i = 0; i < 20; i++) text.Append($$""" "m{{i}}": { "type": "log", "message": "m", "next": ["a{{i}}", "b{{i}}"] }, "a{{i}}": { "type": "log", "message": "a", "next": "m{{i + 1}}" }, "b{{i}}": { "type": "log", "message": "b", "next": "m{{i + 1}}" }, """);
        var run = await server.RunAsync(text.Append(""" "m20": { "type": "log", "message": "end" } } }""").ToString());
        Assert.Equal(("failed", "too_many_steps"), (run.State, run.ErrorCode));
    }
}
