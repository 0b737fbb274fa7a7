using System.Net;
using System.Text.Json.Nodes;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Failed runs that an operator retries.</summary>
public sealed class RetryTests
{
    private const string Asker =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/ask" } },
          "steps": { "salt": { "type": "script", "code": "return Math.random()", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/before", "body": "${input}", "next": "ask" },
            "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "body": "${steps.salt.output}", "next": "after" }, "after": { "type": "webhook.send", "url": "RECEIVER/after", "body": "${steps.salt.output}" } } }
        """;

    private const string Keyed =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/keyed/{device}" } },
          "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "body": "${event.data}", "next": "keep" },
            "keep": { "type": "script", "code": "(state.order ??= []).push(event.data); return state.order" } } }
        """;

    [Fact]
    public async Task FailedRun_GoesOnAtItsFailedStep_WithItsDataAndKeys_AlsoAfterACrash()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        var run = (await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"))).Id;
        var first = await server.Receiver.NextAsync("/ask");
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'failed' AND failed_runs = 1"));
        await server.CrashAsync();
        server.Receiver.Hold("/ask");
        await server.StartAsync();
        Assert.Equal(run, (await server.PostAsync($"/api/runs/{run}/retry", "", 202))["id"]!.GetValue<string>());
        Assert.Equal((first.Key, first.Body), await KeyAndBodyAsync(server, "/ask"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'accepted' AND failed_runs = 0 AND open_runs = 1"));
        await server.CrashAsync(); // in the middle of it
        server.Receiver.On("/ask", 200);
        await server.StartAsync();
        Assert.Equal(first.Body, (await server.Receiver.NextAsync("/after")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        var ended = await server.GetRunAsync(run);
        Assert.Equal(("succeeded", "salt tell ask ask after", null), (ended.State, ended.Path, ended.ErrorCode));
        await server.Receiver.NextAsync("/before");
        Assert.Equal(0, server.Receiver.Waiting("/before"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'done' AND open_runs = 0 AND failed_runs = 0"));
        Assert.Equal(0, server.Count("SELECT count(*) FROM runs WHERE snapshot IS NOT NULL"));
        Assert.Contains("has not failed", (await server.PostAsync($"/api/runs/{run}/retry", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunThatFailsAgain_CanBeRetriedAgain()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        var run = (await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"))).Id;
        await server.EndAsync(ends);
        for (var i = 0; i < 3; i++)
        {
            await server.PostAsync($"/api/runs/{run}/retry", "", 202);
            Assert.Equal("failed", (await server.EndAsync(ends)).State);
            Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'failed' AND open_runs = 0 AND failed_runs = 1"));
        }

        Assert.Equal("salt tell ask ask ask ask", (await server.GetRunAsync(run)).Path);
        Assert.Equal(0, server.Engine.Open);
    }

    [Fact]
    public async Task OtherBranches_GoOnWhereTheyWere_WaitsAndJoinsIncluded()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        server.Receiver.On("/ask", 400);
        var slow = server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/both" } },
              "steps": { "go": { "type": "log", "message": "x", "next": ["ask", "wait", "slow", "quick"] }, "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "next": "join" },
                "wait": { "type": "delay", "for": "2h", "next": "join" }, "slow": { "type": "http.request", "method": "POST", "url": "RECEIVER/slow", "next": "counted" }, "counted": { "type": "webhook.send", "url": "RECEIVER/counted", "next": "join" },
                "quick": { "type": "script", "code": "return 7", "next": "join" }, "join": { "type": "join", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${Object.keys(input).sort()}" } } }
            """);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        await PostAsync(server, "both", "1");
        await server.Receiver.NextAsync("/ask");
        await server.Receiver.NextAsync("/slow");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 1);
        slow.SetResult(); // ends after the failure, or before: its arrow is followed once
        var run = await server.EndAsync(changes);
        Assert.Equal(("failed", "ask"), (run.State, run.FailedStep));
        Assert.Equal(1, server.Count("SELECT count(*) FROM waits"));
        await server.CrashAsync();
        server.Receiver.On("/ask", 200);
        await server.StartAsync();
        using var again = server.Get<RunFeed>().Subscribe(id)!;
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        await WorkflowServer.NextAsync(again, "waiting");
        await server.Receiver.NextAsync("/counted");
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("""["ask","counted","quick","wait"]""", (await server.Receiver.NextAsync("/told")).Body);
        var ended = await server.EndAsync(again);
        Assert.Equal(("succeeded", "done", "done"), (ended.State, ended.Outcome("slow"), ended.Outcome("counted"))); // once each
        Assert.Equal((0, 1L), (server.Receiver.Waiting("/slow"), server.Count("SELECT count(*) FROM deliveries WHERE step_id = 'counted'"))); // which a crash may have sent twice
        Assert.Equal(0, server.Count("SELECT count(*) FROM waits"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task ForEach_RetriesTheFailedItem_AndGoesOnWithTheRest(int concurrency)
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/item", (arrival, context) => RunReceiver.WriteAsync(context, arrival.Body == "3" ? 400 : 200, arrival.Body));
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/each" } },
              "steps": { "each": { "type": "forEach", "items": "${event.data}", "concurrency": CONCURRENCY, "next": { "item": "ask", "done": "tell" } },
                "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/item", "body": "${item}", "next": "twice" }, "twice": { "type": "script", "code": "return item * 2" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${input}" } } }
            """.Replace("CONCURRENCY", $"{concurrency}", StringComparison.Ordinal));
        var run = await server.HookAsync(id, "/hooks/each", WorkflowServer.Json("[1,2,3,4,5]"));
        Assert.Equal(("failed", "each", "item_failed"), (run.State, run.FailedStep, run.ErrorCode));
        var before = new Dictionary<string, string?>();
        while (server.Receiver.Waiting("/item") > 0) before[(await server.Receiver.NextAsync("/item")) is var sent ? sent.Body : ""] = sent.Key;
        await server.CrashAsync();
        server.Receiver.On("/item", (arrival, context) => RunReceiver.WriteAsync(context, 200, arrival.Body));
        await server.StartAsync();
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        Assert.Equal("[2,4,6,8,10]", (await server.Receiver.NextAsync("/told")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("succeeded", (await server.GetRunAsync(run.Id)).State);
        var after = new Dictionary<string, string?>();
        while (server.Receiver.Waiting("/item") > 0) after[(await server.Receiver.NextAsync("/item")) is var sent ? sent.Body : ""] = sent.Key;
        Assert.Equal(before["3"], after["3"]); // the same idempotency key
        if (concurrency == 1) Assert.Equal(["3", "4", "5"], after.Keys);
        Assert.All(after, sent => Assert.Equal($"{run.Id}.ask.each[{int.Parse(sent.Key, null) - 1}]", sent.Value));
    }

    [Fact]
    public async Task ForEach_WaitsAgainForTheCallbackOfAnItem_WhenAnotherItemFailed()
    {
        await using var server = await WorkflowServer.StartAsync();
        var ask = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/each" } },
              "steps": { "each": { "type": "forEach", "items": "${[1, 2]}", "concurrency": 2, "next": { "item": "which", "done": "tell" } },
                "which": { "type": "if", "condition": "${item === 1}", "next": { "true": "ask", "false": "link" } }, "ask": { "type": "http.request", "url": "RECEIVER/ask" },
                "link": { "type": "http.request", "method": "POST", "url": "RECEIVER/link", "body": "${run.callbacks.ok}", "next": "ok" },
                "ok": { "type": "wait", "callback": {}, "timeout": "1h", "next": { "done": "yes", "timeout": "no" } }, "yes": { "type": "script", "code": "return 'yes'" }, "no": { "type": "script", "code": "return 'no'" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${input[1]}" } } }
            """);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        await PostAsync(server, "each", "1");
        var url = (await server.Receiver.NextAsync("/link")).Body.Trim('"');
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 1);
        server.Receiver.On("/ask", 400);
        ask.SetException(new InvalidOperationException("The receiver fails."));
        var run = await server.EndAsync(changes);
        Assert.Equal("failed", run.State);
        server.Receiver.On("/ask", 200);
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        await WorkflowServer.NextAsync(changes, "waiting");
        (await server.Http.PostAsync(new Uri(url), null)).EnsureSuccessStatusCode().Dispose();
        Assert.Equal("\"yes\"", (await server.Receiver.NextAsync("/told")).Body);
    }

    [Fact]
    public async Task NestedLoops_GoOnAtTheInnerItem_AndItsBranches()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/item", (arrival, context) => RunReceiver.WriteAsync(context, arrival.Body == "4" ? 400 : 200, arrival.Body));
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/nested" } },
              "steps": { "outer": { "type": "forEach", "items": "${event.data}", "next": { "item": "inner", "done": "tell" } }, "inner": { "type": "forEach", "items": "${item}", "next": { "item": "fork", "done": "sum" } },
                "fork": { "type": "log", "message": "x", "next": ["ask", "wait"] }, "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/item", "body": "${item}", "next": "join" }, "wait": { "type": "delay", "for": "1ms", "next": "join" },
                "join": { "type": "join", "next": "value" }, "value": { "type": "script", "code": "return item" }, "sum": { "type": "script", "code": "return input.reduce((a, b) => a + b, 0)" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${input}" } } }
            """);
        var run = await server.HookAsync(id, "/hooks/nested", WorkflowServer.Json("[[1,2],[3,4,5],[6]]"));
        Assert.Equal(("failed", "outer"), (run.State, run.FailedStep));
        Assert.Equal(["1", "2", "3", "4"], (await server.Receiver.NextAsync("/item", 4)).Select(sent => sent.Body));
        server.Receiver.On("/item", (arrival, context) => RunReceiver.WriteAsync(context, 200, arrival.Body));
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        Assert.Equal("[3,12,6]", (await server.Receiver.NextAsync("/told")).Body);
        Assert.Equal(["4", "5", "6"], (await server.Receiver.NextAsync("/item", 3)).Select(sent => sent.Body));
        Assert.Equal(0, server.Receiver.Waiting("/item"));
    }

    [Fact]
    public async Task FailureThatWouldOnlyRepeat_IsRetriedFromTheStart_AndTheAnswerSaysSo()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "key": "${event.data.device}", "triggers": { "in": { "type": "webhook", "path": "/nokey" } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        var run = await server.HookAsync(id, "/hooks/nokey", WorkflowServer.Json("{}"));
        Assert.Contains("from=start", (await server.PostAsync($"/api/runs/{run.Id}/retry", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("key could not be worked out", (await server.PostAsync($"/api/runs/{run.Id}/retry?from=start", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        await server.PostAsync($"/api/runs/{run.Id}/retry?from=middle", "", 400);
        await server.PostAsync("/api/runs/run_0000000000001/retry", "", 404);
        await server.PostAsync("/api/runs/run_0000000000001/retry?from=start", "", 404);
        await server.ChangeAsync(id, """{ "key": "${event.data.device ?? 'none'}", "triggers": { "in": { "type": "webhook", "path": "/nokey" } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        var retried = await server.PostAsync($"/api/runs/{run.Id}/retry?version=newest", "", 202);
        Assert.Equal(run.Id, retried["retryOf"]!.GetValue<string>());
        var ended = await server.EndAsync(ends);
        Assert.Equal(("succeeded", run.Id, "none"), (ended.State, ended.Node["retryOf"]!.GetValue<string>(), ended.Node["key"]!.GetValue<string>()));
        Assert.NotEqual(run.Version, ended.Version);
        Assert.Equal(ended.Id, (await server.GetRunAsync(run.Id)).Node["retriedAs"]!.GetValue<string>());
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'done' AND failed_runs = 0"));
        Assert.Contains(ended.Id, (await server.PostAsync($"/api/runs/{run.Id}/retry", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/hooks/mend", false)]
    [InlineData("/hooks/first", true)] // nothing is behind it
    public async Task ScriptThatIsMended_GoesOnAtTheFailedStep_InTheNewestVersion(string hook, bool isFirst)
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Mended("return event.data.missing.temperature"));
        var run = await server.HookAsync(id, hook, WorkflowServer.Json("20"));
        Assert.Equal(("failed", "convert"), (run.State, run.FailedStep));
        await server.ChangeAsync(id, Mended("return event.data + 1"));

        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        var retried = await server.PostAsync($"/api/runs/{run.Id}/retry?from=failedStep&version=newest", "", 202);
        var ended = await server.EndAsync(ends);

        Assert.Equal((run.Id, null), (retried["id"]!.GetValue<string>(), retried["retryOf"]));
        Assert.Equal((run.Id, "succeeded"), (ended.Id, ended.State));
        Assert.NotEqual(run.Version, ended.Version);
        Assert.Equal((run.Version, ended.Version), (ended.Node["moves"]![0]!["from"]!.GetValue<string>(), ended.Node["moves"]![0]!["to"]!.GetValue<string>()));
        Assert.Equal("21", (await server.Receiver.NextAsync("/told")).Body);
        if (!isFirst) Assert.Equal("20", (await server.Receiver.NextAsync("/before")).Body);
        Assert.Equal(0, server.Receiver.Waiting("/before")); // what had run did not run again
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal(ended.Version, (await server.GetRunAsync(run.Id)).Version);

        static string Mended(string code) => $$"""
            { "triggers": { "in": { "type": "webhook", "path": "/mend" }, "first": { "type": "webhook", "path": "/first", "start": "convert" } }, "start": "before",
              "steps": { "before": { "type": "http.request", "method": "POST", "url": "RECEIVER/before", "body": "${event.data}", "next": "convert" },
                "convert": { "type": "script", "code": "{{code}}", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": "${input}" } } }
            """;
    }

    [Fact]
    public async Task VersionInWhichARunCannotGoOn_IsRefused_WithTheReason_AndTheRunStaysAsItWas()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        var run = await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"));
        await server.ChangeAsync(id, Asker.Replace("\"ask\"", "\"question\"", StringComparison.Ordinal));
        server.Receiver.On("/ask", 200);
        var detail = (await server.PostAsync($"/api/runs/{run.Id}/retry?from=failedStep&version=newest", "", 409))["detail"]!.GetValue<string>();
        Assert.Contains("\"ask\", which the version does not have", detail, StringComparison.Ordinal);
        Assert.Contains("from=start", detail, StringComparison.Ordinal);
        var after = await server.GetRunAsync(run.Id);
        Assert.Equal(("failed", run.Version), (after.State, after.Version));
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202); // in its own it still can
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("succeeded", (await server.GetRunAsync(run.Id)).State);
    }

    [Fact]
    public async Task RunThatParksItsKey_GoesOnInTheNewestVersion_BeforeThoseBehindIt()
    {
        await using var server = await WorkflowServer.StartAsync();
        string Text(string body) => $$"""{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/turn" } }, "steps": { "check": { "type": "script", "code": "{{body}}", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/turn", "body": "${input}" } } }""";
        var id = await server.AddAsync(Text("if (event.data === 1) throw new Error('no'); return event.data"));
        var run = await server.HookAsync(id, "/hooks/turn", WorkflowServer.Json("1"));
        using (var behind = await server.Http.PostAsync(new Uri("/hooks/turn", UriKind.Relative), WorkflowServer.Json("2"))) Assert.Equal(HttpStatusCode.Accepted, behind.StatusCode);
        await server.ChangeAsync(id, Text("return event.data"));
        Assert.Equal(run.Id, (await server.PostAsync($"/api/workflows/{id}/keys/one/retry?from=failedStep&version=newest", "", 202))["id"]!.GetValue<string>());
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(1, server.Count("SELECT count(*) FROM deliveries first JOIN deliveries second ON second.id > first.id AND second.run_id > first.run_id"));
        Assert.Empty((await server.GetAsync("/api/keys/parked"))["items"]!.AsArray());
    }

    [Fact]
    public async Task RetryFromTheStart_IsAnotherRun_WithKeysOfItsOwn()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        var run = await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"));
        await server.ChangeAsync(id, Asker.Replace("/after", "/other", StringComparison.Ordinal));
        server.Receiver.On("/ask", 200);
        var again = (await server.PostAsync($"/api/runs/{run.Id}/retry?from=start", "", 202))["id"]!.GetValue<string>();
        await server.Receiver.NextAsync("/after"); // its own version
        Assert.Equal([$"{run.Id}.ask", $"{again}.ask"], (await server.Receiver.NextAsync("/ask", 2)).Select(sent => sent.Key));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(("failed", "succeeded"), ((await server.GetRunAsync(run.Id)).State, (await server.GetRunAsync(again)).State));
    }

    [Fact]
    public async Task SnapshotLargerThanARunMayBe_IsNotKept()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxRunBytes", "65536"));
        var id = await server.AddAsync("""{ "steps": { "big": { "type": "script", "code": "return 'x'.repeat(60000)", "next": "copy" }, "copy": { "type": "set", "values": { "a": "${input}" }, "next": "no" }, "no": { "type": "fail", "message": "no" } } }""");
        var run = await server.RunByIdAsync(id);
        Assert.Equal(0, server.Count("SELECT count(*) FROM runs WHERE snapshot IS NOT NULL"));
        Assert.Contains("from=start", (await server.PostAsync($"/api/runs/{run.Id}/retry", "", 409))["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailureBeforeACrash_KeepsTheBranchesThatWereUnderWay()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/half", "respond": "result", "timeout": "60s" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["no", "say", "slow"] }, "no": { "type": "fail", "message": "no" },
                "say": { "type": "respond", "body": "${1 + 1}", "next": "told" }, "told": { "type": "webhook.send", "url": "RECEIVER/said" }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s" } } }
            """);
        using (var answer = await server.Http.PostAsync(new Uri("/hooks/half", UriKind.Relative), WorkflowServer.Json("1")))
            Assert.Equal("2", await answer.Content.ReadAsStringAsync()); // so it was saved after "no" had failed
        await server.CrashAsync();
        server.Receiver.On("/slow", 200);
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        var snapshot = JsonNode.Parse((string)server.Database.Scalar("SELECT snapshot FROM runs WHERE state = 'failed'")!)!;
        Assert.Equal(["no", "slow", "told"], snapshot["tokens"]!.AsArray().Select(token => token!["step"]!.GetValue<string>()).Order());
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await server.PostAsync("/api/runs/retry", "", 200);
        Assert.Equal(("failed", "no"), ((await server.EndAsync(ends)) is var run ? run.State : "", run.FailedStep));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?from=start")]
    public async Task RunThatParksItsKey_IsRetriedBeforeThoseBehindIt(string how)
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Keyed);
        var run = await server.HookAsync(id, "/hooks/keyed/a", WorkflowServer.Json("1"));
        for (var i = 2; i <= 4; i++) await PostAsync(server, "keyed/a", $"{i}");
        await server.CrashAsync();
        await server.StartAsync();
        server.Receiver.On("/ask", 200);
        await server.PostAsync($"/api/runs/{run.Id}/retry{how}", "", 202);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"order":[1,2,3,4]}""", server.GetState(id, "a"));
        Assert.Equal((0L, 4L), (server.Count("SELECT count(*) FROM keys WHERE parked_at IS NOT NULL"), server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'")));
        Assert.Equal(0, server.Engine.Unclaimed);
    }

    [Fact]
    public async Task SkippedRun_IsRetriedInItsTurn_NotBesideAnother()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Keyed);
        var run = await server.HookAsync(id, "/hooks/keyed/a", WorkflowServer.Json("1"));
        var gate = server.Receiver.Hold("/ask");
        for (var i = 2; i <= 4; i++) await PostAsync(server, "keyed/a", $"{i}");
        await NoContentAsync(server, HttpMethod.Post, $"/api/workflows/{id}/keys/a/skip");
        Assert.Equal(["1", "2"], (await server.Receiver.NextAsync("/ask", 2)).Select(sent => sent.Body));
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        Assert.True((await server.GetRunAsync(run.Id)).Node["blocked"]!.GetValue<bool>());
        server.Receiver.On("/ask", 200);
        gate.SetResult();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal("""{"order":[2,1,3,4]}""", server.GetState(id, "a"));
    }

    [Fact]
    public async Task Many_AreRetriedByFilter_PageByPage_AndADryRunChangesNothing()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        var other = await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/other" } }, "steps": { "no": { "type": "fail", "message": "no" } } }""");
        var runs = new List<string>();
        for (var i = 0; i < 5; i++) runs.Add((await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"))).Id);
        var code = (await server.GetRunAsync(runs[0])).ErrorCode;
        await server.HookAsync(other, "/hooks/other", WorkflowServer.Json("1"));
        Assert.Equal(6, (await server.PostAsync("/api/runs/retry?dryRun=true", "", 200))["matching"]!.GetValue<int>());
        foreach (var none in new[] { "workflow=none", "failedStep=tell", "errorCode=other", "errorCode=" + code![..^1], "since=2030-01-01T00:00:00Z", "until=2020-01-01T00:00:00Z" })
            Assert.Equal(0, (await server.PostAsync($"/api/runs/retry?dryRun=true&{none}", "", 200))["matching"]!.GetValue<int>());
        await server.PostAsync("/api/runs/retry?state=succeeded", "", 400);
        await server.PostAsync("/api/runs/retry?dryRun=perhaps", "", 400);
        server.Receiver.On("/ask", 200);
        var retried = new List<string>();
        for (string? next = $"/api/runs/retry?workflow={id}&failedStep=ask&errorCode={code}&state=failed&since=1h&limit=2"; next is not null;)
        {
            var page = await server.PostAsync(next, "", 200);
            Assert.Empty(page["refused"]!.AsArray());
            retried.AddRange(page["runs"]!.AsArray().Select(run => run!.GetValue<string>()));
            next = page["next"]?.GetValue<string>();
        }

        Assert.Equal(runs, retried);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal((5L, 1L), (server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"), server.Count("SELECT count(*) FROM runs WHERE state = 'failed'")));
        Assert.Equal(["Another"], (await server.PostAsync("/api/runs/retry?from=start&limit=1", "", 200))["runs"]!.AsArray().Select(_ => "Another"));
    }

    [Fact]
    public async Task TwoRetriesAtOnce_AreOne()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.On("/ask", 400);
        var id = await server.AddAsync(Asker);
        var run = await server.HookAsync(id, "/hooks/ask", WorkflowServer.Json("1"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var answer = await server.Http.PostAsync(new Uri($"/api/runs/{run.Id}/retry?from=start", UriKind.Relative), null);
            return answer.StatusCode;
        }));
        Assert.Single(answers, HttpStatusCode.Accepted);
        Assert.Equal(7, answers.Count(status => status is HttpStatusCode.Conflict));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(2, server.Count("SELECT count(*) FROM runs"));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'failed' AND failed_runs = 1 AND open_runs = 0"));
    }

    internal static async Task NoContentAsync(WorkflowServer server, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : WorkflowServer.Json(body) };
        using var answer = await server.Http.SendAsync(request);
        Assert.True(answer.StatusCode is HttpStatusCode.NoContent, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static async Task<(string? Key, string Body)> KeyAndBodyAsync(WorkflowServer server, string path)
    {
        var arrival = await server.Receiver.NextAsync(path);
        return (arrival.Key, arrival.Body);
    }

    private static async Task PostAsync(WorkflowServer server, string hook, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + hook, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
