using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>What MQTT clients were promised holds after a <c>kill -9</c> of the real server: sessions, waiting and unfinished messages, retained messages.</summary>
public class MqttPersistenceTests
{
    private const string Rows = "(SELECT count(*) FROM mqtt_sessions) + (SELECT count(*) FROM mqtt_subscriptions) + (SELECT count(*) FROM mqtt_queue) + (SELECT count(*) FROM mqtt_incoming)";

    private static readonly Dictionary<string, string> NoWorkflow = [];

    private static readonly Dictionary<string, string> OneWorkflow = new()
    {
        ["readings.json"] = """
            {
              "name": "Readings",
              "triggers": { "mqtt": { "type": "mqtt", "topic": "readings/#" } },
              "steps": { "note": { "type": "log", "message": "${event.data}" } }
            }
            """,
    };

    [Theory]
    [InlineData("mqttv311", 1, "elsewhere")]
    [InlineData("mqttv311", 2, "readings")]
    [InlineData("5", 1, "readings")]
    [InlineData("5", 2, "elsewhere")]
    public async Task OfflineSubscriber_GetsEverythingOnceAndInOrder(string version, int qos, string topic)
    {
        await using var installation = await Installation.StartAsync(OneWorkflow);
        var port = installation.Server.Settings.MqttPort;
        await SubscribeAsync(port, version, qos, $"{topic}/#", "-E"); // and leave
        var lines = Enumerable.Range(1, 50).Select(number => $"number {number}").ToList();
        await PublishLinesAsync(port, version, qos, $"{topic}/a", lines);

        await installation.Server.KillAsync();
        await installation.Server.RestartAsync();
        await PublishLinesAsync(port, version, qos, $"{topic}/a", ["the last"]); // whatever came twice came before it
        var received = await SubscribeAsync(port, version, qos, $"{topic}/#", "-F", "%q %p", "-C", "51");

        Assert.Equal([.. lines, "the last"], received.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[2..]));
        Assert.All(received.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith($"{qos} ", line));
    }

    [Fact]
    public async Task RetainedMessages_AreThereAgain_AndThoseThatWereClearedAreNot()
    {
        await using var installation = await Installation.StartAsync(NoWorkflow);
        var port = installation.Server.Settings.MqttPort;
        foreach (var (topic, payload) in new[] { ("r/a", "old"), ("r/a", "new"), ("r/b", "gone"), ("r/c", "kept") })
            await RetainAsync(port, topic, "-m", payload);
        await RetainAsync(port, "r/b", "-n");

        await installation.Server.KillAsync();
        await installation.Server.RestartAsync();
        await RetainAsync(port, "r/z", "-m", "last");
        var received = await Shell.RunAsync("mosquitto_sub", ["-h", "127.0.0.1", "-p", $"{port}", "-t", "r/#", "-q", "1", "-C", "3", "-F", "%r %t %p"]);

        Assert.Equal(["1 r/a new", "1 r/c kept", "1 r/z last"], received.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal(3, JournalFile.Count(installation.Server, "SELECT count(*) FROM mqtt_messages"));
    }

    [Fact]
    public async Task UnfinishedMessages_GoOnWithTheirPacketIdentifiers()
    {
        await using var installation = await Installation.StartAsync(NoWorkflow);
        var port = installation.Server.Settings.MqttPort;
        ushort first, second;
        using (var subscriber = await MqttWire.ConnectAsync(port, "reader"))
        {
            Assert.False(subscriber.SessionPresent);
            await subscriber.SubscribeAsync("t", 2);
            await Shell.MosquittoPubAsync(port, "t", "one", qos: 2);
            await Shell.MosquittoPubAsync(port, "t", "two", qos: 2);
            first = (await subscriber.ExpectPublishAsync()).PacketId;
            second = (await subscriber.ExpectPublishAsync()).PacketId;
            await subscriber.AcknowledgeAsync(0x50, first);
            await subscriber.ExpectAsync(0x62, first);
            await installation.Server.KillAsync();
        }

        await installation.Server.RestartAsync();
        using var again = await MqttWire.ConnectAsync(port, "reader");
        Assert.True(again.SessionPresent);
        await again.ExpectAsync(0x62, first); // PUBREL: the message itself never again
        Assert.Equal(((byte)0x3C, second, "two"), await again.ExpectPublishAsync()); // with DUP
        await again.AcknowledgeAsync(0x70, first);
        await again.AcknowledgeAsync(0x50, second);
        await again.ExpectAsync(0x62, second);
        await again.AcknowledgeAsync(0x70, second);
        await Eventually.HoldsAsync(() => Task.FromResult(JournalFile.Count(installation.Server, "SELECT (SELECT count(*) FROM mqtt_queue) + (SELECT count(*) FROM mqtt_messages)") == 0), "nothing waits");
    }

    [Fact]
    public async Task PublisherThatIsCutByTheCrash_GoesOn_AndNothingDoubles()
    {
        await using var installation = await Installation.StartAsync(OneWorkflow);
        var port = installation.Server.Settings.MqttPort;
        await SubscribeAsync(port, "mqttv311", 2, "readings/#", "-E");
        using (var publisher = await MqttWire.ConnectAsync(port, "device"))
        {
            await publisher.PublishAsync(2, 7, "readings/a", "once");
            await publisher.ExpectAsync(0x50, 7);
            await installation.Server.KillAsync();
        }

        await installation.Server.RestartAsync();
        using var again = await MqttWire.ConnectAsync(port, "device");
        Assert.True(again.SessionPresent);
        await again.PublishAsync(2, 7, "readings/a", "once", duplicate: true); // as one that did not see the PUBREC
        await again.ExpectAsync(0x50, 7);
        await again.AcknowledgeAsync(0x62, 7);
        await again.ExpectAsync(0x70, 7);
        await again.PublishAsync(2, 7, "readings/a", "last");
        await again.ExpectAsync(0x50, 7);

        var received = await SubscribeAsync(port, "mqttv311", 2, "readings/#", "-C", "2");
        Assert.Equal("once\nlast\n", received.Output);
        await JournalFile.EverythingEndedAsync(installation.Server);
        Assert.Equal(2, JournalFile.Count(installation.Server, "SELECT count(*) FROM events"));
    }

    [Fact]
    public async Task EndedSessions_LeaveNoRows()
    {
        await using var installation = await Installation.StartAsync(NoWorkflow);
        var server = installation.Server;
        using (var publisher = await MqttWire.ConnectAsync(server.Settings.MqttPort, "device"))
        using (var subscriber = await MqttWire.ConnectAsync(server.Settings.MqttPort, "reader"))
        {
            await subscriber.SubscribeAsync("t", 1);
            await publisher.PublishAsync(2, 7, "t", "waits");
            await publisher.ExpectAsync(0x50, 7);
        }

        Assert.Equal(5, JournalFile.Count(server, "SELECT " + Rows));
        await server.KillAsync();
        await server.RestartAsync();
        using var first = await MqttWire.ConnectAsync(server.Settings.MqttPort, "device", cleanSession: true);
        using var second = await MqttWire.ConnectAsync(server.Settings.MqttPort, "reader", cleanSession: true);

        Assert.False(second.SessionPresent);
        await Eventually.HoldsAsync(() => Task.FromResult(JournalFile.Count(server, $"SELECT {Rows} + (SELECT count(*) FROM mqtt_messages)") == 0), "no row is left");
    }

    private static Task<CommandResult> SubscribeAsync(int port, string version, int qos, string filter, params string[] more)
    {
        string[] lasting = version == "5" ? ["-x", "3600"] : [];
        return Shell.RunAsync("mosquitto_sub", ["-h", "127.0.0.1", "-p", $"{port}", "-V", version, "-c", "-i", "offline", "-q", $"{qos}", "-t", filter, .. lasting, .. more]);
    }

    private static async Task PublishLinesAsync(int port, string version, int qos, string topic, IEnumerable<string> lines)
    {
        var result = await Shell.RunAsync(
            "mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{port}", "-V", version, "-q", $"{qos}", "-t", topic, "-l"], input: string.Join('\n', lines) + "\n");
        Assert.True(result.ExitCode == 0, result.All);
    }

    private static async Task RetainAsync(int port, string topic, params string[] payload)
    {
        var result = await Shell.RunAsync("mosquitto_pub", ["-h", "127.0.0.1", "-p", $"{port}", "-q", "1", "-t", topic, "-r", .. payload]);
        Assert.True(result.ExitCode == 0, result.All);
    }
}
