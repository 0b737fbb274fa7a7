using System.Net;
using Automation.Server.Runs;

namespace Automation.Server.Tests.Runs;

/// <summary>Runs with a key: their order, and the state they share.</summary>
public sealed class KeyTests
{
    private const string Counter =
        """
        { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/count/{device}" } },
          "steps": { "count": { "type": "script", "code": "state.n = (state.n ?? 0) + 1; (state.seen ??= []).push(event.data); return state", "next": "tell" },
            "tell": { "type": "webhook.send", "url": "RECEIVER/told", "body": { "device": "${event.params.device}", "n": "${state.n}", "seen": "${input.seen}" } } } }
        """;

    [Fact]
    public async Task State_BelongsToItsKey_AndOutlivesACrash()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(Counter);
        await PostAsync(server, "count/a", "1");
        Assert.Equal("""{"device":"a","n":1,"seen":[1]}""", (await server.Receiver.NextAsync("/told")).Body);
        await PostAsync(server, "count/b", "2");
        Assert.Equal("""{"device":"b","n":1,"seen":[2]}""", (await server.Receiver.NextAsync("/told")).Body);
        await server.CrashAsync();
        await server.StartAsync();
        await PostAsync(server, "count/a", "3");
        Assert.Equal("""{"device":"a","n":2,"seen":[1,3]}""", (await server.Receiver.NextAsync("/told")).Body);
    }

    [Fact]
    public async Task RunsOfAKey_GoOneAtATime_InAcceptOrder_OthersBesideThem()
    {
        await using var server = await WorkflowServer.StartAsync();
        var gate = server.Receiver.Hold("/ask/a");
        server.Receiver.On("/ask/b", 200);
        var id = await server.AddAsync(
            """
            { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/keyed/{device}" } },
              "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask/${event.params.device}", "timeout": "60s", "body": "${event.data}", "next": "keep" },
                "keep": { "type": "script", "code": "(state.order ??= []).push(event.data); return state.order", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/done/${event.params.device}", "body": "${input}" } } }
            """);
        for (var i = 1; i <= 20; i++) await PostAsync(server, "keyed/a", $"{i}");
        Assert.Equal("1", (await server.Receiver.NextAsync("/ask/a")).Body);
        await PostAsync(server, "keyed/b", "7");
        Assert.Equal("[7]", (await server.Receiver.NextAsync("/done/b")).Body); // while 19 of the other key wait
        Assert.Equal(0, server.Receiver.Waiting("/ask/a"));
        Assert.Equal(19, server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{id}' AND blocked = 1"));
        Assert.Equal(1, server.Engine.Window.Runs); // the others take no memory
        server.Receiver.On("/ask/a", 200);
        gate.SetResult();
        string? last = null;
        for (var i = 1; i <= 20; i++) last = (await server.Receiver.NextAsync("/done/a")).Body;
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal($"[{string.Join(',', Enumerable.Range(1, 20))}]", server.GetState(id, "a").Replace("""{"order":""", "", StringComparison.Ordinal).TrimEnd('}'));
        Assert.NotNull(last);
    }

    [Fact]
    public async Task Order_HoldsOverACrash()
    {
        await using var server = await WorkflowServer.StartAsync();
        server.Receiver.Hold("/ask");
        var id = await server.AddAsync(
            """
            { "key": "one", "triggers": { "in": { "type": "webhook", "path": "/serial" } },
              "steps": { "ask": { "type": "http.request", "method": "POST", "url": "RECEIVER/ask", "timeout": "60s", "body": "${event.data}", "next": "keep" }, "keep": { "type": "script", "code": "(state.order ??= []).push(event.data)" } } }
            """);
        for (var i = 1; i <= 10; i++) await PostAsync(server, "serial", $"{i}");
        await server.Receiver.NextAsync("/ask");
        await server.CrashAsync();
        server.Receiver.On("/ask", 200);
        await server.StartAsync();
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal($$"""{"order":[{{string.Join(',', Enumerable.Range(1, 10))}}]}""", server.GetState(id, "one"));
    }

    [Fact]
    public async Task Key_WorkedOutByTheSandbox_KeepsTheOrder()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """
            { "key": "${'k' + event.data.device.toUpperCase()}", "triggers": { "in": { "type": "mqtt", "topic": "keyed/#" } },
              "steps": { "keep": { "type": "script", "code": "(state.order ??= []).push(event.data.n)" } } }
            """);
        await using var client = new Automation.Mqtt.Client.MqttClient(new() { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}") });
        await client.ConnectAsync();
        await Task.WhenAll(Enumerable.Range(1, 60).Select(i => client.PublishAsync(new Automation.Mqtt.MqttApplicationMessage
        {
            Topic = "keyed/x",
            Payload = System.Text.Encoding.UTF8.GetBytes($$"""{"device":"x","n":{{i}}}"""),
            QualityOfService = Automation.Mqtt.MqttQualityOfService.AtLeastOnce,
        })));
        await WorkflowServer.UntilAsync(() => server.Engine.Open == 0);
        Assert.Equal($$"""{"order":[{{string.Join(',', Enumerable.Range(1, 60))}}]}""", server.GetState(id, "kX"));
    }

    [Fact]
    public async Task FailedRun_ParksItsKey_NotTheOthers()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """
            { "key": "${event.params.device}", "triggers": { "in": { "type": "webhook", "path": "/poison/{device}" } },
              "steps": { "check": { "type": "script", "code": "state.n = (state.n ?? 0) + 1; if (event.data === 'bad') throw new Error('bad'); return 1", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/good", "body": "${event.params.device + state.n}" } } }
            """);
        await PostAsync(server, "poison/a", "\"good\"");
        await server.Receiver.NextAsync("/good");
        await PostAsync(server, "poison/a", "\"bad\"");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM keys WHERE parked_at IS NOT NULL") == 1);
        await PostAsync(server, "poison/a", "\"good\"");
        await PostAsync(server, "poison/b", "\"good\"");
        Assert.Equal("\"b1\"", (await server.Receiver.NextAsync("/good")).Body);
        Assert.Equal(1, server.Count($"SELECT count(*) FROM runs WHERE workflow_id = '{id}' AND blocked = 1 AND key = 'a'"));
        Assert.Equal("""{"n":1}""", server.GetState(id, "a")); // the failed step changed nothing
    }

    [Fact]
    public async Task FailedRun_LetsTheOthersGoOn_WhereTheWorkflowSaysSo()
    {
        await using var server = await WorkflowServer.StartAsync();
        await server.AddAsync(
            """
            { "key": "one", "onKeyFailure": "continue", "triggers": { "in": { "type": "webhook", "path": "/on" } },
              "steps": { "check": { "type": "if", "condition": "${event.data}", "next": { "true": "tell", "false": "no" } }, "no": { "type": "fail", "message": "no" }, "tell": { "type": "webhook.send", "url": "RECEIVER/on" } } }
            """);
        await PostAsync(server, "on", "false");
        await PostAsync(server, "on", "true");
        await server.Receiver.NextAsync("/on");
    }

    [Fact]
    public async Task EventWithoutAKey_FailsItsRun_AndIsKept()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync("""{ "key": "${event.data.device}", "triggers": { "in": { "type": "webhook", "path": "/nokey" } }, "steps": { "x": { "type": "log", "message": "x" } } }""");
        foreach (var body in new[] { "{}", """{"device":{}}""", """{"device":""}""", $$"""{"device":"{{new string('x', 600)}}"}""", "null" })
        {
            var run = await server.HookAsync(id, "/hooks/nokey", WorkflowServer.Json(body));
            Assert.Equal(("failed", "key_failed"), (run.State, run.ErrorCode));
        }

        Assert.Equal("succeeded", (await server.HookAsync(id, "/hooks/nokey", WorkflowServer.Json("""{"device":17}"""))).State);
    }

    [Fact]
    public async Task State_ThatIsTooLarge_FailsTheStep_AndStaysAsItWas()
    {
        await using var server = await WorkflowServer.StartAsync(("Runs:MaxStateBytes", "2000"));
        var id = await server.AddAsync("""{ "key": "one", "onKeyFailure": "continue", "triggers": { "in": { "type": "webhook", "path": "/big" } }, "steps": { "x": { "type": "script", "code": "state.text = 'x'.repeat(event.data)" } } }""");
        Assert.Equal("succeeded", (await server.HookAsync(id, "/hooks/big", WorkflowServer.Json("10"))).State);
        Assert.Equal("state_too_large", (await server.HookAsync(id, "/hooks/big", WorkflowServer.Json("3000"))).ErrorCode);
        Assert.Equal("""{"text":"xxxxxxxxxx"}""", server.GetState(id, "one"));
    }

    [Fact]
    public async Task State_IsForgotten_AfterItsTime()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync("""{ "key": "one", "stateTtl": "1h", "triggers": { "in": { "type": "webhook", "path": "/ttl" } }, "steps": { "x": { "type": "script", "code": "return state.n = (state.n ?? 0) + 1" } } }""");
        Assert.Equal("1", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Output("x"));
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal("2", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Output("x"));
        time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal("1", (await server.HookAsync(id, "/hooks/ttl", WorkflowServer.Json("1"))).Output("x"));
    }

    [Fact]
    public async Task Script_MayWaitBeforeItChangesTheState_AndAModuleSeesItToo()
    {
        await using var server = await WorkflowServer.StartAsync();
        var id = await server.AddAsync(
            """{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/async" } }, "steps": { "a": { "type": "script", "code": "await null; state.a = 1", "next": "b" }, "b": { "type": "script", "file": "state.ts" } } }""",
            ("state.ts", "export default async function ({ state }: any) { state.b = state.a + 1; await null; delete state.a; return state; }"));
        Assert.Equal("""{"b":2}""", (await server.HookAsync(id, "/hooks/async", WorkflowServer.Json("1"))).Output("b"));
        Assert.Equal("""{"b":2}""", server.GetState(id, "one"));
    }

    [Fact]
    public async Task WaitingRun_HoldsUpItsKey()
    {
        var time = new ManualTime();
        await using var server = await WorkflowServer.StartAsync(time);
        var id = await server.AddAsync("""{ "key": "one", "triggers": { "in": { "type": "webhook", "path": "/slow" } }, "steps": { "wait": { "type": "delay", "for": "1h", "next": "tell" }, "tell": { "type": "webhook.send", "url": "RECEIVER/slow", "body": "${event.data}" } } }""");
        using var changes = server.Get<RunFeed>().Subscribe(id)!;
        await PostAsync(server, "slow", "1");
        await PostAsync(server, "slow", "2");
        await WorkflowServer.NextAsync(changes, "waiting");
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("1", (await server.Receiver.NextAsync("/slow")).Body);
        await WorkflowServer.NextAsync(changes, "waiting");
        await WorkflowServer.UntilAsync(() => server.Count("SELECT count(*) FROM deliveries WHERE state = 'succeeded'") == 1); // else it is late by an hour, and made again
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal("2", (await server.Receiver.NextAsync("/slow")).Body);
    }

    private static async Task PostAsync(WorkflowServer server, string hook, string body)
    {
        using var answer = await server.Http.PostAsync(new Uri("/hooks/" + hook, UriKind.Relative), WorkflowServer.Json(body));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }
}
