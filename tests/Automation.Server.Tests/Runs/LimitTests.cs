using System.Net;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Microsoft.Extensions.Options;

namespace Automation.Server.Tests.Runs;

/// <summary>What happens when more comes in than there is room for (P9), or when nothing can be stored (P1).</summary>
public sealed class LimitTests
{
    private const string Waiter =
        """
        { "triggers": { "in": { "type": "webhook", "path": "/in" }, "mqtt": { "type": "mqtt", "topic": "in" } },
          "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "method": "POST", "body": "${event.data}", "timeout": "60s" } } }
        """;

    [Fact]
    public async Task Backlog_GoesThroughTheJournal_InAcceptOrder()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxHeld", "2"), ("Runs:MaxConcurrent", "1"));
        var gate = server.Receiver.Hold("/ask");
        await server.AddAsync(Waiter);
        for (var i = 0; i < 12; i++) Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, $"{i}"));
        Assert.Equal((12L, 10L, 2), (server.Engine.Open, server.Engine.Unclaimed, server.Engine.Window.Runs));
        gate.SetResult();

        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"{i}"), (await server.Receiver.NextAsync("/ask", 12)).Select(a => a.Body));
        await EmptyAsync(server);
    }

    [Fact]
    public async Task Backlog_IsTakenUp_WhenBodiesTakeAllRoom()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxHeldBytes", "1048576"));
        var gate = server.Receiver.Hold("/ask");
        await server.AddAsync(Waiter);
        var large = $"\"{new string('x', 700_000)}\"";
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, large));
        await WorkflowServer.UntilAsync(() => server.Engine.Unclaimed == 3); // one more than fits: a claim takes at least one
        gate.SetResult();

        await server.Receiver.NextAsync("/ask", 5);
        await EmptyAsync(server);
    }

    [Fact]
    public async Task MoreOpenRunsThanMaxOpen_AreRefused_UntilOneEnds()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "3"));
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(Waiter);
        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "1"));
        using (var refused = await server.Http.PostAsync(new Uri("/hooks/in", UriKind.Relative), WorkflowServer.Json("1")))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        gate.SetResult();
        await server.EndAsync(ends);
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "1"));
        await EmptyAsync(server);
        Assert.Equal(4, server.Count("SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task MqttPublisher_IsHeldBackWhileTheServerIsFull_AndNothingIsLost()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "2"), ("Runs:MaxConcurrent", "1"));
        var gate = server.Receiver.Hold("/ask");
        await server.AddAsync(Waiter);
        using var mosquitto = Mosquitto.PublishLines(server.MqttPort, "in", 1, Enumerable.Range(0, 10).Select(i => $"{i}"));
        await server.Receiver.NextAsync("/ask");
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 2);
        gate.SetResult();

        Assert.Equal(Enumerable.Range(1, 9).Select(i => $"{i}"), (await server.Receiver.NextAsync("/ask", 9)).Select(a => a.Body));
        await mosquitto.EndAsync();
        await EmptyAsync(server);
    }

    [Fact]
    public async Task Stop_LetsClientsThatWaitGo_AndTheRunsEnd()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "1"), ("Runs:DrainTime", "00:01:00"), ("Server:ShutdownTime", "00:02:00"));
        var gate = server.Receiver.Hold("/ask");
        await server.AddAsync(Waiter);
        using var mosquitto = Mosquitto.PublishLines(server.MqttPort, "in", 1, Enumerable.Range(0, 10).Select(i => $"{i}"));
        await server.Receiver.NextAsync("/ask");
        var engine = server.Engine;
        var stop = server.StopAsync();
        await WorkflowServer.UntilAsync(() => engine.Stopping);
        gate.SetResult();
        await stop;

        Assert.Equal(0, engine.Open);
        Assert.DoesNotContain(server.Logged, line => line.StartsWith("Error", StringComparison.Ordinal) || line.Contains("OperationCanceledException", StringComparison.Ordinal));
    }

    [Fact]
    public async Task EventThatTheDatabaseRefuses_IsRefused_AndHoldsUpNoOther()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "any/#" }, "w": { "type": "webhook", "path": "/any" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/any", "body": { "got": "${input}" } } } }""");
        server.Database.RefuseEvents("body", "13");

        Assert.Equal(HttpStatusCode.InternalServerError, await PostAsync(server, "13", "/hooks/any"));
        using var bad = Mosquitto.Publish(server.MqttPort, "any/thing", "13", "-q", "1", "-V", "5");
        Assert.Contains("Implementation specific error", await bad.ErrorAsync(), StringComparison.Ordinal);
        await Mosquitto.PublishAsync(server.MqttPort, "any/thing", "14", "-q", "1");

        Assert.Equal("""{"got":14}""", (await server.Receiver.NextAsync("/any")).Body);
        await EmptyAsync(server);
    }

    [Fact]
    public async Task RunThatPutsOutTooMuch_Fails_AndIsForgotten()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxRunBytes", "3000000"));
        var layers = Enumerable.Range(1, 3).SelectMany(layer => Enumerable.Range(1, 8).Select(at =>
            $"\"l{layer}x{at}\": {{ \"type\": \"log\", \"message\": \"x\"{(layer == 3 ? "" : $", \"next\": [{string.Join(", ", Enumerable.Range(1, 8).Select(next => $"\"l{layer + 1}x{next}\""))}]")} }}"));
        var run = await server.RunAsync($"{{ \"steps\": {{ \"big\": {{ \"type\": \"script\", \"code\": \"return 'x'.repeat(500000)\", \"next\": [{string.Join(", ", Enumerable.Range(1, 8).Select(at => $"\"l1x{at}\""))}] }}, {string.Join(", ", layers)} }} }}");
        Assert.Equal(("failed", "run_too_large", 6), (run.State, run.ErrorCode, run.Steps.Count));
        Assert.Equal(server.Get<IOptions<RunOptions>>().Value.MaxHeldBytes, server.Engine.Window.RoomBytes);
    }

    [Fact]
    public async Task MoreWorkflowsOnAnEventThanMayBeOpen_RunWhenNothingElseIs()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "1"));
        for (var i = 0; i < 3; i++) await server.AddAsync("""{ "triggers": { "w": { "type": "webhook", "path": "/many" } }, "steps": { "s": { "type": "log", "message": "x" } } }""");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "1", "/hooks/many"));
        await EmptyAsync(server);
    }

    [Fact]
    public async Task PublishOfARun_ToAFullServer_FailsInsteadOfWaitingForItself()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxOpen", "1"));
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "loop" } }, "steps": { "s": { "type": "log", "message": "x" } } }""");
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "loop", "timeout": "200ms" } } }""");
        Assert.Equal(("failed", "mqtt_busy"), (run.State, run.ErrorCode));
        Assert.Equal(0, server.Engine.Open);
    }

    [Fact]
    public async Task PublishOfARun_WhileTheServerDrains_IsStoredForTheNextStart()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:DrainTime", "00:01:00"), ("Server:ShutdownTime", "00:02:00"));
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "later" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/later" } } }""");
        await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/drain" } },
              "steps": { "ask": { "type": "http.request", "url": "RECEIVER/ask", "timeout": "60s", "next": "p" }, "p": { "type": "mqtt.publish", "topic": "later", "payload": "${7}" } } }
            """);
        var gate = server.Receiver.Hold("/ask");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "1", "/hooks/drain"));
        await server.Receiver.NextAsync("/ask");
        var engine = server.Engine;
        var stop = server.StopAsync();
        await WorkflowServer.UntilAsync(() => engine.Stopping);
        gate.SetResult();
        await stop;

        Assert.Equal(1, server.Count("SELECT count(*) FROM runs WHERE ended_at IS NULL"));
        Assert.Equal(0, server.Count("SELECT count(*) FROM runs WHERE state = 'failed'"));
        await server.StartAsync();
        Assert.Equal("7", (await server.Receiver.NextAsync("/later")).Body);
    }

    [Fact]
    public async Task JournalThatCannotWrite_RefusesEvents_AndRecovers()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Waiter);
        using (server.Database.Lock())
        {
            using var refused = await server.Http.PostAsync(new Uri("/hooks/in", UriKind.Relative), WorkflowServer.Json("1"));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.NotNull(server.Get<Journal>().Failure);
            using var ready = await server.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        }

        await WorkflowServer.UntilAsync(() => server.Get<Journal>().Failure is null); // it looks by itself
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "2"));
        Assert.Equal("2", (await server.Receiver.NextAsync("/ask")).Body);
        await EmptyAsync(server);
    }

    [Fact]
    public async Task RunThatCannotBeSaved_IsSavedLater_AndRepeatsNothing()
    {
        await using var server = await WorkflowServer.StartAsync();
        var gate = server.Receiver.Hold("/ask");
        var id = await server.AddAsync(
            """
            { "triggers": { "in": { "type": "webhook", "path": "/in" } },
              "steps": { "go": { "type": "log", "message": "go", "next": ["ask", "wait"] },
                "ask": { "type": "http.request", "url": "RECEIVER/ask", "method": "POST", "timeout": "60s", "next": "told" }, "told": { "type": "webhook.send", "url": "RECEIVER/told", "next": "then" }, "then": { "type": "http.request", "url": "RECEIVER/then", "method": "POST" },
                "wait": { "type": "http.request", "url": "RECEIVER/wait", "method": "POST", "timeout": "60s" } } }
            """);
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        var other = server.Receiver.Hold("/wait");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(server, "1"));
        await server.Receiver.NextAsync("/ask");
        await server.Receiver.NextAsync("/wait");
        using (server.Database.Lock())
        {
            gate.SetResult();
            await WorkflowServer.UntilAsync(() => server.Logged.Any(line => line.Contains("could not be saved", StringComparison.Ordinal)));
        }

        other.SetResult();
        var run = await server.EndAsync(ends);
        Assert.Equal(("succeeded", 5), (run.State, run.Steps.Count));
        await server.Receiver.NextAsync("/told");
        await server.Receiver.NextAsync("/then");
        Assert.All(["/ask", "/wait", "/told", "/then"], path => Assert.Equal(0, server.Receiver.Waiting(path)));
        await EmptyAsync(server);
    }

    private static async Task<HttpStatusCode> PostAsync(WorkflowServer server, string body, string hook = "/hooks/in")
    {
        using var answer = await server.Http.PostAsync(new Uri(hook, UriKind.Relative), WorkflowServer.Json(body));
        return answer.StatusCode;
    }

    private static async Task EmptyAsync(WorkflowServer server)
    {
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        await WorkflowServer.UntilAsync(() => server.Engine.Window.Runs == 0);
        Assert.Equal((0L, 0L), (server.Engine.Unclaimed, server.Count("SELECT count(*) FROM runs WHERE ended_at IS NULL")));
    }
}
