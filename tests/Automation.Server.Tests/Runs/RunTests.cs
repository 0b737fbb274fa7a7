namespace Automation.Server.Tests.Runs;

/// <summary>What one run does, step after step.</summary>
public sealed class RunTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Steps_RunInOrder_AndDeliveriesLeaveWithTheirBodies()
    {
        var run = await server.RunAsync(
            """
            { "steps": {
                "double": { "type": "script", "code": "return { n: event.data.n * 2 }", "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/linear", "next": "more" },
                "more": { "type": "script", "code": "return { id: input.deliveryId, n: steps.double.output.n + 1 }", "next": "again" },
                "again": { "type": "webhook.send", "url": "RECEIVER/linear", "body": { "n": "${input.n}" } } } }
            """,
            """{"n":4}""");

        Assert.Equal(("succeeded", "double tell more again"), (run.State, run.Path));
        Assert.Equal(["""{"n":8}""", """{"n":9}"""], (await server.Receiver.NextAsync("/linear", 2)).Select(a => a.Body).Order());
    }

    [Fact]
    public async Task Trace_ShowsOfEachStep_WhereItsInputCameFrom()
    {
        var run = await server.RunAsync("""{ "steps": { "a": { "type": "script", "code": "console.log('seen', input); return 1", "next": "b" }, "b": { "type": "log", "message": "got ${input}", "level": "warn" } } }""", "[7]");

        Assert.Null(run["a"]["from"]);
        Assert.Equal(("[7]", "1"), (run["a"]["input"]!.ToJsonString(), run.Output("a")));
        Assert.Equal((1, "1"), (run["b"]["from"]!.GetValue<int>(), run["b"]["input"]!.ToJsonString()));
        Assert.Equal(["warn got 1"], run.Log("b"));
        Assert.Contains("seen", Assert.Single(run.Log("a")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptError_IsShownWithItsPlace()
    {
        var id = await server.AddAsync(
            """{ "steps": { "work": { "type": "script", "file": "broken.ts" } } }""",
            ("broken.ts", "const a: number = 1;\nexport default function () {\n  throw new Error('no good');\n}\n"));
        var run = await server.RunByIdAsync(id);

        Assert.Equal(("failed", "work", "script_failed"), (run.State, run.FailedStep, run.ErrorCode));
        var error = run["work"]["error"]!;
        Assert.Equal(("broken.ts", 3), (error["script"]!.GetValue<string>(), error["line"]!.GetValue<int>()));
        Assert.Contains("no good", error["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5", "if big")]
    [InlineData("1", "if small")]
    public async Task If_TakesOneWay(string data, string path) => Assert.Equal(path, (await server.RunAsync(
        """{ "steps": { "if": { "type": "if", "condition": "${input > 3}", "next": { "true": "big", "false": "small" } }, "big": { "type": "log", "message": "b" }, "small": { "type": "log", "message": "s" } } }""", data)).Path);

    [Theory]
    [InlineData("\"eur\"", "which euro")]
    [InlineData("\"usd\"", "which other")]
    public async Task Switch_TakesTheCaseThatEquals(string data, string path) => Assert.Equal(path, (await server.RunAsync(
        """{ "steps": { "which": { "type": "switch", "value": "${input}", "cases": { "eur": "eur" }, "next": { "eur": "euro", "default": "other" } }, "euro": { "type": "log", "message": "e" }, "other": { "type": "log", "message": "o" } } }""", data)).Path);

    [Theory]
    [InlineData("true", "only then")]
    [InlineData("false", "only")]
    public async Task Filter_EndsTheBranch_AndTheRunSucceeds(string data, string path)
    {
        var run = await server.RunAsync("""{ "steps": { "only": { "type": "filter", "condition": "${input}", "next": "then" }, "then": { "type": "log", "message": "t" } } }""", data);
        Assert.Equal(("succeeded", path), (run.State, run.Path));
    }

    [Fact]
    public async Task Variables_AreSeenByLaterSteps_AndReplacedByName()
    {
        var run = await server.RunAsync(
            """
            { "steps": {
                "one": { "type": "set", "values": { "a": "${event.data.n}", "b": "is ${event.data.n}" }, "next": "two" },
                "two": { "type": "set", "values": { "a": "${vars.a + 1}" }, "next": "look" },
                "look": { "type": "script", "code": "return vars" } } }
            """,
            """{"n":1}""");
        Assert.Equal("""{"b":"is 1","a":2}""", run.Output("look"));
    }

    [Fact]
    public async Task Expressions_KeepTheirType_AloneAndBecomeTextAmongText()
    {
        var run = await server.RunAsync("""{ "steps": { "s": { "type": "set", "values": { "n": "${1 + 1}", "t": "n=${1 + 1}", "o": "${ { x: [1] } }", "l": "$${x}" } } } }""");
        Assert.Equal("""{"n":2,"t":"n=2","o":{"x":[1]},"l":"${x}"}""", run.Output("s"));
    }

    [Fact]
    public async Task RunScope_NamesTheRunAndItsVersion()
    {
        var run = await server.RunAsync("""{ "steps": { "s": { "type": "set", "values": { "id": "${run.id}", "version": "${run.version}" } } } }""");
        Assert.Equal($$"""{"id":"{{run.Id}}","version":"{{run.Version}}"}""", run.Output("s"));
    }

    [Fact]
    public async Task Fail_FailsTheRun_WithItsCodeAndMessage()
    {
        var run = await server.RunAsync("""{ "steps": { "no": { "type": "fail", "message": "Too cold: ${event.data}", "code": "too_cold" } } }""", "3");
        Assert.Equal(("failed", "no", "too_cold"), (run.State, run.FailedStep, run.ErrorCode));
        Assert.Equal("Too cold: 3", run.Node["error"]!["message"]!.GetValue<string>());
    }

    [Fact]
    public async Task HttpRequest_HandsOnTheAnswer()
    {
        server.Receiver.On("/ask", 200, """{"rate":1.5}""");
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "next": "use" }, "use": { "type": "set", "values": { "r": "${input.body.rate * 2}" } } } }""");
        Assert.Equal("""{"r":3}""", run.Output("use"));
    }

    [Fact]
    public async Task ErrorOutcome_GetsTheErrorAndTheInput()
    {
        server.Receiver.On("/teapot", 418);
        var run = await server.RunAsync(
            """{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/teapot", "next": { "error": "saved" } }, "saved": { "type": "set", "values": { "code": "${input.error.code}", "step": "${input.error.step}", "status": "${input.error.details.status}", "input": "${input.input}" } } } }""",
            "[1]");
        Assert.Equal(("succeeded", "error"), (run.State, run.Outcome("ask")));
        Assert.Equal("""{"code":"http_status","step":"ask","status":418,"input":[1]}""", run.Output("saved"));
    }

    [Fact]
    public async Task OnError_TakesWhatNoErrorOutcomeTakes_AndTheRunSucceeds()
    {
        var run = await server.RunAsync("""{ "onError": "saved", "start": "no", "steps": { "no": { "type": "fail", "message": "no" }, "saved": { "type": "set", "values": { "from": "${input.error.step}" } } } }""");
        Assert.Equal(("succeeded", "no saved"), (run.State, run.Path));
        Assert.Equal("""{"from":"no"}""", run.Output("saved"));
    }

    [Fact]
    public async Task ErrorInTheHandler_FailsTheRun()
    {
        var run = await server.RunAsync("""{ "onError": "handle", "start": "no", "steps": { "no": { "type": "fail", "message": "first" }, "handle": { "type": "log", "message": "x", "next": "worse" }, "worse": { "type": "fail", "message": "second" } } }""");
        Assert.Equal(("failed", "worse", "no handle worse"), (run.State, run.FailedStep, run.Path));
    }

    [Fact]
    public async Task DisabledStep_IsPassedOver_WithItsInput()
    {
        var run = await server.RunAsync("""{ "steps": { "off": { "type": "fail", "message": "no", "disabled": true, "next": { "error": "then" } }, "then": { "type": "log", "message": "t" } } }""", "7");
        Assert.Equal(("succeeded", "off", "7"), (run.State, run.Path, run.Output("off")));
    }

    [Fact]
    public async Task DisabledIf_GoesTheWayOfItsFirstOutcome()
    {
        var run = await server.RunAsync("""{ "steps": { "off": { "type": "if", "condition": "${nonsense}", "disabled": true, "next": { "true": "then" } }, "then": { "type": "log", "message": "t" } } }""");
        Assert.Equal(("succeeded", "off then"), (run.State, run.Path));
    }

    [Fact]
    public async Task Retry_TriesAgain_AndLogsEachFailure()
    {
        var tries = 0;
        server.Receiver.On("/flaky", (_, context) => RunReceiver.WriteAsync(context, ++tries < 3 ? 503 : 200, "1"));
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/flaky", "retry": { "attempts": 5, "initial": "1ms", "max": "2ms" } } } }""");
        Assert.Equal(("succeeded", 3), (run.State, run["ask"]["attempts"]!.GetValue<int>()));
        Assert.Equal(["warn Try 1 of 5", "warn Try 2 of 5"], run.Log("ask").Select(l => l[..15]));
    }

    [Fact]
    public async Task Retry_GivesUpAfterItsAttempts()
    {
        server.Receiver.On("/down", 500);
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/down", "method": "POST", "retry": { "attempts": 3, "initial": "1ms", "max": "1ms", "backoff": "constant" } } } }""");
        Assert.Equal(("failed", 3), (run.State, run["ask"]["attempts"]!.GetValue<int>()));
        Assert.Single((await server.Receiver.NextAsync("/down", 3)).Select(a => a.Key).Distinct());
    }

    [Fact]
    public async Task Retry_LeavesAloneWhatTryingAgainCannotMend()
    {
        var run = await server.RunAsync("""{ "steps": { "no": { "type": "fail", "message": "no", "retry": { "attempts": 5, "initial": "1ms" } } } }""");
        Assert.Equal(1, run["no"]["attempts"]!.GetValue<int>());
    }

    [Fact]
    public async Task Timeout_FailsTheStep()
    {
        server.Receiver.Hold("/slow");
        var run = await server.RunAsync("""{ "steps": { "ask": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "50ms" } } }""");
        Assert.Equal(("failed", "timed_out"), (run.State, run.ErrorCode));
    }

    [Fact]
    public async Task DeepOutput_OfAScript_IsKept()
    {
        var run = await server.RunAsync("""{ "steps": { "deep": { "type": "script", "code": "let v = 1; for (let i = 0; i < 60; i++) v = [v]; return v", "next": "no" }, "no": { "type": "fail", "message": "no", "next": { "error": "after" } }, "after": { "type": "webhook.send", "url": "RECEIVER/deep" } } }""");
        Assert.Equal("succeeded", run.State);
        Assert.Contains(new string('[', 60), (await server.Receiver.NextAsync("/deep")).Body, StringComparison.Ordinal);
    }
}
