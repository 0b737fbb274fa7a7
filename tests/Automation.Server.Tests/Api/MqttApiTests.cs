using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Mqtt;
using Automation.Mqtt.Client;
using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Api;

/// <summary>Looking into the broker and steering it, with clients that are really connected.</summary>
public sealed class MqttApiTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task AClient_IsShownWithItsSession_AndDisconnected()
    {
        await using var client = await ConnectAsync("shown/1");
        await client.SubscribeAsync("shown/+/x", MqttQualityOfService.AtLeastOnce);

        var shown = await server.GetAsync("/api/mqtt/clients/shown%2F1");
        Assert.Equal(("shown/1", "tcp", "5.0"), (Text(shown, "clientId"), Text(shown, "transport"), Text(shown, "protocolVersion")));
        Assert.Equal($"127.0.0.1:{server.MqttPort}", Text(shown, "listener"));
        Assert.Equal(("connected", 1), (Text(shown["session"]!, "state"), shown["session"]!["subscriptionCount"]!.GetValue<int>()));

        await SendAsync(HttpMethod.Post, "/api/mqtt/clients/shown%2F1/disconnect?reason=notAuthorized", 204);
        await WorkflowServer.UntilAsync(() => client.Reason?.ReasonCode == MqttReasonCode.NotAuthorized);
        await SendAsync(HttpMethod.Post, "/api/mqtt/clients/nobody/disconnect", 404);
        await SendAsync(HttpMethod.Post, "/api/mqtt/clients/nobody/disconnect?reason=spite", 400);
    }

    [Fact]
    public async Task Clients_ArePaged()
    {
        await using var one = await ConnectAsync("paged-1");
        await using var two = await ConnectAsync("paged-2");
        await using var three = await ConnectAsync("paged-3");

        var first = await server.GetAsync("/api/mqtt/clients?search=paged-&limit=2");
        Assert.Equal(["paged-1", "paged-2"], Texts(first, "clientId"));
        var second = await server.GetAsync(Text(first, "next"));
        Assert.Equal(["paged-3"], Texts(second, "clientId"));
        Assert.Null(second["next"]);
    }

    [Fact]
    public async Task ASession_OutlivesItsClient_AndIsEnded()
    {
        await using (var client = await ConnectAsync("leaver")) await client.SubscribeAsync("leaver/#", MqttQualityOfService.AtLeastOnce);
        await WorkflowServer.UntilAsync(() => server.Get<Server.Triggers.Mqtt.EmbeddedBroker>().Broker!.Sessions.Find("leaver") is { Client: null });
        await PublishAsync("""{ "topic": "leaver/a", "payload": "1" }""", 204);

        var details = await server.GetAsync("/api/mqtt/sessions/leaver");
        Assert.Equal(("away", 1), (Text(details["session"]!, "state"), details["session"]!["queuedMessages"]!.GetValue<int>()));
        Assert.Null(details["client"]);
        Assert.Equal(["leaver/#"], Texts(details["subscriptions"]!, "filter"));
        Assert.Contains("leaver", Texts(await server.GetAsync("/api/mqtt/sessions?state=away"), "clientId"));

        await SendAsync(HttpMethod.Delete, "/api/mqtt/sessions/leaver", 204);
        await SendAsync(HttpMethod.Delete, "/api/mqtt/sessions/leaver", 404);
        await SendAsync(HttpMethod.Get, "/api/mqtt/sessions/leaver", 404);
    }

    [Fact]
    public async Task Subscriptions_AreFoundByTopic_AndPaged()
    {
        await using var client = await ConnectAsync("subscriber");
        await client.SubscribeAsync([new MqttSubscription("sub/1/+", MqttQualityOfService.ExactlyOnce) { NoLocal = true, Identifier = 9 }]);
        await client.SubscribeAsync([new MqttSubscription("$share/g/sub/#"), new MqttSubscription("sub/2/x")]);

        var first = await server.GetAsync("/api/mqtt/subscriptions?topic=sub%2F1%2Fx&limit=1");
        Assert.Equal(("$share/g/sub/#", "g"), (Text(first["items"]![0]!, "filter"), Text(first["items"]![0]!, "shareName")));
        var second = (await server.GetAsync(Text(first, "next")))["items"]![0]!;
        Assert.Equal(("sub/1/+", 2, true, 9), (Text(second, "filter"), second["qos"]!.GetValue<int>(), second["noLocal"]!.GetValue<bool>(), second["identifier"]!.GetValue<int>()));
        await SendAsync(HttpMethod.Get, "/api/mqtt/subscriptions?topic=a%2F%23", 400);
        await SendAsync(HttpMethod.Get, "/api/mqtt/subscriptions?after=5%3Aabc", 400);
    }

    [Fact]
    public async Task ARetainedMessage_IsSet_Shown_AndRemoved()
    {
        await SendAsync(HttpMethod.Put, "/api/mqtt/retained/kept%2F1", 204, new StringContent("""{"on":true}""", Encoding.UTF8, new MediaTypeHeaderValue("application/json")));
        await Mosquitto.PublishAsync(server.MqttPort, "kept/2", "warm", "-r", "-q", "1");

        Assert.Equal(["kept/1", "kept/2"], Texts(await server.GetAsync("/api/mqtt/retained?filter=kept%2F%23"), "topic"));
        Assert.Equal("""{"on":true}""", (await server.GetAsync("/api/mqtt/retained/kept%2F1"))["payload"]!.ToJsonString());
        Assert.Equal("warm", Text(await server.GetAsync("/api/mqtt/retained/kept%2F2"), "payload"));

        await SendAsync(HttpMethod.Delete, "/api/mqtt/retained/kept%2F1", 204);
        await SendAsync(HttpMethod.Get, "/api/mqtt/retained/kept%2F1", 404);
        await SendAsync(HttpMethod.Put, "/api/mqtt/retained/kept%2F1", 400, new ByteArrayContent([]));
        await SendAsync(HttpMethod.Put, "/api/mqtt/retained/kept%2F%23", 400, new StringContent("x"));
    }

    [Fact]
    public async Task Topics_ShowTheirLastValues_LevelByLevel()
    {
        await server.GetAsync("/api/mqtt/topics");
        await Mosquitto.PublishAsync(server.MqttPort, "tree/1/t", """{"celsius":20}""", "-i", "sensor", "-q", "1");
        await Mosquitto.PublishAsync(server.MqttPort, "tree/2/t", "warm", "-q", "1");

        var level = await server.GetAsync("/api/mqtt/topics?under=tree");
        Assert.Equal(["1", "2"], Texts(level, "name"));
        Assert.Equal((2, 2), (level["level"]!["messagesBelow"]!.GetValue<int>(), level["level"]!["topicsBelow"]!.GetValue<int>()));
        var topic = Assert.Single((await server.GetAsync("/api/mqtt/topics?under=tree%2F1"))["items"]!.AsArray())!;
        Assert.Equal(("tree/1/t", "sensor", """{"celsius":20}"""), (Text(topic, "topic"), Text(topic["last"]!, "clientId"), topic["last"]!["payload"]!.ToJsonString()));
        Assert.Null((await server.GetAsync("/api/mqtt/topics?under=tree%2Fnothing"))["level"]);
    }

    [Fact]
    public async Task Publish_StartsWorkflows_AndReachesSubscribers()
    {
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "hand/{x}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/hand", "body": { "x": "${event.params.x}", "d": "${event.data}", "u": "${event.properties.user.k}" } } } }""");
        using var subscriber = await Mosquitto.SubscribeAsync(server.MqttPort, "hand/#");

        await PublishAsync("""{ "topic": "hand/a", "payload": {"n":1}, "userProperties": [{ "name": "k", "value": "v" }] }""", 204);

        Assert.Equal("""{"x":"a","d":{"n":1},"u":["v"]}""", (await server.Receiver.NextAsync("/hand")).Body);
        Assert.Equal("""hand/a 1 0 {"n":1}""", await subscriber.LineAsync());
        await PublishAsync("""{ "topic": "hand/b", "base64": "aGk=", "qos": 0 }""", 204);
        Assert.Equal("hand/b 0 0 hi", await subscriber.LineAsync());
    }

    [Theory]
    [InlineData("{", "not a message as JSON")]
    [InlineData("null", "null")]
    [InlineData("""{ "payload": 1 }""", "topic")]
    [InlineData("""{ "topic": "a/#" }""", "topic")]
    [InlineData("""{ "topic": "a", "qos": 3 }""", "QoS")]
    [InlineData("""{ "topic": "a", "payload": "x", "base64": "aGk=" }""", "one of both")]
    [InlineData("""{ "topic": "a", "base64": "*" }""", "not base64")]
    [InlineData("""{ "topic": "a", "payload": "\ud83d" }""", "half of a character")]
    [InlineData("""{ "topic": "a", "retained": true }""", "retained")]
    [InlineData("""{ "topic": "a", "userProperties": [null] }""", "name and a value")]
    public async Task Publish_SaysWhatIsWrong(string body, string expected) => Assert.Contains(expected, await PublishAsync(body, 400), StringComparison.Ordinal);

    [Fact]
    public async Task Messages_AreStreamed()
    {
        using var response = await server.Http.GetAsync(new Uri("/api/mqtt/messages?filter=live%2F%2B", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal((": connected", ""), (await reader.ReadLineAsync(), await reader.ReadLineAsync()));

        await Mosquitto.PublishAsync(server.MqttPort, "dead/1", "1");
        await Mosquitto.PublishAsync(server.MqttPort, "live/1", new string('ä', 3000), "-i", "sensor");

        Assert.Equal("event: message", await reader.ReadLineAsync());
        var message = JsonNode.Parse((await reader.ReadLineAsync())!["data: ".Length..])!;
        Assert.Equal(("live/1", "sensor", 6000, true), (Text(message, "topic"), Text(message, "clientId"), message["payloadBytes"]!.GetValue<int>(), message["cut"]!.GetValue<bool>()));
        Assert.Equal(new string('ä', 2048), Text(message, "payload"));
        await SendAsync(HttpMethod.Get, "/api/mqtt/messages?filter=a%23", 400);
    }

    [Fact]
    public async Task ABrokerThatIsSwitchedOff_IsAConflict()
    {
        var off = await WorkflowServer.StartAsync(("Mqtt:Enabled", "false"));
        await using (off)
        {
            using var answer = await off.Http.GetAsync(new Uri("/api/mqtt/clients", UriKind.Relative));
            Assert.Equal(409, (int)answer.StatusCode);
        }
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static IEnumerable<string> Texts(JsonNode page, string name) => page["items"]!.AsArray().Select(item => item![name]!.GetValue<string>());

    private async Task<MqttClient> ConnectAsync(string clientId)
    {
        var client = new MqttClient(new MqttClientOptions { Server = new Uri($"mqtt://127.0.0.1:{server.MqttPort}"), ClientId = clientId });
        await client.ConnectAsync();
        return client;
    }

    private async Task<string> PublishAsync(string body, int status) => await SendAsync(HttpMethod.Post, "/api/mqtt/publish", status, WorkflowServer.Json(body));

    private async Task<string> SendAsync(HttpMethod method, string path, int status, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var answer = await server.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{(int)answer.StatusCode} {text}");
        return text;
    }
}
