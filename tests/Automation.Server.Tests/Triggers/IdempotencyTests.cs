using Automation.Server.Storage;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers;

/// <summary>Events that repeat an earlier one by their <c>idempotencyKey</c> start nothing and are answered as that was.</summary>
public sealed class IdempotencyTests
{
    private const string Orders =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/orders", "respond": "result", "idempotencyKey": "${event.data.order}", "idempotencyWindow": "1h" } },
          "steps": { "answer": { "type": "respond", "status": 201, "headers": { "X-Order": "${event.data.order}" }, "body": { "run": "${run.id}" }, "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/orders" } } }
        """;

    private const string Asking =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/ask", "respond": "result", "idempotencyKey": "${event.data}" } },
          "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask" } } }
        """;

    [Fact]
    public async Task Repetition_GetsTheAnswerOfTheFirst_OverACrash()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Orders);
        var first = await SendAsync(server, "orders", """{"order":"a1"}""");
        Assert.Equal((201, "a1"), (first.Status, first.Order));
        Assert.Equal(first, await SendAsync(server, "orders", """{"order":"a1","again":true}"""));
        await server.CrashAsync();
        await server.StartAsync();
        Assert.Equal(first, await SendAsync(server, "orders", """{"order":"a1"}"""));
        Assert.NotEqual(first.Body, (await SendAsync(server, "orders", """{"order":"a2"}""")).Body);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal((2L, 2L), (server.Count("SELECT count(*) FROM events WHERE state = 'done'"), server.Count("SELECT count(*) FROM runs")));
    }

    [Fact]
    public async Task ManyAtOnce_AreOneRun_AndGetOneAnswer()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Orders);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(server, "orders", """{"order":"a1"}""")));
        Assert.Single(answers.Distinct());
        Assert.Equal(201, answers[0].Status);
        Assert.Equal(1, server.Count("SELECT count(*) FROM runs"));
    }

    [Fact]
    public async Task Repetition_WithoutAWaitingCaller_GetsTheEventOfTheFirst_UntilItsTimeIsOver()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/plain", "idempotencyKey": "${event.data}", "idempotencyWindow": "1h" } }, "steps": { "x": { "type": "filter", "condition": true } } }""");
        var first = await SendAsync(server, "plain", "1");
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(first, await SendAsync(server, "plain", "1"));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotEqual(first, await SendAsync(server, "plain", "1"));
        Assert.NotEqual(await SendAsync(server, "plain", "null"), await SendAsync(server, "plain", "null")); // null repeats nothing
    }

    [Fact]
    public async Task MqttMessage_ThatRepeatsOne_IsAcknowledged_AndStartsNothing()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "triggers": { "in": { "type": "mqtt", "topic": "once/#", "idempotencyKey": "${event.data.id}" } }, "steps": { "x": { "type": "filter", "condition": true } } }""");
        await using var client = new Automation.Mqtt.Client.MqttClient(new() { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}") });
        await client.ConnectAsync();
        foreach (var id in new[] { 1, 2, 1, 2, 3 }) await client.PublishAsync(new Automation.Mqtt.MqttApplicationMessage { Topic = "once/x", Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"id":{{id}}}"""), QualityOfService = Automation.Mqtt.MqttQualityOfService.AtLeastOnce });
        Assert.Equal((3L, 2L), (server.Count("SELECT count(*) FROM runs"), server.Count("SELECT count(*) FROM events WHERE state = 'duplicate'")));
    }

    [Fact]
    public async Task RepeatedEvent_IsListedAsADuplicateOfTheFirst_WithoutItsBody()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/seen/{who}", "idempotencyKey": "${event.data.order}" } }, "steps": { "x": { "type": "filter", "condition": true } } }""");
        var first = System.Text.Json.Nodes.JsonNode.Parse((await SendAsync(server, "seen/a", """{"order":1}""")).Body)!["eventId"]!.GetValue<string>();
        await SendAsync(server, "seen/b", """{"order":1,"more":"text"}""");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        var listed = Assert.Single((await server.GetAsync("/api/events?state=duplicate"))["items"]!.AsArray())!;
        Assert.Equal((first, 0), (listed["copyOf"]!.GetValue<string>(), listed["bodyBytes"]!.GetValue<int>()));
        var shown = await server.GetAsync($"/api/events/{listed["id"]!.GetValue<string>()}");
        Assert.Equal(("b", null, 0), (shown["attributes"]!["params"]!["who"]!.GetValue<string>(), shown["data"], shown["runs"]!.AsArray().Count));
        await server.Get<FilterTallies>().StoreOnceAsync();
        Assert.Equal(1, (await server.GetAsync($"/api/workflows/{id}/filters"))["items"]![0]!["repeated"]!.GetValue<int>());
    }

    [Fact]
    public async Task RepeatedEvent_EndsNoWait()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/again", "idempotencyKey": "${event.data}" } }, "steps": { "x": { "type": "filter", "condition": true } } }""");
        await SendAsync(server, "again", "1");
        await server.RunUntilItWaitsAsync(await server.AddAsync("""{ "steps": { "w": { "type": "wait", "event": "webhook.received" } } }"""));
        await SendAsync(server, "again", "1");
        Assert.Equal(1, server.Count("SELECT count(*) FROM waits WHERE ended_at IS NULL"));
        await SendAsync(server, "again", "2");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM waits") == 0);
    }

    [Fact]
    public async Task RepetitionOfARunUnderWay_IsToldItsAnswer_WithoutLookingForIt()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var release = server.Receiver.Hold("/ask");
        await server.AddAsync(Asking);
        var first = SendAsync(server, "ask", "1");
        await server.Receiver.NextAsync("/ask");
        time.Advance(TimeSpan.FromMilliseconds(777));
        var repetition = SendAsync(server, "ask", "1");
        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow() + TimeSpan.FromSeconds(30))); // the end of its patience
        release.SetResult();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(await first, await repetition); // the clock stands still
    }

    [Fact]
    public async Task RepetitionOfARunThatNobodyHereWaitsFor_LooksForItsAnswer()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/late", "respond": "result", "idempotencyKey": "${event.data}" } }, "steps": { "pause": { "type": "delay", "for": "1s", "next": "say" }, "say": { "type": "set", "values": { "x": 1 } } } }""");
        var first = SendAsync(server, "late", "1");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 1);
        await server.CrashAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => first);
        await server.StartAsync();
        var repetition = SendAsync(server, "late", "1");
        await WorkflowServer.UntilAsync(() => time.IsAwaited(time.GetUtcNow() + TimeSpan.FromMilliseconds(100)));
        time.Advance(TimeSpan.FromSeconds(1));
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 1);
        await WorkflowServer.UntilAsync(() =>
        {
            if (!repetition.IsCompleted) time.Advance(TimeSpan.FromMilliseconds(100));
            return repetition.IsCompleted;
        });
        Assert.Equal(200, (await repetition).Status);
        Assert.Equal(await repetition, await SendAsync(server, "late", "1"));
    }

    [Theory]
    [InlineData("version = 'gone'", "version_unavailable")]
    [InlineData("snapshot = '[]'", "internal_error")]
    public async Task RunThatCouldNotBeWalked_AnswersItsRepetitionsToo(string broken, string code)
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        await server.AddAsync(Asking);
        var first = SendAsync(server, "ask", "1");
        await server.Receiver.NextAsync("/ask");
        await server.CrashAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => first);
        server.Database.Execute("UPDATE runs SET " + broken);
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        var repetition = await SendAsync(server, "ask", "1");
        Assert.Equal(500, repetition.Status);
        Assert.Contains($"\"code\":\"{code}\"", repetition.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunRefusedBecauseItsKeyIsFull_AnswersItsRepetitionsToo_AlsoAfterARetry()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxBlockedPerKey", "1"));
        var release = server.Receiver.Hold("/ask");
        await server.AddAsync(Asking.Replace("\"triggers\"", "\"key\": \"one\", \"triggers\"", StringComparison.Ordinal));
        var earlier = new[] { SendAsync(server, "ask", "1"), SendAsync(server, "ask", "2") };
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs") == 2);
        var full = await SendAsync(server, "ask", "3");
        Assert.Contains("\"code\":\"key_full\"", full.Body, StringComparison.Ordinal);
        Assert.Equal(full, await SendAsync(server, "ask", "3"));
        release.SetResult();
        await Task.WhenAll(earlier);
        await server.PostAsync("/api/runs/retry?errorCode=key_full", "", 200);
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal(3, server.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'"));
        Assert.Equal(full, await SendAsync(server, "ask", "3"));
    }

    [Fact]
    public async Task CancelledRun_AnswersItsRepetitionsToo_AndWhenItIsDeleted()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "triggers": { "in": { "type": "webhook", "path": "/cancelled", "respond": "result", "idempotencyKey": "${event.data}" } }, "steps": { "pause": { "type": "delay", "for": "1h" } } }""");
        var first = SendAsync(server, "cancelled", "1");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 1);
        var run = server.Count("SELECT id FROM runs");
        await server.PostAsync($"/api/runs/{PublicId.Format(PublicId.Run, run)}/cancel", "", 200);
        Assert.Equal(500, (await first).Status);
        Assert.Equal(await first, await SendAsync(server, "cancelled", "1"));
        await server.Get<Journal>().CommitAsync(new RunsPruned([run]));
        Assert.Equal(0, server.Count("SELECT count(*) FROM runs"));
        Assert.Equal(await first, await SendAsync(server, "cancelled", "1"));
    }

    [Fact]
    public async Task RunCancelledAfterItResponded_KeepsItsAnswer()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Orders.Replace("\"type\": \"webhook.send\", \"url\": \"RECEIVER/orders\"", "\"type\": \"delay\", \"for\": \"1h\"", StringComparison.Ordinal));
        var first = await SendAsync(server, "orders", """{"order":"a1"}""");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM runs WHERE state = 'waiting'") == 1);
        await server.PostAsync($"/api/runs/{PublicId.Format(PublicId.Run, server.Count("SELECT id FROM runs"))}/cancel", "", 200);
        Assert.Equal((201, first), (first.Status, await SendAsync(server, "orders", """{"order":"a1"}""")));
    }

    private static async Task<(int Status, string? Order, string Body)> SendAsync(WorkflowServer server, string path, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + path, UriKind.Relative), WorkflowServer.Json(body));
        return ((int)answer.StatusCode, answer.Headers.TryGetValues("X-Order", out var order) ? order.First() : null, await answer.Content.ReadAsStringAsync());
    }
}
