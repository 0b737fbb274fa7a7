using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class SessionTests : BrokerTestBase
{
    private static readonly WillFields TheWill = new() { Topic = "wills/c", Payload = "gone"u8.ToArray(), QualityOfService = MqttQualityOfService.AtLeastOnce };

    [Fact]
    public async Task Will_IsPublished_WhenTheConnectionBreaks()
    {
        var broker = await StartAsync();
        await using var watcher = await WatchAsync(broker);
        var client = await TestClient.ConnectAsync(broker, "c", will: TheWill);
        client.Drop();

        await watcher.ExpectPublishAsync("wills/c", "gone");
    }

    [Theory]
    [InlineData("E0 00", false)]
    [InlineData("E0 01 00", false)]
    [InlineData("E0 01 04", true)]
    [InlineData("E0 01 80", true)]
    [InlineData("00 00", true)]
    public async Task Will_DependsOnTheLastPacket(string last, bool isPublished)
    {
        var broker = await StartAsync();
        await using var watcher = await WatchAsync(broker);
        await using var client = await TestClient.ConnectAsync(broker, "c", will: TheWill);
        await client.SendHexAsync(last);
        while (await client.ReceiveAsync() is not null)
        {
            // a DISCONNECT may come first
        }

        client.Drop();
        if (isPublished)
            await watcher.ExpectPublishAsync("wills/c", "gone");
        await broker.StopAsync(new CancellationToken(canceled: true));
        Assert.DoesNotContain("wills/c", await RestAsync(watcher));
    }

    [Fact]
    public async Task Will_IsGivenToTheHook()
    {
        var seen = new TaskCompletionSource<MqttPublishContext>(TaskCreationOptions.RunContinuationsAsynchronously);
        var broker = await StartAsync(options => options.OnPublish = context =>
        {
            seen.TrySetResult(context);
            return new(MqttReasonCode.Success);
        });
        var client = await TestClient.ConnectAsync(broker, "c", MqttProtocolVersion.V311, will: TheWill);
        client.Drop(reset: true);

        var context = await seen.Task.WaitAsync(TestClient.Patience);
        Assert.Equal(("wills/c", true, "c"), (context.Message.Topic, context.IsWill, context.Client.ClientId));
    }

    [Fact]
    public async Task Will_IsPublished_WhenTheConnectionIsTakenOver()
    {
        var broker = await StartAsync();
        await using var watcher = await WatchAsync(broker);
        await using var old = await TestClient.ConnectAsync(broker, "c", will: TheWill);
        await using var @new = await TestClient.ConnectAsync(broker, "c");
        await old.ExpectDisconnectAsync(MqttReasonCode.SessionTakenOver);
        old.Drop();

        await watcher.ExpectPublishAsync("wills/c");
    }

    // On manual time the moment to read the last packet never ends, so nothing but the will itself can bring it.
    [Theory]
    [InlineData("E0 01 04")]
    [InlineData("00 00")]
    public async Task Will_DoesNotWaitUntilTheClientClosesItsSideToo(string last)
    {
        var broker = await StartOnManualTimeAsync();
        await using var watcher = await WatchAsync(broker);
        await using var client = await TestClient.ConnectAsync(broker, "c", will: TheWill);
        await client.SendHexAsync(last);

        await watcher.ExpectPublishAsync("wills/c", "gone");
    }

    [Fact]
    public async Task Will_NotAuthorized_RefusesTheConnect()
    {
        var broker = await StartAsync(options => options.AuthorizePublish = _ => new(MqttReasonCode.NotAuthorized));
        await using var client = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", Will = TheWill });

        Assert.Equal((byte)MqttReasonCode.NotAuthorized, client.Connack.ReturnCode);
    }

    [Fact]
    public async Task Will_WithADelay_WaitsForIt()
    {
        var broker = await StartOnManualTimeAsync();
        await using var watcher = await WatchAsync(broker);
        await LeaveAsync(broker, delay: 30, expiry: 100);

        Time.Advance(TimeSpan.FromSeconds(29));
        await watcher.ExpectNothingAsync();
        Time.Advance(TimeSpan.FromSeconds(3));
        await watcher.ExpectPublishAsync("wills/c");
    }

    [Fact]
    public async Task Will_WithADelay_IsPublishedWhenTheSessionEndsBefore()
    {
        var broker = await StartOnManualTimeAsync();
        await using var watcher = await WatchAsync(broker);
        await LeaveAsync(broker, delay: 100, expiry: 20);
        Assert.Equal(2, broker.SessionCount);

        Time.Advance(TimeSpan.FromSeconds(22));

        await watcher.ExpectPublishAsync("wills/c");
        Assert.Equal(1, broker.SessionCount);
    }

    [Fact]
    public async Task Will_WithADelay_IsForgottenWhenTheClientComesBack()
    {
        var broker = await StartOnManualTimeAsync();
        await using var watcher = await WatchAsync(broker);
        await LeaveAsync(broker, delay: 30, expiry: 100);
        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false);
        Assert.True(back.Connack.SessionPresent);

        Time.Advance(TimeSpan.FromSeconds(50));

        await watcher.ExpectNothingAsync();
    }

    [Fact]
    public async Task ASessionWithoutExpiry_EndsWithItsConnection()
    {
        var broker = await StartAsync();
        var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t", 1);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        client.Drop();

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false);
        Assert.False(back.Connack.SessionPresent);
        Assert.Equal(0, await broker.PublishAsync(new() { Topic = "t" }));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task AKeptSession_SendsAgainWhatWasInFlight_InOrder_WithDup(byte level)
    {
        var version = (MqttProtocolVersion)level;
        var kept = level == 5 ? new PacketProperties { SessionExpiryInterval = 100 } : null;
        var broker = await StartAsync();
        var client = await TestClient.ConnectAsync(broker, "c", version, cleanStart: false, properties: kept);
        await client.SubscribeAsync("#", 2);
        await broker.PublishAsync(new() { Topic = "one", QualityOfService = MqttQualityOfService.AtLeastOnce });
        await broker.PublishAsync(new() { Topic = "two", QualityOfService = MqttQualityOfService.ExactlyOnce });
        await broker.PublishAsync(new() { Topic = "three", QualityOfService = MqttQualityOfService.ExactlyOnce });
        var one = await client.ExpectPublishAsync("one");
        var two = await client.ExpectPublishAsync("two");
        var three = await client.ExpectPublishAsync("three");
        await client.SendAsync(new AckPacket(PacketType.Pubrec) { PacketId = three.PacketId });
        await client.ExpectAckAsync(PacketType.Pubrel, three.PacketId);

        await using var back = await TestClient.ConnectAsync(broker, "c", version, cleanStart: false, properties: kept);
        Assert.True(back.Connack.SessionPresent);
        var again = await back.ExpectPublishAsync("one");
        Assert.Equal((true, one.PacketId), (again.Duplicate, again.PacketId));
        Assert.Equal(two.PacketId, (await back.ExpectPublishAsync("two")).PacketId);
        await back.ExpectAckAsync(PacketType.Pubrel, three.PacketId);
        await back.ExpectNothingAsync();
        client.Drop();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AKeptSession_DropsWhatIsTooLargeForTheClientNow(int qos)
    {
        var broker = await StartAsync();
        var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { SessionExpiryInterval = 100 });
        await client.SubscribeAsync("#", qos);
        await broker.PublishAsync(new() { Topic = "large", Payload = new byte[1000], QualityOfService = (MqttQualityOfService)qos });
        await broker.PublishAsync(new() { Topic = "small", QualityOfService = (MqttQualityOfService)qos });
        await client.ExpectPublishAsync("large");
        var small = await client.ExpectPublishAsync("small");

        // The window of one is free for the small message, so the large one's identifier is free too.
        var narrow = new PacketProperties { SessionExpiryInterval = 100, MaximumPacketSize = 100, ReceiveMaximum = 1 };
        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false, properties: narrow);

        var again = await back.ExpectPublishAsync("small");
        Assert.Equal((true, small.PacketId), (again.Duplicate, again.PacketId));
        Assert.Equal(1, broker.Metrics.DroppedTooLarge);
        Assert.InRange(broker.QueuedBytes, 1, 500);
        client.Drop();
    }

    [Fact]
    public async Task AKeptSession_RemembersIncomingQoS2()
    {
        var calls = 0;
        var broker = await StartAsync(options => options.OnPublish = _ => new(Interlocked.Increment(ref calls) > 0 ? MqttReasonCode.Success : 0));
        var kept = new PacketProperties { SessionExpiryInterval = 100 };
        var client = await TestClient.ConnectAsync(broker, "c", properties: kept);
        await client.PublishAsync("t", qos: 2, packetId: 5);
        await client.ExpectAckAsync(PacketType.Pubrec, 5);
        client.Drop();

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false, properties: kept);
        await back.PublishAsync("t", qos: 2, packetId: 5, duplicate: true);
        await back.ExpectAckAsync(PacketType.Pubrec, 5);
        await back.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = 5 });
        await back.ExpectAckAsync(PacketType.Pubcomp, 5);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task TheSessionExpiry_IsLimited_AndTold()
    {
        var broker = await StartAsync(options => options.MaxSessionExpiry = TimeSpan.FromSeconds(60));
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { SessionExpiryInterval = uint.MaxValue });

        Assert.Equal(60u, client.Connack.Properties!.SessionExpiryInterval);
    }

    [Fact]
    public async Task Disconnect_MayNotRaiseAnExpiryOfZero()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect) { Properties = new PacketProperties { SessionExpiryInterval = 5 } });

        await client.ExpectDisconnectAsync(MqttReasonCode.ProtocolError);
    }

    private static async Task<TestClient> WatchAsync(MqttBroker broker)
    {
        var watcher = await TestClient.ConnectAsync(broker, "watcher", keepAlive: 3600);
        await watcher.SubscribeAsync("wills/#");
        return watcher;
    }

    private static async Task LeaveAsync(MqttBroker broker, uint delay, uint expiry)
    {
        var will = new WillFields { Topic = "wills/c", Payload = [1], Properties = new PacketProperties { WillDelayInterval = delay } };
        var client = await TestClient.ConnectAsync(broker, "c", will: will, properties: new PacketProperties { SessionExpiryInterval = expiry });
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect) { ReasonCode = MqttReasonCode.DisconnectWithWillMessage });
        await client.ExpectClosedAsync();
        client.Drop();
    }

    private static async Task<List<string>> RestAsync(TestClient client)
    {
        var topics = new List<string>();
        while (await client.ReceiveAsync() is { } packet)
        {
            if (packet is PublishPacket publish)
                topics.Add(publish.Topic);
        }

        return topics;
    }
}
