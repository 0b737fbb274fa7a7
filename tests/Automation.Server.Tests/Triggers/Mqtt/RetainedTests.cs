using Automation.Server.Tests.Runs;

namespace Automation.Server.Tests.Triggers.Mqtt;

/// <summary>Which triggers get the messages that a broker retains: of mosquitto by a connection, and of the embedded one.</summary>
public sealed class RetainedTests : ConnectionRig
{
    public static TheoryData<string> Brokers => ["5.0", "3.1.1", "embedded"];

    [Theory]
    [MemberData(nameof(Brokers))]
    public async Task TriggerThatBeginsToListen_GetsThem_AndNoOtherDoes(string broker)
    {
        var server = await ServerAsync(broker);
        await RetainAsync(server, broker, "r/a", "1");
        await RetainAsync(server, broker, "r/b", "2");
        await AddAsync(server, broker, "first", "");
        Assert.Equal(["[\"first\",1,true]", "[\"first\",2,true]"], await SortedAsync(server, 2));

        await AddAsync(server, broker, "second", "");
        await AddAsync(server, broker, "never", """, "retained": "none" """);
        Assert.Equal(["[\"second\",1,true]", "[\"second\",2,true]"], await SortedAsync(server, 2));
        await LastAsync(server, broker, 3);
        Assert.Equal(["[\"first\",0]", "[\"never\",0]", "[\"second\",0]"], (await SortedAsync(server, 3)).Select(got => got.Replace(",false", "", StringComparison.Ordinal)));
        Assert.Equal(7, server.Count("SELECT count(*) FROM runs"));
    }

    [Theory]
    [MemberData(nameof(Brokers))]
    public async Task Restart_GivesThemAgain_OnlyToThoseThatWantAll(string broker)
    {
        var server = await ServerAsync(broker);
        await RetainAsync(server, broker, "r/a", "1");
        await AddAsync(server, broker, "new", "");
        await AddAsync(server, broker, "all", """, "retained": "all" """);
        Assert.Equal(["[\"all\",1,true]", "[\"new\",1,true]"], await SortedAsync(server, 2));
        await server.StopAsync();
        await server.StartAsync();
        Assert.Equal(["[\"all\",1,true]"], await SortedAsync(server, 1));
        if (broker != "embedded") await SubscribedAsync(server);
        await LastAsync(server, broker, 2);
        Assert.Equal(2, (await SortedAsync(server, 2)).Count(got => got.Contains(",0,", StringComparison.Ordinal)));
    }

    private async Task<WorkflowServer> ServerAsync(string broker) => broker == "embedded" ? await DisconnectedServerAsync() : await ServerAsync(("ProtocolVersion", broker));

    private static async Task AddAsync(WorkflowServer server, string broker, string name, string trigger)
    {
        var workflow = Listening("r/#", $"['{name}', event.data, event.retain]", trigger);
        if (broker == "embedded") await server.AddAsync(workflow.Replace("\"connection\": \"plant\", ", "", StringComparison.Ordinal));
        else await ListenAsync(server, workflow);
    }

    private Task RetainAsync(WorkflowServer server, string broker, string topic, string payload) =>
        Mosquitto.PublishAsync(broker == "embedded" ? server.MqttPort : Broker.Port, topic, payload, "-q", "1", "-r");

    /// <summary>A message that is not retained, behind all that are.</summary>
    private async Task LastAsync(WorkflowServer server, string broker, int listeners)
    {
        if (broker != "embedded") await WorkflowServer.UntilAsync(() => Connection(server).Subscriptions is [var only] && only.Triggers.Count == listeners && only.Answer is not null);
        await Mosquitto.PublishAsync(broker == "embedded" ? server.MqttPort : Broker.Port, "r/x", "0", "-q", "1");
    }

    private static async Task<IReadOnlyList<string>> SortedAsync(WorkflowServer server, int count) => [.. (await GotAsync(server, count)).Order(StringComparer.Ordinal)];
}
