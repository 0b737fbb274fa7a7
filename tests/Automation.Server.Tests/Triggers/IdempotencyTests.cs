using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Triggers;

/// <summary>Events that repeat an earlier one by their <c>idempotencyKey</c> start nothing and are answered as that was.</summary>
public sealed class IdempotencyTests
{
    private const string Orders =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/orders", "respond": "result", "idempotencyKey": "${event.data.order}", "idempotencyWindow": "1h" } },
          "steps": { "answer": { "type": "respond", "status": 201, "headers": { "X-Order": "${event.data.order}" }, "body": { "run": "${run.id}" }, "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/orders" } } }
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
        Assert.Equal((2L, 2L), (server.Count("SELECT count(*) FROM events"), server.Count("SELECT count(*) FROM runs")));
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
        Assert.Equal(3, server.Count("SELECT count(*) FROM runs"));
    }

    private static async Task<(int Status, string? Order, string Body)> SendAsync(WorkflowServer server, string path, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + path, UriKind.Relative), WorkflowServer.Json(body));
        return ((int)answer.StatusCode, answer.Headers.TryGetValues("X-Order", out var order) ? order.First() : null, await answer.Content.ReadAsStringAsync());
    }
}
