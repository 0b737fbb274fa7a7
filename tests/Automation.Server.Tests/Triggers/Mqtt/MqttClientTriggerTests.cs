using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Automation.Mqtt;
using Automation.Mqtt.Access;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Client;
using Automation.Server.Runs;
using Automation.Server.Tests.Runs;
using Automation.Server.Tests.Secrets;
using Automation.Server.Tests.Storage;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>Clients that come and go, from the socket to a run.</summary>
public sealed class MqttClientTriggerTests(WorkflowServer server) : IClassFixture<WorkflowServer>
{
    [Fact]
    public async Task Online_AndOffline_StartRuns_InOrder()
    {
        using var ends = server.Get<RunFeed>().Subscribe(await AddAsync("""{ "type": "mqtt.client", "clientId": "door-{n}" }"""))!;
        await using (var client = await ConnectAsync("door-7", TimeSpan.Zero)) await client.StopAsync();

        var online = await DataAsync(ends);
        Assert.Equal("7", online["params"]!["n"]!.GetValue<string>());
        Assert.Equal(("online", "door-7", "5.0", false), (Text(online, "event"), Text(online, "clientId"), Text(online, "protocolVersion"), online["sessionKept"]!.GetValue<bool>()));
        Assert.StartsWith("127.0.0.1:", Text(online, "address"), StringComparison.Ordinal);
        var offline = await DataAsync(ends);
        Assert.Equal(("offline", "disconnected", 0), (Text(offline, "event"), Text(offline, "reason"), offline["reasonCode"]!.GetValue<int>()));
    }

    [Fact]
    public async Task AWill_StartsTheRunsOfBothKindsOfTrigger()
    {
        using var ends = server.Get<RunFeed>().Subscribe(await AddAsync("""{ "type": "mqtt.client", "clientId": "cut-*", "events": ["offline", "will"] }"""))!;
        await server.AddAsync("""{ "triggers": { "m": { "type": "mqtt", "topic": "state/{id}" } }, "steps": { "s": { "type": "webhook.send", "url": "RECEIVER/will", "body": { "id": "${event.params.id}", "d": "${event.data}" } } } }""");
        using (var socket = new TcpClient())
        {
            // CONNECT 3.1.1 of "cut-1" with the will {"on":false} on state/1, then the connection is cut.
            await socket.ConnectAsync("127.0.0.1", server.MqttPort);
            await socket.GetStream().WriteAsync(Convert.FromHexString("102800044D5154540406003C00056375742D310007" + "73746174652F31" + "000C" + Convert.ToHexString("""{"on":false}"""u8)));
            await socket.GetStream().ReadExactlyAsync(new byte[4]);
        }

        Assert.Equal("""{"id":"1","d":{"on":false}}""", (await server.Receiver.NextAsync("/will")).Body);
        var offline = await DataAsync(ends);
        Assert.Equal(("offline", "connectionLost", "3.1.1"), (Text(offline, "event"), Text(offline, "reason"), Text(offline, "protocolVersion")));
        Assert.Null(offline["reasonCode"]);
        var will = await DataAsync(ends);
        Assert.Equal(("will", "state/1", """{"on":false}"""), (Text(will, "event"), Text(will["will"]!, "topic"), will["will"]!["payload"]!.ToJsonString()));
    }

    [Fact]
    public async Task OtherUsersAndEvents_StartNothing()
    {
        var users = Path.Combine(server.Folder, "users");
        await File.WriteAllLinesAsync(users, ((string[])["anna.k", "berta"]).Select(name => PasswordFile.FormatLine(name, PasswordHash.Create("p"u8))));
        await using var other = await WorkflowServer.StartAsync(("Mqtt:PasswordFile", users));
        using var ends = other.Get<RunFeed>().Subscribe(await other.AddAsync(Workflow("""{ "type": "mqtt.client", "userName": "anna*", "events": ["online"] }""")))!;
        foreach (var user in (string[])["berta", "anna.k"])
        {
            await using var client = new MqttClient(new MqttClientOptions { Server = new Uri($"mqtt://{user}:p@127.0.0.1:{other.MqttPort}"), ClientId = "of-" + user });
            await client.ConnectAsync();
        }

        var data = (await other.EndAsync(ends))["s"]["output"]!["data"]!;
        Assert.Equal(("of-anna.k", "anna.k"), (Text(data, "clientId"), Text(data, "userName")));
        await other.StopAsync();
        Assert.Equal(1, other.Count("SELECT count(*) FROM events"));
    }

