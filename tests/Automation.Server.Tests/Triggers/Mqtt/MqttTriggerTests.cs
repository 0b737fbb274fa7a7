using Automation.Mqtt;
using Automation.Server.Runs;
using Automation.Server.Tests.Runs;
using Automation.Server.Triggers.Mqtt;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>From mosquitto's clients through the broker to a run, and back.</summary>
public sealed class MqttTriggerTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Theory]
    [InlineData("one/{plant}/rooms/{room}/t", "one/p1/rooms/kitchen/t", """{"plant":"p1","room":"kitchen"}""")]
    [InlineData("two/+/x", "two/y/x", "{}")]
    [InlineData("three/{a}/#", "three/x/y/z", """{"a":"x"}""")]
    [InlineData("four/#", "four", "{}")]
    [InlineData("$own/{a}", "$own/x", """{"a":"x"}""")]
    public async Task Message_StartsARun_WithItsNamedLevels(string filter, string topic, string parameters)
    {
        var run = await PublishAsync(filter, topic, "1", """{ "p": "${event.params}", "t": "${event.topic}" }""");
        Assert.Equal($$"""{"p":{{parameters}},"t":"{{topic}}"}""", run.Output("s"));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    public async Task Message_OfEachQos_StartsOneRun(int qos, int shown)
    {
        var run = await PublishAsync($"qos{qos}", $"qos{qos}", "1", """{ "q": "${event.qos}" }""", "-q", $"{qos}");
        Assert.Equal($$"""{"q":{{shown}}}""", run.Output("s"));
    }

    [Theory]
    [InlineData("json", """{"celsius":9.5}""", """{"celsius":9.5}""")]
    [InlineData("text", "warm", "\"warm\"")]
    [InlineData("half", "{\"a\":", "\"{\\\"a\\\":\"")]
    public async Task Payload_IsJsonOrText(string topic, string payload, string data) =>
        Assert.Equal($$"""{"d":{{data}}}""", (await PublishAsync(topic, topic, payload, """{ "d": "${event.data}" }""")).Output("s"));

    [Theory]
    [InlineData("json", """{"a": 1}""", """{"a": 1}""", null)]
    [InlineData("json", "{half", "\"{half\"", "not valid JSON at line 1, byte 2")]
    [InlineData("text", "21.5", "\"21.5\"", null)]
    [InlineData("bytes", "21.5", """{"base64":"MjEuNQ=="}""", null)]
    public async Task Payload_IsReadAsTheTriggerSays_AndAProblemIsShown(string form, string payload, string data, string? problem)
    {
        var topic = $"forms/{form}{problem is null}";
        var id = await server.AddAsync($$"""{ "triggers": { "m": { "type": "mqtt", "topic": "{{topic}}", "payload": "{{form}}" } }, "steps": { "s": { "type": "set", "values": { "d": "${event.data}", "p": "${event.payloadProblem}" } } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await Mosquitto.PublishAsync(server.MqttPort, topic, payload, "-q", "1");
        var output = (await server.EndAsync(ends)).Output("s");

        Assert.StartsWith($$"""{"d":{{data.Replace(" ", "", StringComparison.Ordinal)}},"p":""", output, StringComparison.Ordinal);
        Assert.Contains(problem ?? "\"p\":null", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TriggersOfOneTopic_MayReadItsPayloadsDifferently()
    {
        foreach (var form in (string[])["auto", "json", "text", "bytes"])
        {
            await server.AddAsync($$"""{ "triggers": { "m": { "type": "mqtt", "topic": "read", "payload": "{{form}}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/read", "body": "${event.data}" } } }""");
        }

        await Mosquitto.PublishAsync(server.MqttPort, "read", "1", "-q", "1");
        Assert.Equal(["\"1\"", "1", "1", """{"base64":"MQ=="}"""], (await server.Receiver.NextAsync("/read", 4)).Select(a => a.Body).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("json")]
    [InlineData("text")]
    [InlineData("bytes")]
    public async Task BinaryPayload_ReachesAReceiver_ByteForByte(string form)
    {
        byte[] payload = [.. Enumerable.Range(0, 256).Select(b => (byte)b)];
        await server.AddAsync($$"""{ "triggers": { "m": { "type": "mqtt", "topic": "binary/{{form}}", "payload": "{{form}}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/binary/{{form}}", "body": "${event.data}", "contentType": "application/octet-stream" } } }""");
        await server.Get<EmbeddedBroker>().PublishAsync(new MqttApplicationMessage { Topic = "binary/" + form, Payload = payload }, CancellationToken.None);
        Assert.Equal(payload, (await server.Receiver.NextAsync("/binary/" + form)).Bytes);
    }

    [Fact]
    public async Task Properties_AreInTheEvent()
    {
        var run = await PublishAsync(
            "props", "props", "7", """{ "p": "${event.properties}", "c": "${event.clientId}", "r": "${event.retain}" }""",
            "-V", "5", "-i", "me", "-D", "publish", "content-type", "application/json", "-D", "publish", "user-property", "k", "v", "-D", "publish", "response-topic", "answers",
            "-D", "publish", "payload-format-indicator", "1", "-D", "publish", "correlation-data", "c7", "-D", "publish", "message-expiry-interval", "60");
        Assert.Equal(
            """{"p":{"payloadFormatIndicator":1,"contentType":"application/json","responseTopic":"answers","correlationData":"Yzc=","messageExpiryInterval":60,"user":{"k":["v"]}},"c":"me","r":false}""",
            run.Output("s"));
    }

    [Fact]
    public async Task EveryTriggerOnATopic_StartsItsRun()
    {
        foreach (var filter in (string[])["several/{a}", "several/+", "several/#", "several/{b}"])
        {
            await server.AddAsync($$"""{ "triggers": { "m": { "type": "mqtt", "topic": "{{filter}}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/several", "body": "${Object.keys(event.params).join()}" } } }""");
        }

        await Mosquitto.PublishAsync(server.MqttPort, "several/x", "1", "-q", "1");
        Assert.Equal(["\"\"", "\"\"", "\"a\"", "\"b\""], (await server.Receiver.NextAsync("/several", 4)).Select(a => a.Body).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task MessagesOfOneClient_StartTheirRunsInOrder()
    {
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "ordered" } }, "steps": { "s": { "type": "log", "message": "x" } } }""");
        using (var publisher = Mosquitto.PublishLines(server.MqttPort, "ordered", 1, Enumerable.Range(0, 200).Select(i => $"{i}"))) await publisher.EndAsync();

        var events = (await server.GetAsync("/api/events?limit=200"))["items"]!.AsArray().Where(e => e!["subject"]?.GetValue<string>() == "ordered").Select(e => e!["id"]!.GetValue<string>()).ToList();
        Assert.Equal(200, events.Count);
        var bodies = new List<string>();
        foreach (var id in events) bodies.Add((await server.GetAsync($"/api/events/{id}"))["data"]!.ToJsonString());
        Assert.Equal(Enumerable.Range(0, 200).Reverse().Select(i => $"{i}"), bodies);
    }

    [Fact]
    public async Task MqttPublish_ReachesSubscribers_AndOtherWorkflows()
    {
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "out/{x}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/chained", "body": { "x": "${event.params.x}", "d": "${event.data}" } } } }""");
        using var subscriber = await Mosquitto.SubscribeAsync(server.MqttPort, "out/#");
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "out/${event.data.to}", "payload": { "n": "${event.data.n}" } } } }""", """{"to":"a","n":1}""");

        Assert.Equal("succeeded", run.State);
        Assert.Equal("""out/a 1 0 {"n":1}""", await subscriber.LineAsync());
        Assert.Equal("""{"x":"a","d":{"n":1}}""", (await server.Receiver.NextAsync("/chained")).Body);
    }

    [Theory]
    [InlineData("\"plain\"", "plain")]
    [InlineData(" \"plain\" ", "plain")]
    [InlineData("[1]", "[1]")]
    public async Task MqttPublish_SendsATextAsItIs_AndAnyOtherValueAsJson(string data, string payload)
    {
        using var subscriber = await Mosquitto.SubscribeAsync(server.MqttPort, "plain", 0);
        await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "plain" } } }""", data);
        Assert.Equal($"plain 0 0 {payload}", await subscriber.LineAsync());
    }

    [Fact]
    public async Task MqttPublish_RefusesAWildcard_Once()
    {
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "a/${'#'}", "retry": { "attempts": 3, "initial": "1ms" } } } }""");
        Assert.Equal(("failed", "invalid_topic", 1), (run.State, run.ErrorCode, run["p"]["attempts"]!.GetValue<int>()));
    }

    [Theory]
    [InlineData("'x'.repeat(70000)", "more than 65535 bytes")]
    [InlineData("'é'.repeat(40000)", "more than 65535 bytes")]
    [InlineData("'x/'.repeat(200)", "more than 128 levels")]
    [InlineData("'+/' + 'x'.repeat(70000)", "holds + or #")]
    [InlineData("'a\\u0000'", "null character")]
    public async Task MqttPublish_SaysWhatIsWrongWithATopic_InASentenceOfItsSize(string topic, string expected)
    {
        var run = await server.RunAsync($$"""{ "steps": { "p": { "type": "mqtt.publish", "topic": "${ {{topic}} }" } } }""");
        Assert.Equal("invalid_topic", run.ErrorCode);
        var message = run["p"]["error"]!["message"]!.GetValue<string>();
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 200);
    }

    [Fact]
    public async Task MqttPublish_WithoutRoomToRetain_StartsNothing()
    {
        var id = await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "full/#" } }, "steps": { "s": { "type": "log", "message": "x" } } }""");
        var broker = server.Get<EmbeddedBroker>();
        Assert.True(await broker.PublishAsync(new MqttApplicationMessage { Topic = "most", Payload = new byte[(64 << 20) - (64 << 10)], Retain = true }, CancellationToken.None));
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "full/x", "payload": "${'x'.repeat(100000)}", "retain": true } } }""");
        await broker.PublishAsync(new MqttApplicationMessage { Topic = "most", Retain = true }, CancellationToken.None);

        Assert.Equal("mqtt_no_room", run.ErrorCode);
        Assert.Empty((await server.GetAsync($"/api/runs?workflow={id}"))["items"]!.AsArray());
        await Assert.ThrowsAsync<ArgumentException>(async () => await broker.PublishAsync(new MqttApplicationMessage { Topic = "full/y", ContentType = new string('x', 70_000) }, CancellationToken.None));
        Assert.Empty((await server.GetAsync($"/api/runs?workflow={id}"))["items"]!.AsArray());
    }

    [Fact]
    public async Task MqttPublish_CarriesItsIdempotencyKey_IntoEvents()
    {
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "keyed" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/keyed", "body": "${event.properties.user}" } } }""");
        var run = await server.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "keyed" } } }""");
        Assert.Equal($$"""{"idempotency-key":["{{run.Id}}.p"]}""", (await server.Receiver.NextAsync("/keyed")).Body);
    }

    [Fact]
    public async Task MqttPublish_SaysWhenTheBrokerIsOff()
    {
        await using var quiet = await WorkflowServer.StartAsync(("Mqtt:Enabled", "false"));
        Assert.Equal("mqtt_off", (await quiet.RunAsync("""{ "steps": { "p": { "type": "mqtt.publish", "topic": "a" } } }""")).ErrorCode);
    }

    private async Task<Run> PublishAsync(string filter, string topic, string payload, string values, params string[] more)
    {
        var id = await server.AddAsync($$"""{ "triggers": { "m": { "type": "mqtt", "topic": "{{filter}}" } }, "steps": { "s": { "type": "set", "values": {{values}} } } }""");
        using var ends = server.Get<RunFeed>().Subscribe(id)!;
        await Mosquitto.PublishAsync(server.MqttPort, topic, payload, more.Contains("-q") ? more : ["-q", "1", .. more]);
        return await server.EndAsync(ends);
    }
}
