using System.Text;
using System.Text.Json.Nodes;
using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Server.Connectors;
using Automation.Server.Runs;
using Automation.Server.Tests.Runs;
using Automation.Server.Workflows;

namespace Automation.Server.Tests.Connectors;

/// <summary>Operations that publish, with devices that are MQTT clients of the embedded broker.</summary>
public sealed class PublishTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Tasmota_TakesTheCommand_AndItsAnswerStartsAWorkflow()
    {
        await using var device = await ConnectAsync("cmnd/plug/+");
        var hearing = await server.AddAsync("""{ "triggers": { "said": { "type": "mqtt", "topic": "stat/+/RESULT" } }, "steps": { "s": { "type": "set", "values": { "power": "${event.data.POWER}", "topic": "${event.topic}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(hearing)!;
        var sending = server.RunAsync("""{ "steps": { "it": { "type": "tasmota.publish", "topic": "${event.data.plug}", "command": "Power", "value": "ON" } } }""", """{ "plug": "plug" }""");

        var command = await NextAsync(device);
        Assert.Equal(("cmnd/plug/Power", "ON", false), (command.Topic, Encoding.UTF8.GetString(command.Payload.Span), command.Retain));
        await device.PublishAsync(new MqttApplicationMessage { Topic = "stat/plug/RESULT", Payload = """{ "POWER": "ON" }"""u8.ToArray(), QualityOfService = MqttQualityOfService.AtLeastOnce });

        Assert.Equal("succeeded", (await sending).State);
        Assert.Equal("""{"power":"ON","topic":"stat/plug/RESULT"}""", (await server.EndAsync(ends)).Output("s"));
    }

    [Theory]
    [InlineData("shelly.publishSwitch", """ "channel": 1, "to": "toggle" """, "id/command/switch:1", "toggle")]
    [InlineData("shelly.publishRpc", """ "method": "Switch.Set", "params": { "id": 0, "on": true, "toggle_after": null } """, "id/rpc", """{"id":1,"src":"automation","method":"Switch.Set","params":{"id":0,"on":true,"toggle_after":null}}""")]
    [InlineData("shelly.publishRpc", """ "method": "Shelly.GetStatus", "source": "läden", "number": 7 """, "id/rpc", """{"id":7,"src":"läden","method":"Shelly.GetStatus"}""")]
    public async Task Shelly_TakesWhatItDocuments(string type, string fields, string topic, string payload)
    {
        var id = "shelly-" + Guid.NewGuid().ToString("N");
        await using var device = await ConnectAsync(id + "/#");
        var run = server.RunAsync($$"""{ "steps": { "it": { "type": "{{type}}", "device": "{{id}}", {{fields}} } } }""");
        var came = await NextAsync(device);

        Assert.Equal((topic.Replace("id/", id + "/", StringComparison.Ordinal), payload), (came.Topic, Encoding.UTF8.GetString(came.Payload.Span)));
        Assert.Equal("succeeded", (await run).State);
    }

    [Fact]
    public async Task LeftOutValue_IsAnEmptyPayload_AndANumberIsItsText()
    {
        await using var device = await ConnectAsync("cmnd/lamp/+");
        await server.RunAsync("""{ "steps": { "ask": { "type": "tasmota.publish", "topic": "lamp", "command": "Status", "next": "dim" }, "dim": { "type": "tasmota.publish", "topic": "lamp", "command": "Dimmer", "value": "${40 + 2}" } } }""");

        Assert.Equal(0, (await NextAsync(device)).Payload.Length);
        Assert.Equal("42", Encoding.UTF8.GetString((await NextAsync(device)).Payload.Span));
    }

    [Theory]
    [InlineData("a/b", "would lead elsewhere")]
    [InlineData("#", "only topic filters may")]
    [InlineData("", "topic must not be empty")]
    public async Task WhatEventsGive_StaysInItsLevel(string device, string message)
    {
        var run = await server.RunAsync("""{ "steps": { "it": { "type": "tasmota.publish", "topic": "${event.data.to}", "command": "Power" } } }""", new JsonObject { ["to"] = device }.ToJsonString());

        Assert.Equal("failed", run.State);
        Assert.Contains(message, run.Node["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ConnectionThatTheServerDoesNotHave_IsNamed()
    {
        server.Write(("elsewhere.json", """{ "steps": { "it": { "type": "tasmota.publish", "connection": "none", "topic": "a", "command": "Power" } } }"""));
        await server.Get<WorkflowCatalog>().RefreshAsync(new Look(), CancellationToken.None);

        var problem = Assert.Single(server.Get<WorkflowCatalog>().Current.Workflows["elsewhere"].Problems);
        Assert.Equal("/steps/it/connection", problem.Pointer);
        Assert.Contains("There is no MQTT connection \"none\"", problem.Message, StringComparison.Ordinal);
        await server.RemoveAsync("elsewhere");
    }

    [Theory]
    [InlineData(""" "mode": "publish" """, "\"message\" is missing")]
    [InlineData(""" "mode": "inline" """, "\"request\" is missing")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a" }, "request": { "url": "https://a.example" } """, "has no \"request\"")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a" }, "answer": {} """, "has no \"answer\"")]
    [InlineData(""" "mode": "inline", "message": { "topic": "a" }, "request": { "url": "https://a.example" } """, "Only an operation that publishes")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a/#" } """, "no wildcards")]
    [InlineData(""" "mode": "publish", "message": { "topic": "${input.nothing}" } """, "There is no field \"nothing\"")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a", "qos": 3 } """, "qos")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a", "payload": "${secret.KEY}" } """, "secret")]
    [InlineData(""" "mode": "publish", "message": { "topic": "a", "payload": "${connection.key}" } """, "no credentials")]
    public void File_SaysWhatIsWrong(string operation, string problem)
    {
        var problems = new List<Problem>();
        var connector = Connector.Read("x", $$"""{ "title": "X", "credentials": { "key": { "help": "Key." } }, "operations": { "go": { "title": "Go", {{operation}} } } }""", problems);

        Assert.Null(connector);
        Assert.Contains(problems, p => p.Message.Contains(problem, StringComparison.Ordinal));
    }

    private async Task<MqttClient> ConnectAsync(string filter)
    {
        var device = new MqttClient(new MqttClientOptions { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}"), ClientId = "device-" + Guid.NewGuid().ToString("N") });
        await device.ConnectAsync();
        await device.SubscribeAsync(filter, MqttQualityOfService.AtLeastOnce);
        return device;
    }

    private static async Task<MqttApplicationMessage> NextAsync(MqttClient device)
    {
        using var patience = new CancellationTokenSource(WorkflowServer.Patience);
        await foreach (var received in device.ReceiveAsync(patience.Token)) return received.Message;
        throw new TimeoutException("No message came.");
    }
}