    [Theory]
    [InlineData("""{ "type": "mqtt.client", "clientId": "{a}{b}" }""", "/triggers/c/clientId")]
    [InlineData("""{ "type": "mqtt.client", "userName": "{a}" }""", "/triggers/c/userName")]
    [InlineData("""{ "type": "mqtt.client", "events": ["gone"] }""", "/triggers/c/events/0")]
    [InlineData("""{ "type": "mqtt.client", "events": [] }""", "/triggers/c/events")]
    public async Task Mistakes_AreNamed(string trigger, string place)
    {
        server.Write(("mistake.json", $$"""{ "key": "${event.clientId}", "triggers": { "c": {{trigger}} }, "steps": { "s": { "type": "log", "message": "x" } } }"""));
        await server.Get<Server.Workflows.WorkflowCatalog>().RefreshAsync(new Server.Workflows.Look(), CancellationToken.None);
        Assert.Contains(server.Get<Server.Workflows.WorkflowCatalog>().Current.Workflows["mistake"].Problems, problem => problem.Pointer == place);
        File.Delete(Path.Combine(server.Folder, "workflows", "mistake.json"));
    }

    [Fact]
    public async Task ALineThatIsFull_DropsWhatComes_CountsIt_AndLogsIt()
    {
        await AddAsync("""{ "type": "mqtt.client", "clientId": "flood" }""");
        var log = new ListLogger<MqttClientIntake>();
        using var intake = new MqttClientIntake(server.Get<Intake>(), server.Get<IdSource>(), TimeProvider.System, log);
        intake.Use(server.Get<Server.Workflows.WorkflowCatalog>().Current);
        var client = new MqttClientInfo("flood", null, MqttProtocolVersion.V5, new IPEndPoint(IPAddress.Loopback, 1), default);
        for (var n = 0; n < MqttClientIntake.MaxWaiting + 3; n++) intake.Note(new MqttPresence(MqttPresenceKind.Online, client, MqttReasonCode.Success, null, false));

        Assert.Equal(3, intake.Dropped);
        Assert.Contains("dropped", Assert.Single(log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStop_StoresThatTheClientsWent()
    {
        await using var other = await WorkflowServer.StartAsync();
        await other.AddAsync(Workflow("""{ "type": "mqtt.client", "events": ["offline"] }"""));
        await using (var client = await ConnectAsync("there", TimeSpan.FromHours(1), other)) await other.StopAsync();

        Assert.Equal(1, other.Count($"SELECT count(*) FROM events WHERE trigger_type = 'mqtt.client' AND {TestDatabase.BodyText} LIKE '%\"reason\":\"serverShuttingDown\"%'"));
        await other.StartAsync();
        await WorkflowServer.UntilAsync(() => other.Count("SELECT count(*) FROM runs WHERE state = 'succeeded'") == 1);
    }

    private static string Text(JsonNode node, string name) => node[name]!.GetValue<string>();

    private static string Workflow(string trigger) => $$"""{ "key": "${event.clientId}", "triggers": { "c": {{trigger}} }, "steps": { "s": { "type": "set", "values": { "params": "${event.params}", "data": "${event.data}" } } } }""";

    private Task<string> AddAsync(string trigger) => server.AddAsync(Workflow(trigger));

    private async Task<JsonNode> DataAsync(RunSubscription ends)
    {
        var output = (await server.EndAsync(ends))["s"]["output"]!;
        var data = output["data"]!.AsObject();
        data["params"] = output["params"]!.DeepClone();
        return data;
    }

    private async Task<MqttClient> ConnectAsync(string clientId, TimeSpan expiry, WorkflowServer? to = null)
    {
        var client = new MqttClient(new MqttClientOptions { Server = new Uri($"mqtt://127.0.0.1:{(to ?? server).MqttPort}"), ClientId = clientId, SessionExpiry = expiry });
        await client.ConnectAsync();
        return client;
    }
}
