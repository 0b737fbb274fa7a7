using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Triggers;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs that wait for events and MQTT messages.</summary>
public sealed class WaitTests
{
    private const string Source = """{ "triggers": { "in": { "type": "webhook", "path": "/events" } }, "steps": { "a": { "type": "log", "message": "came" } } }""";

    private const string Paid =
        """
        { "steps": { "order": { "type": "script", "code": "return { id: input.id, least: 10 }", "next": "paid" },
            "paid": { "type": "wait", "event": "order.paid", "eventKey": "${event.data.order}", "key": "${input.id}", "timeout": "1h", "next": { "done": "tell", "timeout": "late" } },
            "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${input.data}" }, "late": { "type": "webhook.send", "url": "RECEIVER/late", "body": "${input}" } } }
        """;

    private const string Acknowledged =
        """
        { "steps": { "ack": { "type": "wait", "topic": "devices/{id}/ack", "eventKey": "${event.params.id}", "key": "${input.id}", "next": "tell" },
            "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": { "text": "${input.data}", "id": "${input.params.id}" } } } }
        """;

    [Fact]
    public async Task Wait_IsEndedByTheEventWithItsKey_AndByNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var id = await server.AddAsync(Paid);
        var first = await server.RunUntilItWaitsAsync(id, """{ "id": 7 }""");
        var second = await server.RunUntilItWaitsAsync(id, """{ "id": "a-8" }""");
        await SendAsync(server, "order.paid", """{ "order": "9" }""");
        await SendAsync(server, "order.sent", """{ "order": "7" }""");
        await SendAsync(server, "order.paid", """{ "order": null }""");
        Assert.Equal(0, server.Count("SELECT count(*) FROM wait_events"));
        await SendAsync(server, "order.paid", """{ "order": "7", "by": "card" }""");
        var told = await server.Receiver.NextAsync("/tell");
        Assert.Equal(("""{"order":"7","by":"card"}""", $"{first}.tell"), (told.Body, told.Key));
        Assert.Equal("waiting", (await server.GetRunAsync(second)).State);
        await SendAsync(server, "order.paid", """{ "order": "a-8" }""");
        Assert.Equal($"{second}.tell", (await server.Receiver.NextAsync("/tell")).Key);
        Assert.Equal(0, server.Count("SELECT count(*) FROM waits") + server.Count("SELECT count(*) FROM wait_events"));
    }

    [Fact]
    public async Task Wait_EndedByAnEvent_GoesOnAfterACrash_AndOnlyOnce()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var run = await server.RunUntilItWaitsAsync(await server.AddAsync(Paid), """{ "id": 7 }""");
        await server.CrashAsync();
        await server.StartAsync();

        // The commit is all that counts: nothing of this server hears of it.
        var body = """{ "order": 7 }"""u8.ToArray();
        var accepted = new EventAccepted(new Event { Id = server.Get<Automation.Server.Values.IdSource>().Next(), Trigger = "webhook", Type = "order.paid", Source = "/", AcceptedAt = DateTimeOffset.UnixEpoch, Attributes = Automation.Server.Values.Json.Parse("{}"), ContentType = "application/json", Body = body }, 0);
        await server.Get<Journal>().CommitAsync(accepted);
        Assert.Equal(1, accepted.Ended!.Runs);
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE state = 'done' AND type = 'order.paid'"));
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal($"{run}.tell", (await server.Receiver.NextAsync("/tell")).Key);
        await SendAsync(server, "order.paid", """{ "order": 7 }""");
        Assert.Equal(0, server.Receiver.Waiting("/tell"));
    }

    [Fact]
    public async Task Wait_TimesOut_WithItsInput()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync(Source);
        await server.RunUntilItWaitsAsync(await server.AddAsync(Paid), """{ "id": 7 }""");
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("""{"id":7,"least":10}""", (await server.Receiver.NextAsync("/late")).Body);
        await SendAsync(server, "order.paid", """{ "order": 7 }""");
        Assert.Equal(0, server.Receiver.Waiting("/tell"));
    }

    [Fact]
    public async Task Wait_WithACondition_LooksAtEachEvent_AlsoAtThoseThatComeMeanwhile()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var id = await server.AddAsync(
            """
            { "key": "one", "steps": { "order": { "type": "script", "code": "return { least: 10 }", "next": "paid" },
                "paid": { "type": "wait", "event": "order.paid", "when": "${event.data.amount >= input.least}", "timeout": "1h", "next": "tell" },
                "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${input.data.amount}" } } }
            """);
        var run = await server.RunUntilItWaitsAsync(id);
        for (var amount = 1; amount <= 12; amount++) await SendAsync(server, "order.paid", $$"""{ "amount": {{amount}} }""");
        var told = await server.Receiver.NextAsync("/tell");
        Assert.Equal(("10", $"{run}.tell"), (told.Body, told.Key));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") + server.Count("SELECT count(*) FROM wait_events") == 0);
        Assert.Single((await server.GetRunAsync(run)).Steps, s => s["step"]!.GetValue<string>() == "paid");
    }

    [Fact]
    public async Task Wait_WithACondition_StillTimesOut_AfterAnEventThatItPassedOver()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync(Source);
        var id = await server.AddAsync(
            """
            { "steps": { "paid": { "type": "wait", "event": "order.paid", "when": "${event.data.ok}", "timeout": "1h", "next": { "timeout": "late" } },
                "late": { "type": "webhook.send", "url": "RECEIVER/late" } } }
            """);
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        await server.RunUntilItWaitsAsync(id);
        await WorkflowServer.NextAsync(changes, "waiting");
        await SendAsync(server, "order.paid", """{ "ok": false }""");
        await WorkflowServer.NextAsync(changes, "waiting");
        Assert.Equal(1, server.Count("SELECT count(*) FROM waits WHERE ended_at IS NULL"));
        time.Advance(TimeSpan.FromHours(1));
        await server.Receiver.NextAsync("/late");
    }

    [Fact]
    public async Task Wait_WithACondition_PassesOverWhatTheConditionCannotBeAskedAbout_AndSaysSo()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var id = await server.AddAsync("""{ "steps": { "paid": { "type": "wait", "event": "order.paid", "when": "${event.data.order.ok}", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${input.data.order}" } } }""");
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        var run = await server.RunUntilItWaitsAsync(id);
        await WorkflowServer.NextAsync(changes, "waiting");
        foreach (var other in new[] { "{}", """{ "order": {} }""" })
        {
            await SendAsync(server, "order.paid", other);
            await WorkflowServer.NextAsync(changes, "waiting");
        }

        await SendAsync(server, "order.paid", """{ "order": { "ok": true } }""");
        Assert.Equal("""{"ok":true}""", (await server.Receiver.NextAsync("/tell")).Body);
        var said = (await server.GetRunAsync(run)).Log("paid");
        Assert.Equal(2, said.Count);
        Assert.StartsWith("warn Passed over what came: \"when\" failed with: ", said[0], StringComparison.Ordinal);
        Assert.Equal("warn Passed over what came: \"when\" gave null, not true or false.", said[1]);
    }

    [Fact]
    public async Task WaitOfAFailedRun_KeepsTheFirstEventForItsRetry_AndNoMore()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/both" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["paid", "ask"] }, "ask": { "type": "http.request", "url": "RECEIVER/ask" },
                "paid": { "type": "wait", "event": "order.paid", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/tell", "body": "${input.data}" } } }
            """);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        (await server.Http.PostAsync(new Uri("/hooks/both", UriKind.Relative), WorkflowServer.Json("1"))).Dispose();
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 1);
        server.Receiver.On("/ask", 400);
        gate.SetException(new InvalidOperationException("The receiver fails."));
        var run = await server.EndAsync(ends);
        for (var i = 1; i <= 5; i++) await SendAsync(server, "order.paid", $"{i}");
        Assert.Equal(1, server.Count("SELECT count(*) FROM wait_events"));
        server.Receiver.On("/ask", 200);
        await server.PostAsync($"/api/runs/{run.Id}/retry", "", 202);
        Assert.Equal("1", (await server.Receiver.NextAsync("/tell")).Body);
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") + server.Count("SELECT count(*) FROM wait_events") == 0);
    }

    [Fact]
    public async Task Wait_ThatEndsWhileItsRunIsAboutToBeWalked_IsSeenByTheWalk()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxConcurrent", "1"));
        await server.AddAsync(Source);
        var busy = server.Receiver.Hold("/busy");
        server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "steps": { "go": { "type": "log", "message": "go", "next": ["one", "two"] }, "one": { "type": "wait", "event": "one", "next": "slow" }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s" },
                "two": { "type": "wait", "event": "two", "next": "tell" }, "tell": { "type": "http.request", "url": "RECEIVER/tell" } } }
            """);
        await server.RunUntilItWaitsAsync(id);
        var other = await server.AddAsync("""{ "steps": { "a": { "type": "http.request", "url": "RECEIVER/busy", "timeout": "60s" } } }""");
        await server.PostAsync($"/api/workflows/{other}/run", "{}", 202);
        await server.Receiver.NextAsync("/busy");
        await SendAsync(server, "one", "1");
        await WorkflowServer.UntilAsync(() => server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{id}' AND owner IS NOT NULL") == 1);
        await SendAsync(server, "two", "2");
        busy.SetResult();
        await server.Receiver.NextAsync("/tell"); // while the other branch is under way
    }

    [Fact]
    public async Task Wait_BesideABranchThatIsUnderWay_IsEndedWhileTheRunIsInMemory()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Source);
        var gate = server.Receiver.Hold("/slow");
        var id = await server.AddAsync(
            """
            { "key": "k7", "triggers": { "in": { "type": "webhook", "path": "/both" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["slow", "paid"] }, "slow": { "type": "http.request", "url": "RECEIVER/slow", "timeout": "60s" },
                "paid": { "type": "wait", "event": "order.paid", "eventKey": "${event.data.key}", "next": "tell" }, "tell": { "type": "http.request", "url": "RECEIVER/tell" } } }
            """);
        (await server.Http.PostAsync(new Uri("/hooks/both", UriKind.Relative), WorkflowServer.Json("1"))).Dispose();
        await server.Receiver.NextAsync("/slow");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 1);
        await SendAsync(server, "order.paid", """{ "key": "k7" }""");
        await server.Receiver.NextAsync("/tell");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        gate.SetResult();
        Assert.Equal("succeeded", (await server.EndAsync(ends)).State);
    }

    [Fact]
    public async Task Wait_ForAMessage_IsEndedByItsTopic_ThoughNoTriggerListens()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Acknowledged);
        await Mosquitto.PublishAsync(server.MqttPort, "devices/d1/ack", "early", "-q", "1");
        Assert.Equal(0, server.Count("SELECT count(*) FROM events"));
        var run = await server.RunUntilItWaitsAsync(id, """{ "id": "d1" }""");
        await Mosquitto.PublishAsync(server.MqttPort, "devices/d2/ack", "other", "-q", "1");
        Assert.Equal(0, server.Count("SELECT count(*) FROM events WHERE trigger_type = 'mqtt'"));
        await Mosquitto.PublishAsync(server.MqttPort, "devices/d1/ack", "yes", "-q", "1");
        var told = await server.Receiver.NextAsync("/tell");
        Assert.Equal(("""{"text":"yes","id":"d1"}""", $"{run}.tell"), (told.Body, told.Key));
        Assert.Equal(1, server.Count("SELECT count(*) FROM events WHERE trigger_type = 'mqtt' AND state = 'done'"));
    }

    [Fact]
    public async Task Wait_ForAMessage_OfAVersionThatIsNotActiveAnyMore_IsListenedToAfterARestart()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(Acknowledged);
        var run = await server.RunUntilItWaitsAsync(id, """{ "id": "d1" }""");
        await server.ChangeAsync(id, """{ "steps": { "a": { "type": "log", "message": "changed" } } }""");
        await server.CrashAsync();
        await server.StartAsync();
        await Mosquitto.PublishAsync(server.MqttPort, "devices/d1/ack", "yes", "-q", "1");
        Assert.Equal($"{run}.tell", (await server.Receiver.NextAsync("/tell")).Key);
    }

    [Fact]
    public async Task Wait_ForAMessageOfAConnection_IsSubscribedThere()
    {
        await using var other = await MosquittoServer.StartAsync();
        await using var server = await WorkflowServer.StartAsync(("Mqtt:Connections:plant:Server", other.Address));
        var id = await server.AddAsync(Acknowledged.Replace("\"topic\"", "\"connection\": \"plant\", \"topic\"", StringComparison.Ordinal));
        var run = await server.RunUntilItWaitsAsync(id, """{ "id": "d1" }""");
        await WorkflowServer.UntilAsync(() => other.Log.Any(line => line.Contains("devices/+/ack", StringComparison.Ordinal)));
        await WorkflowServer.UntilAsync(() => server.GetAsync("/api/mqtt/connections").Result.ToJsonString().Contains("granted", StringComparison.Ordinal));
        await Mosquitto.PublishAsync(other.Port, "devices/d1/ack", "yes", "-q", "1");
        Assert.Equal($"{run}.tell", (await server.Receiver.NextAsync("/tell")).Key);
    }

    [Fact]
    public async Task Wait_WhoseKeyIsMissing_Fails()
    {
        await using var server = await WorkflowServer.StartAsync();
        var run = await server.RunAsync("""{ "steps": { "w": { "type": "wait", "event": "a", "eventKey": "${event.data.id}" } } }""");
        Assert.Equal(("config_invalid", "key: The run has no key; say with \"key\" what eventKey has to equal."), (run.ErrorCode, run.Node["error"]!["message"]!.GetValue<string>()));
    }

    private static async Task SendAsync(WorkflowServer server, string type, string data)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hooks/events") { Content = WorkflowServer.Json(data) };
        foreach (var (name, value) in new[] { ("ce-specversion", "1.0"), ("ce-type", type), ("ce-source", "/shop"), ("ce-id", "1") }) request.Headers.Add(name, value);
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(202, (int)answer.StatusCode);
    }
}
