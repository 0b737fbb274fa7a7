using System.Globalization;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>The broker's figures under <c>$SYS/broker</c>.</summary>
public sealed class SystemTopicTests : BrokerTestBase
{
    private const int AllFigures = 2 + 22 + (9 * 3);

    private static readonly string[] Names =
    [
        "version", "uptime", "clients/total", "clients/connected", "clients/disconnected", "clients/maximum", "clients/expired",
        "messages/received", "messages/sent", "messages/stored", "retained messages/count", "subscriptions/count",
        "publish/messages/received", "publish/messages/sent", "publish/messages/dropped", "publish/bytes/received", "publish/bytes/sent",
        "bytes/received", "bytes/sent", "load/messages/received/1min", "load/bytes/sent/5min", "load/publish/dropped/15min", "load/connections/1min",
    ];

    [Fact]
    public async Task ASubscriber_GetsAllFigures_AtOnce_Retained()
    {
        var broker = await StartOnManualTimeAsync();
        var gone = await TestClient.ConnectAsync(broker, "gone", properties: new PacketProperties { SessionExpiryInterval = 2 });
        await gone.SubscribeAsync("$share/g/t");
        await gone.PublishAsync("t", "12345");
        await gone.ExpectPublishAsync("t");
        await LeaveAsync(gone);
        var away = await TestClient.ConnectAsync(broker, "away", properties: new PacketProperties { SessionExpiryInterval = 100 });
        await LeaveAsync(away);
        await using var client = await TestClient.ConnectAsync(broker, "away", cleanStart: false, properties: new PacketProperties { SessionExpiryInterval = 100 });
        Time.Advance(TimeSpan.FromSeconds(5));

        var figures = await ReadAsync(client);

        Assert.Superset(Names.ToHashSet(), figures.Keys.ToHashSet());
        Assert.StartsWith("Automation.Mqtt ", figures["version"]);
        Assert.Equal("5 seconds", figures["uptime"]);
        Assert.Equal(("1", "1", "0", "1"), (figures["clients/total"], figures["clients/connected"], figures["clients/disconnected"], figures["clients/expired"]));
        Assert.Equal(("1", "1", "5", "5"), (figures["publish/messages/received"], figures["publish/messages/sent"], figures["publish/bytes/received"], figures["publish/bytes/sent"]));
        Assert.Equal(("1", "0"), (figures["subscriptions/count"], figures["shared_subscriptions/count"]));
        Assert.Equal("7", figures["messages/received"]); // three CONNECT, SUBSCRIBE, PUBLISH, two DISCONNECT; the present SUBSCRIBE counts when it is dealt with
        Assert.Equal("5", figures["messages/sent"]); // three CONNACK, SUBACK, PUBLISH
        Assert.True(int.Parse(figures["bytes/received"], CultureInfo.InvariantCulture) > 80);
    }

    [Fact]
    public async Task Figures_ArePublished_EveryTenSeconds_WhileSomebodySubscribes()
    {
        var broker = await StartOnManualTimeAsync();
        Time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(0, broker.RetainedCount);
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: 3600);
        await client.SubscribeAsync("$SYS/broker/uptime");
        Assert.True((await client.ExpectPublishAsync("$SYS/broker/uptime", "20 seconds")).Retain);
        Time.Advance(TimeSpan.FromSeconds(10));
        Assert.False((await client.ExpectPublishAsync("$SYS/broker/uptime", "30 seconds")).Retain);
        Assert.True(broker.RetainedCount > 40);

        await client.SendAsync(new UnsubscribePacket { PacketId = 1, Filters = ["$SYS/broker/uptime"] });
        await client.ExpectAsync<SubackPacket>();
        Time.Advance(TimeSpan.FromSeconds(10));

        await client.ExpectNothingAsync();
        Assert.Equal(0, broker.RetainedCount);
    }

    [Fact]
    public async Task Loads_AreAMinutesGrowth()
    {
        var broker = await StartOnManualTimeAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: 3600);
        for (var round = 0; round < 60; round++) // ten minutes with six messages of ten bytes a minute
        {
            await client.PublishAsync("t", "0123456789");
            await client.ExpectNothingAsync();
            Time.Advance(TimeSpan.FromSeconds(10));
        }

        await client.SubscribeAsync("$SYS/broker/load/publish/received/+");
        var one = await client.ExpectPublishAsync("$SYS/broker/load/publish/received/1min");
        Assert.Equal("6.00", Encoding.UTF8.GetString(one.Payload.Span));
        var fifteen = double.Parse(Encoding.UTF8.GetString((await FifteenAsync(client)).Payload.Span), CultureInfo.InvariantCulture);
        Assert.InRange(fifteen, 2.5, 3.5); // 6 (1 - e^(-10/15)) = 2.92
    }

    [Fact]
    public async Task AHash_DoesNotMatchThem()
    {
        var broker = await StartOnManualTimeAsync();
        await using var all = await TestClient.ConnectAsync(broker, "all", keepAlive: 3600);
        await all.SubscribeAsync(new SubscriptionRequest("#", 0), new SubscriptionRequest("+/broker/uptime", 0));
        await using var some = await TestClient.ConnectAsync(broker, "some", keepAlive: 3600);
        await some.SubscribeAsync("$SYS/broker/uptime");
        await some.ExpectPublishAsync("$SYS/broker/uptime");
        Time.Advance(TimeSpan.FromSeconds(10));

        await some.ExpectPublishAsync("$SYS/broker/uptime");
        await all.ExpectNothingAsync();
    }

    [Fact]
    public async Task Clients_MayNotPublishThere()
    {
        var broker = await StartAsync();
        await using var watcher = await TestClient.ConnectAsync(broker, "w");
        await watcher.SubscribeAsync("$SYS/test");
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("$SYS/test");
        await client.PublishAsync("$SYS/test", qos: 1, packetId: 1);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await client.PublishAsync("$SYS/test", qos: 2, packetId: 2);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await client.ExpectAckAsync(PacketType.Pubrec, 2)).ReasonCode);
        await client.PublishAsync("$SYSTEM/is/free", qos: 1, packetId: 3);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, (await client.ExpectAckAsync(PacketType.Puback, 3)).ReasonCode);
        await using var will = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "d", Will = new WillFields { Topic = "$SYS/test", Payload = [] } });

        Assert.Equal((byte)MqttReasonCode.NotAuthorized, will.Connack.ReturnCode);
        await watcher.ExpectNothingAsync();
    }

    private static async Task<Dictionary<string, string>> ReadAsync(TestClient client)
    {
        const string Prefix = "$SYS/broker/";
        var figures = new Dictionary<string, string>();
        await client.SubscribeAsync("$SYS/#");
        while (figures.Count < AllFigures)
        {
            var publish = await client.ExpectAsync<PublishPacket>();
            Assert.True(publish.Retain);
            figures.Add(publish.Topic[Prefix.Length..], Encoding.UTF8.GetString(publish.Payload.Span));
        }

        await client.ExpectNothingAsync();
        return figures;
    }

    private static async Task LeaveAsync(TestClient client)
    {
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        client.Drop();
    }

    private static async Task<PublishPacket> FifteenAsync(TestClient client)
    {
        await client.ExpectPublishAsync("$SYS/broker/load/publish/received/5min");
        return await client.ExpectPublishAsync("$SYS/broker/load/publish/received/15min");
    }
}
