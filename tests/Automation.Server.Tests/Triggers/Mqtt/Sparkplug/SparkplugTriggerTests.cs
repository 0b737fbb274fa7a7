using System.Diagnostics;
using System.Text.Json;
using Automation.Mqtt;
using Automation.Server.Runs;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Mqtt;
using static Automation.Server.Tests.Triggers.Mqtt.Sparkplug.Proto;

namespace Automation.Server.Tests.Triggers.Mqtt.Sparkplug;

/// <summary>From an edge node to events.</summary>
public sealed class SparkplugTriggerTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task EdgeNode_OfAnotherMaker_IsRead_WithNamesAndTypesOfItsBirths()
    {
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "spBv1.0/#", "payload": "sparkplug" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/spb", "body": { "topic": "${event.topic}", "data": "${event.data}" } } } }""");
        using var node = Process.Start("node", [Path.Combine(ClientsFolder(), "sparkplug.mjs"), $"mqtt://127.0.0.1:{server.MqttPort}"]);
        await node.WaitForExitAsync(CancellationToken.None);
        Assert.Equal(0, node.ExitCode);

        var arrived = (await server.Receiver.NextAsync("/spb", 4)).Select(a => JsonDocument.Parse(a.Body).RootElement).ToDictionary(m => m.GetProperty("topic").GetString()!, m => m.GetProperty("data").GetRawText());
        Assert.Equal("""{"online":true,"timestamp":1700000000000}""", arrived["spBv1.0/STATE/host"]);
        Assert.Equal(
            """{"timestamp":1700000000000,"seq":0,"metrics":[{"name":"bdSeq","type":"UInt64","value":0},{"name":"Node Control/Rebirth","alias":1,"type":"Boolean","value":false}]}""",
            arrived["spBv1.0/plant/NBIRTH/node"]);
        Assert.Equal(
            """{"timestamp":1700000000000,"seq":1,"metrics":[{"name":"temperature","alias":2,"type":"Int16","value":20,"properties":{"engUnit":"°C"}},"""
            + """{"name":"table","alias":3,"type":"DataSet","value":{"columns":["at","open"],"types":["Int64","Boolean"],"rows":[[1700000000000,true]]}},"""
            + """{"name":"valve","alias":4,"type":"Template","value":{"version":"v1","template":"Valve","parameters":{"size":7},"metrics":[{"name":"open","type":"Double","value":0.5}]}},"""
            + """{"name":"note","alias":5,"type":"Text","value":null}]}""",
            arrived["spBv1.0/plant/DBIRTH/node/device"]);
        Assert.Equal("""{"seq":2,"metrics":[{"name":"temperature","alias":2,"type":"Int16","value":-10}]}""", arrived["spBv1.0/plant/DDATA/node/device"]);
    }

    [Fact]
    public async Task Event_ReadsTheSameEverAfter_ThoughTheNamesChange()
    {
        var id = await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "spBv1.0/g/DDATA/{node}/{device}", "payload": "sparkplug" } }, "steps": { "s": { "type": "set", "values": { "s": "${event.sparkplug}", "d": "${event.data}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await PublishAsync("spBv1.0/g/DBIRTH/n/d", Metric(Text(1, "old"), Varint(2, 1), Varint(4, 3))); // no trigger listens here
        await PublishAsync("spBv1.0/g/DDATA/n/d", Metric(Varint(2, 1), Varint(10, 5)));
        var run = await server.EndAsync(ends);
        await PublishAsync("spBv1.0/g/DBIRTH/n/d", Metric(Text(1, "new"), Varint(2, 1), Varint(4, 3)));

        const string Data = """{"metrics":[{"name":"old","alias":1,"type":"Int32","value":5}]}""";
        Assert.Equal("""{"s":{"group":"g","message":"DDATA","edgeNode":"n","device":"d","aliases":{"1":{"name":"old","type":"Int32"}}},"d":""" + Data + "}", run.Output("s"));
        var eventId = (await server.GetAsync("/api/events?limit=1&workflow=" + id))["items"]![0]!["id"]!.GetValue<string>();
        Assert.Equal(Data, (await server.GetAsync($"/api/events/{eventId}"))["data"]!.ToJsonString());
    }

    [Fact]
    public async Task WhatIsNoSparkplug_StartsItsRun_AsBytes_AndSaysWhy()
    {
        var id = await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "spBv1.0/bad/#", "payload": "sparkplug" } }, "steps": { "s": { "type": "set", "values": { "d": "${event.data}", "p": "${event.payloadProblem}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await PublishAsync("spBv1.0/bad/NBIRTH/n", [0xFF, 0xFE]);
        Assert.Equal("""{"d":{"base64":"//4="},"p":"The body is not a Sparkplug B payload: a number does not end."}""", (await server.EndAsync(ends)).Output("s"));
    }

    private async Task PublishAsync(string topic, byte[] payload) =>
        await server.Get<EmbeddedBroker>().PublishAsync(new MqttApplicationMessage { Topic = topic, Payload = payload }, CancellationToken.None);

    private static string ClientsFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var clients = Path.Combine(folder.FullName, "tests", "mqtt-clients");
            if (Directory.Exists(Path.Combine(clients, "node_modules"))) return clients;
        }

        throw new InvalidOperationException("The clients in tests/mqtt-clients are not installed. ./test does it, or npm ci there.");
    }
}
