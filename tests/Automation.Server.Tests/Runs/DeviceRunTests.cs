using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Steps that remember keys, in the whole server: what they remember and their timers outlive crashes and keep the order of the key.</summary>
public sealed class DeviceRunTests
{
    private const string Debounced =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/calm/{device}" } },
          "steps": { "seen": { "type": "script", "code": "(state.seen ??= []).push(event.data); return { n: event.data, twice: event.data * 2 }", "next": "calm" },
            "calm": { "type": "debounce", "for": "10s", "next": "note" },
            "note": { "type": "script", "code": "(state.passed ??= []).push(input.n); return state", "next": "tell" },
            "tell": { "type": "webhook.send", "url": "RECEIVER/calm", "body": { "device": "${event.params.device}", "n": "${event.data}", "twice": "${steps.seen.output.twice}", "state": "${input}", "time": "${event.time}" } } } }
        """;

    [Fact]
    public async Task Timer_StartsARunWithTheHeldEvent_OverACrash_Once()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(Debounced);
        await SendAsync(server, "calm/a", "1");
        time.Advance(TimeSpan.FromSeconds(4));
        await SendAsync(server, "calm/a", "2");
        await SendAsync(server, "calm/b", "3");
        var heldAt = time.GetUtcNow();
        await server.CrashAsync();
        time.Advance(TimeSpan.FromHours(1));
        await server.StartAsync();
        var told = (await server.Receiver.NextAsync("/calm", 2)).Select(a => a.Body).Order().ToList();
        Assert.Equal($$"""{"device":"a","n":2,"twice":4,"state":{"seen":[1,2],"passed":[2]},"time":"{{heldAt:yyyy-MM-ddTHH:mm:ssZ}}"}""", told[0]);
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE copy_of = (SELECT max(id) FROM events WHERE copy_of IS NULL AND id < (SELECT max(id) FROM events WHERE copy_of IS NULL))"));
        Assert.Equal((2L, 0L, 0L), (server.Count("SELECT count(*) FROM events WHERE trigger_type = 'timer' AND state = 'done'"), server.Count("SELECT count(*) FROM key_timers"), server.Count("SELECT count(*) FROM step_states")));
        Assert.Equal(heldAt.AddSeconds(10).ToUnixTimeMilliseconds(), server.Count("SELECT max(accepted_at) FROM events WHERE trigger_type = 'timer'"));
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal(5, server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"));
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task Timer_GoesBeforeWhatWasAcceptedAtItsTimeOrLater_AlsoWhenItIsLate()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var gate = server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "key": "one", "triggers": { "in": { "type": "webhook", "path": "/late" } },
              "steps": { "slow": { "type": "http.request", "method": "POST", "url": "RECEIVER/slow", "timeout": "24h", "body": "${event.data}", "next": "calm" }, "calm": { "type": "debounce", "for": "10s", "next": "note" }, "note": { "type": "script", "code": "(state.passed ??= []).push(input)" } } }
            """.Replace("\"next\": \"calm\" }", "\"next\": \"data\" }, \"data\": { \"type\": \"script\", \"code\": \"return event.data\", \"next\": \"calm\" }", StringComparison.Ordinal));
        await SendOnlyAsync(server, "late", "1");
        await server.Receiver.NextAsync("/slow");
        time.Advance(TimeSpan.FromSeconds(5));
        await SendOnlyAsync(server, "late", "2");
        time.Advance(TimeSpan.FromSeconds(30));
        await SendOnlyAsync(server, "late", "3");
        server.Receiver.On("/slow", 200);
        gate.SetResult();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"passed":[2]}""", server.GetState(id, "one")); // 1 and 2 are one burst, which was over before 3 came
        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow().AddSeconds(10)));
        time.Advance(TimeSpan.FromSeconds(10));
        await WorkflowServer.UntilAsync(() => server.GetState(id, "one") == """{"passed":[2,3]}""");
    }

    [Fact]
    public async Task TimersOfAParkedKey_WaitUntilItGoesOn()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "key": "one", "triggers": { "in": { "type": "webhook", "path": "/parks" } },
              "steps": { "check": { "type": "if", "condition": "${event.data < 9}", "next": { "true": "calm", "false": "no" } }, "no": { "type": "fail", "message": "no" }, "calm": { "type": "debounce", "for": "10s", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/parked" } } }
            """);
        await SendAsync(server, "parks", "1");
        await SendAsync(server, "parks", "9");
        time.Advance(TimeSpan.FromSeconds(60));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM key_timers WHERE waiting = 1") == 1);
        using (var skipped = await server.Http.PostAsync(new Uri($"/api/workflows/{id}/keys/one/skip", UriKind.Relative), null)) Assert.True(skipped.IsSuccessStatusCode);
        Assert.Equal("1", (await server.Receiver.NextAsync("/parked")).Body);
    }

    [Fact]
    public async Task Timer_OfAStepThatIsGone_IsDroppedWithALogLine()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(Debounced);
        await SendAsync(server, "calm/a", "1");
        await server.ChangeAsync(id, """{ "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/calm/{device}" } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        await SendAsync(server, "calm/b", "1"); // stores the version
        time.Advance(TimeSpan.FromSeconds(10));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'cancelled'") == 1);
        await WorkflowServer.UntilAsync(() => server.Logged.Any(line => line.Contains($"The timer of calm for the key a of {id} is dropped", StringComparison.Ordinal)));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
    }

    [Fact]
    public async Task Step_ThatWouldKeepTooMuch_Fails_AndKeepsWhatItHad()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxStepStateBytes", "2000"));
        var id = await server.AddAsync("""{ "key": "one", "onKeyFailure": "continue", "triggers": { "in": { "type": "webhook", "path": "/big" } }, "steps": { "calm": { "type": "debounce", "for": "10h" } } }""");
        Assert.Equal("succeeded", (await server.HookAsync(id, "/hooks/big", WorkflowServer.Json("1"))).State);
        var run = await server.HookAsync(id, "/hooks/big", WorkflowServer.Json("\"" + new string('x', 3000) + "\""));
        Assert.Equal(("failed", "step_state_too_large"), (run.State, run.ErrorCode));
        Assert.Equal(1, server.Count("SELECT count(*) FROM key_timers WHERE event_id = (SELECT min(id) FROM events)"));
    }

    [Fact]
    public async Task Window_ThatWouldBeTooLarge_ClosesAsFull_ASlidingOneForgets()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxStepStateBytes", "2000"));
        async Task<string> OutputsAsync(string window)
        {
            var id = await server.AddAsync($$"""{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/large" } }, "steps": { "gather": { "type": "window", {{window}}, "count": 10, "code": "return [input.items.length, input.reason]" } } }""");
            var outputs = new List<string>();
            for (var i = 0; i < 5; i++)
            {
                var run = await server.HookAsync(id, "/hooks/large", WorkflowServer.Json("\"" + new string('x', 800) + "\""));
                outputs.Add(run.Outcome("gather") == "done" ? run.Output("gather") : run.Outcome("gather"));
            }

            await server.RemoveAsync(id);
            return string.Join(' ', outputs);
        }

        Assert.Equal("""held held [3,"full"] held held""", await OutputsAsync("\"kind\": \"tumbling\""));
        Assert.Equal("""[1,"event"] [2,"event"] [3,"event"] [3,"event"] [3,"event"]""", await OutputsAsync("\"kind\": \"sliding\""));
    }

    [Fact]
    public async Task Window_WhoseScriptFails_IsOver()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """
            { "key": "one", "onKeyFailure": "continue", "triggers": { "in": { "type": "webhook", "path": "/throws" } },
              "steps": { "gather": { "type": "window", "count": 2, "code": "if (input.items.includes(1)) throw new Error('no'); return input.items" } } }
            """);
        await server.HookAsync(id, "/hooks/throws", WorkflowServer.Json("1"));
        Assert.Equal("failed", (await server.HookAsync(id, "/hooks/throws", WorkflowServer.Json("2"))).State);
        Assert.Equal("held", (await server.HookAsync(id, "/hooks/throws", WorkflowServer.Json("3"))).Outcome("gather"));
        Assert.Equal("[3,4]", (await server.HookAsync(id, "/hooks/throws", WorkflowServer.Json("4"))).Output("gather"));
    }

    [Theory]
    [InlineData("${event.data.n}")]
    [InlineData("${event.data.n * 1}")]
    public async Task NumberBeyondAllNumbers_IsNotTakenForTheInput(string value)
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunAsync($$"""{ "key": "one", "steps": { "gather": { "type": "window", "count": 2, "value": "{{value}}" } } }""", """{"n":1e999}""");
        Assert.Equal("config_invalid", run.ErrorCode);
        Assert.DoesNotContain("object", run.Node["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StateTtl_EndsWhatStepsRemember_ButNotBeforeTheirTimers()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "key": "one", "stateTtl": "1h", "triggers": { "in": { "type": "webhook", "path": "/ttl" } },
              "steps": { "new": { "type": "changed", "value": "${event.data}", "next": { "done": "quiet", "dropped": "quiet" } }, "quiet": { "type": "silence", "for": "3h", "next": { "silent": "tell" } }, "tell": { "type": "webhook.send", "url": "RECEIVER/quiet" } } }
            """);
        Assert.Equal("done", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Outcome("new"));
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("dropped", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Outcome("new"));
        time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal("done", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Outcome("new"));
        time.Advance(TimeSpan.FromHours(3));
        await server.Receiver.NextAsync("/quiet");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(0, server.Count("SELECT count(*) FROM step_states WHERE expires_at IS NULL"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Timers_OfAWorkflowThatIsOffOrGone_AreDroppedWithALogLine(bool isGone)
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(
            """
            { "key": "one", "triggers": { "in": { "type": "webhook", "path": "/off", "start": "calm" }, "quiet": { "type": "silence", "for": "1m", "start": "tell" } },
              "steps": { "calm": { "type": "debounce", "for": "30s", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/off" } } }
            """);
        await SendAsync(server, "off", "1");
        if (isGone) await server.RemoveAsync(id);
        else await server.PostAsync($"/api/workflows/{id}/disable", "", 200);
        time.Advance(TimeSpan.FromMinutes(1));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'cancelled'") == 2);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(0, server.Receiver.Waiting("/off"));
        foreach (var target in new[] { "calm", "quiet" }) Assert.Contains(server.Logged, line => line.Contains($"The timer of {target} for the key one of {id} is dropped: the workflow is switched off", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeviceSteps_InALoop_SeeTheItemsInTheirOrder()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunAsync(
            """
            { "key": "one", "steps": { "each": { "type": "forEach", "items": "${event.data}", "concurrency": 1, "next": { "item": "new", "done": "all" } },
                "new": { "type": "changed", "value": "${item}", "next": "keep" }, "keep": { "type": "script", "code": "(state.kept ??= []).push(item)" }, "all": { "type": "script", "code": "return state.kept" } } }
            """,
            "[1,1,2,2,1]");
        Assert.Equal("[1,2,1]", run.Output("all"));
    }

    [Fact]
    public async Task SilenceTrigger_WatchesEachKeyThatWasHeard_OverACrash()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync(
            """
            { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/alive/{device}", "start": "heard" }, "quiet": { "type": "silence", "for": "1m", "start": "tell" } },
              "steps": { "heard": { "type": "log", "message": "heard" }, "tell": { "type": "webhook.send", "url": "RECEIVER/quiet", "body": { "device": "${event.params.device}", "last": "${event.data}" } } } }
            """);
        await SendAsync(server, "alive/a", "1");
        time.Advance(TimeSpan.FromSeconds(40));
        await SendAsync(server, "alive/b", "2");
        await SendAsync(server, "alive/a", "3");
        await server.CrashAsync();
        await server.StartAsync();
        time.Advance(TimeSpan.FromSeconds(40));
        await SendAsync(server, "alive/b", "4");
        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow().AddSeconds(20)));
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal("""{"device":"a","last":3}""", (await server.Receiver.NextAsync("/quiet")).Body);
        await ToldAsync(1, 40);
        time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal("""{"device":"b","last":4}""", (await server.Receiver.NextAsync("/quiet")).Body);
        await ToldAsync(2);
        time.Advance(TimeSpan.FromHours(2)); // once each: the next is of what is heard after it
        await SendAsync(server, "alive/a", "5");
        await ToldAsync(2, 60);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("""{"device":"a","last":5}""", (await server.Receiver.NextAsync("/quiet")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(3, server.Count("SELECT count(*) FROM events WHERE trigger_type = 'silence'"));

        // An attempt that is still under way when hours pass has taken hours.
        Task ToldAsync(int count, int? due = null) => WorkflowServer.UntilAsync(() =>
            (due is not { } seconds || time.IsAwaited(time.GetUtcNow().AddSeconds(seconds))) && server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == count);
    }

    [Fact]
    public async Task SilenceTrigger_HearsCallsAndFailures_AsAnyOtherEvent()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var watcher = await server.AddAsync(
            """
            { "key": "${event.data.device ?? event.data.workflow}", "triggers": { "quiet": { "type": "silence", "for": "1m", "start": "tell" } }, "start": "heard",
              "steps": { "heard": { "type": "log", "message": "heard" }, "tell": { "type": "webhook.send", "url": "RECEIVER/quiet", "body": { "key": "${run.key}" } } } }
            """);
        await server.RunAsync($$"""{ "steps": { "call": { "type": "workflow.call", "workflow": "{{watcher}}", "wait": false, "input": { "device": "d1" } } } }""");
        var failing = await server.AddAsync($$"""{ "onError": { "workflow": "{{watcher}}" }, "steps": { "a": { "type": "fail", "message": "no" } } }""");
        await server.RunByIdAsync(failing);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0 && time.IsAwaited(time.GetUtcNow().AddMinutes(1)));
        time.Advance(TimeSpan.FromMinutes(1));
        var told = await server.Receiver.NextAsync("/quiet", 2);
        Assert.Equal([$$"""{"key":"{{failing}}"}""", """{"key":"d1"}"""], told.Select(t => t.Body).OrderDescending(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ColdRoomOfTheDesign_TellsAfterFiveWarmMinutes_AndWhenItIsOver()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        server.SetSecret("GITHUB_HOOK", "hook");
        server.SetSecret("SLACK_URL", server.Receiver.Url + "/slack");
        var id = await server.AddAsync(
            """
            {
              "$schema": "./workflow.schema.json",
              "name": "Cold room alert",
              "description": "Tell the shift when a room has been too warm for five minutes.",
              "key": "${event.params.room}",
              "triggers": {
                "reading": { "type": "mqtt", "topic": "plants/{plant}/rooms/{room}/temperature", "qos": 1 },
                "tool":    { "type": "webhook", "path": "/cold-room/{room}", "methods": ["POST"], "verify": { "scheme": "github", "secrets": ["GITHUB_HOOK"] } }
              },
              "steps": {
                "warm":    { "type": "threshold", "value": "${event.data.celsius}", "above": 8, "clearBelow": 7, "for": "5m", "next": { "raised": "message", "cleared": "message" } },
                "message": { "type": "script", "file": "cold-room-alert.ts", "next": "slack" },
                "slack":   { "type": "webhook.send", "url": "${secret.SLACK_URL}", "body": { "text": "${input.text}" } }
              },
              "start": "warm"
            }
            """,
            ("cold-room-alert.ts", "export default function ({ event, steps }: any) { return { text: `${event.params.room} ${event.data.celsius} ${steps.warm.outcome}` }; }"));
        await using var client = new Automation.Mqtt.Client.MqttClient(new() { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}") });
        await client.ConnectAsync();
        async Task ReadAsync(double celsius)
        {
            await client.PublishAsync(new Automation.Mqtt.MqttApplicationMessage { Topic = "plants/p1/rooms/r1/temperature", Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"celsius":{{celsius.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}"""), QualityOfService = Automation.Mqtt.MqttQualityOfService.AtLeastOnce });
            await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        }

        await ReadAsync(9);
        time.Advance(TimeSpan.FromMinutes(4));
        await ReadAsync(9.5);
        Assert.Equal(0, server.Receiver.Waiting("/slack"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("""{"text":"r1 9.5 raised"}""", (await server.Receiver.NextAsync("/slack")).Body);
        await ReadAsync(7.5);
        await ReadAsync(6.9);
        Assert.Equal("""{"text":"r1 6.9 cleared"}""", (await server.Receiver.NextAsync("/slack")).Body);
        Assert.NotEmpty(id);
    }

    [Fact]
    public async Task Lookup_ReadsTheStateOfAnotherKey_OfAnyWorkflow()
    {
        await using var server = await WorkflowServer.StartAsync();
        var other = await server.AddAsync("""{ "key": "${event.data.room}", "triggers": { "in": { "type": "webhook", "path": "/room" } }, "steps": { "keep": { "type": "script", "code": "state.name = event.data.name" } } }""");
        Assert.Equal("succeeded", (await server.HookAsync(other, "/hooks/room", WorkflowServer.Json("""{"room":"r1","name":"Cellar"}"""))).State);
        var id = await server.AddAsync($$"""{ "steps": { "ask": { "type": "lookup", "workflow": "{{other}}", "key": "${event.data}", "next": { "found": "a", "missing": "b" } }, "a": { "type": "script", "code": "return input.name" }, "b": { "type": "script", "code": "return input" } } }""");
        Assert.Equal("\"Cellar\"", (await server.RunByIdAsync(id, "\"r1\"")).Output("a"));
        Assert.Equal("null", (await server.RunByIdAsync(id, "\"r2\"")).Output("b"));
    }

    [Fact]
    public async Task KeysApi_ShowsWhatStepsRemember_AndForgetsIt()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync(Debounced);
        await SendAsync(server, "calm/a", "1");
        var step = Assert.Single((await server.GetAsync($"/api/workflows/{id}/keys/a"))["steps"]!.AsArray())!;
        Assert.Equal(("calm", "debounce", time.GetUtcNow().AddSeconds(10)), (step["step"]!.GetValue<string>(), step["type"]!.GetValue<string>(), step["timerAt"]!.GetValue<DateTimeOffset>()));
        using (var forgotten = await server.Http.DeleteAsync(new Uri($"/api/workflows/{id}/keys/a/steps/calm", UriKind.Relative))) Assert.Equal(204, (int)forgotten.StatusCode);
        Assert.Empty((await server.GetAsync($"/api/workflows/{id}/keys/a"))["steps"]!.AsArray());
        Assert.Equal(0, server.Count("SELECT count(*) FROM key_timers"));
    }

    private static async Task SendAsync(WorkflowServer server, string path, string body)
    {
        await SendOnlyAsync(server, path, body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
    }

    private static async Task SendOnlyAsync(WorkflowServer server, string path, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + path, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(202, (int)answer.StatusCode);
    }
}
