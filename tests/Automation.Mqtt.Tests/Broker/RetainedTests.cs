using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Broker;

public sealed class RetainedTests : BrokerTestBase
{
    [Theory]
    [InlineData("rooms/1/temperature")]
    [InlineData("rooms/+/temperature")]
    [InlineData("rooms/#")]
    [InlineData("rooms/1/temperature/#")]
    [InlineData("#")]
    public async Task Retained_IsSentAfterTheSuback_WithTheFlag(string filter)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("rooms/1/temperature", "7", qos: 1, packetId: 1, retain: true);
        await client.ExpectAckAsync(PacketType.Puback, 1);

        await client.SubscribeAsync(filter, 1);

        var publish = await client.ExpectPublishAsync("rooms/1/temperature", "7");
        Assert.Equal((true, MqttQualityOfService.AtLeastOnce), (publish.Retain, publish.QualityOfService));
    }

    [Fact]
    public async Task Retained_IsReplaced_AndClearedByAnEmptyPayload()
    {
        var broker = await StartAsync();
        Assert.True(TopicFilter.TryParse("#", out var all));
        await broker.PublishAsync(new() { Topic = "a/b", Payload = new byte[1], Retain = true });
        await broker.PublishAsync(new() { Topic = "a/b", Payload = new byte[2], Retain = true });
        Assert.Equal(2, Assert.Single(broker.Retained.List(all, 10)).Payload.Length);

        await broker.PublishAsync(new() { Topic = "a/b", Retain = true });

        Assert.Empty(broker.Retained.List(all, 10));
        Assert.Equal(0, broker.RetainedCount);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task RetainHandling_DecidesWhatASecondSubscribeGets(byte handling, int copies)
    {
        var broker = await StartAsync();
        await broker.PublishAsync(new() { Topic = "t", Payload = new byte[1], Retain = true });
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var received = 0;
        for (var round = 0; round < 2; round++)
        {
            await client.SubscribeAsync(new SubscriptionRequest("t", 0, RetainHandling: handling));
            await client.SendAsync(PingPacket.Request);
            while (await client.ReceiveAsync() is PublishPacket)
                received++;
            await client.ExpectNothingAsync();
        }

        Assert.Equal(copies, received);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RetainAsPublished_KeepsTheFlagOfLiveMessages(bool asPublished)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync(new SubscriptionRequest("t", 0, RetainAsPublished: asPublished));
        await broker.PublishAsync(new() { Topic = "t", Payload = new byte[1], Retain = true });

        Assert.Equal(asPublished, (await client.ExpectPublishAsync("t")).Retain);
    }

    [Fact]
    public async Task Retained_OverTheLimit_IsRefused_ButMayBeReplacedAndCleared()
    {
        var broker = await StartAsync(options => options.MaxRetainedMessages = 1);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("a", qos: 1, packetId: 1, retain: true);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await client.PublishAsync("b", qos: 1, packetId: 2, retain: true);
        Assert.Equal(MqttReasonCode.QuotaExceeded, (await client.ExpectAckAsync(PacketType.Puback, 2)).ReasonCode);
        await client.PublishAsync("a", qos: 1, packetId: 3, retain: true);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, (await client.ExpectAckAsync(PacketType.Puback, 3)).ReasonCode);
        await client.PublishAsync("a", "", qos: 1, packetId: 4, retain: true);
        await client.ExpectAckAsync(PacketType.Puback, 4);
        Assert.Equal(0, broker.RetainedCount);
    }

    [Fact]
    public async Task Retained_Expires()
    {
        var broker = await StartOnManualTimeAsync();
        await broker.PublishAsync(new() { Topic = "t", Payload = new byte[1], Retain = true, MessageExpiryInterval = 5 });
        Time.Advance(TimeSpan.FromSeconds(6));
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t");
        await client.ExpectNothingAsync();
        Assert.Equal(1, broker.RetainedCount);

        Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, broker.RetainedCount);
    }

    [Fact]
    public async Task Retained_ManyMatches_AllArriveThroughASmallWindow()
    {
        var broker = await StartAsync(options => options.MaxQueuedMessages = 10);
        for (var number = 0; number < 200; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", Payload = new byte[1], Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { ReceiveMaximum = 3 });
        await client.SubscribeAsync("t/+", 1);

        var topics = new HashSet<string>();
        for (var count = 0; count < 200; count++)
        {
            var publish = await client.ExpectAsync<PublishPacket>();
            topics.Add(publish.Topic);
            await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId });
        }

        Assert.Equal(200, topics.Count);
        Assert.Equal(0, broker.Metrics.DroppedQueueFull);
    }

    [Fact]
    public async Task Retained_IsNotSentAnyMore_AfterUnsubscribe()
    {
        var broker = await StartAsync();
        for (var number = 0; number < 10; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", Payload = new byte[1], Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { ReceiveMaximum = 1 });
        await client.SubscribeAsync("t/+", 1);
        var first = await client.ExpectAsync<PublishPacket>();
        await client.SendAsync(new UnsubscribePacket { PacketId = 1, Filters = ["t/+"] });
        await client.ExpectAsync<SubackPacket>();

        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = first.PacketId });

        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_IsSentBeforeWhatReplacesIt()
    {
        var broker = await StartAsync();
        foreach (var topic in new[] { "t/1", "t/2" })
            await broker.PublishAsync(new() { Topic = topic, Payload = "old"u8.ToArray(), Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { ReceiveMaximum = 1 });
        await client.SubscribeAsync("t/+", 1);
        var first = await client.ExpectPublishAsync("t/1", "old");
        foreach (var topic in new[] { "t/1", "t/2" })
            await broker.PublishAsync(new() { Topic = topic, Payload = "new"u8.ToArray(), Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });

        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = first.PacketId });
        var second = await client.ExpectPublishAsync("t/1", "new");
        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = second.PacketId });
        await client.ExpectPublishAsync("t/2", "new");
        Assert.False(second.Retain);
    }

    [Fact]
    public async Task Retained_OfASessionThatCameBack_GoesOnWhereItWas()
    {
        var kept = new PacketProperties { SessionExpiryInterval = 100, ReceiveMaximum = 1 };
        var broker = await StartAsync();
        for (var number = 0; number < 3; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", Payload = new byte[1], Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });
        var client = await TestClient.ConnectAsync(broker, "c", properties: kept);
        await client.SubscribeAsync("t/+", 1);
        await client.ExpectPublishAsync("t/0");
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        client.Drop();

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false, properties: kept);

        for (var number = 0; number < 3; number++)
        {
            var publish = await back.ExpectPublishAsync($"t/{number}");
            await back.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId });
        }

        await back.ExpectNothingAsync();
    }

    [Fact]
    public async Task Retained_OverTheBytes_IsRefused_ButMayBeReplacedByLessAndCleared()
    {
        var broker = await StartAsync(options => options.MaxRetainedBytes = 10_000);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await RetainAsync("a", 8000));
        Assert.Equal(MqttReasonCode.QuotaExceeded, await RetainAsync("b", 8000));
        Assert.Equal(MqttReasonCode.QuotaExceeded, await RetainAsync("a", 11_000));
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, await RetainAsync("a", 9000));
        Assert.InRange(broker.RetainedBytes, 9000, 10_000);

        await RetainAsync("a", 0);

        Assert.Equal(0, broker.RetainedBytes);

        async Task<MqttReasonCode> RetainAsync(string topic, int size)
        {
            await client.PublishAsync(topic, new string('x', size), qos: 1, packetId: 1, retain: true);
            return (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode;
        }
    }

    [Fact]
    public async Task Retained_CountsPropertiesAndLevels()
    {
        var broker = await StartAsync(options => options.MaxRetainedBytes = 10_000);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var many = new PacketProperties { UserProperties = [.. Enumerable.Repeat(new MqttUserProperty("", ""), 200)] };

        await client.PublishAsync("a", "x", qos: 1, packetId: 1, retain: true, properties: many);
        Assert.Equal(MqttReasonCode.QuotaExceeded, (await client.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await client.PublishAsync(new string('/', 100), "x", qos: 1, packetId: 2, retain: true);
        Assert.Equal(MqttReasonCode.QuotaExceeded, (await client.ExpectAckAsync(PacketType.Puback, 2)).ReasonCode);
        Assert.Equal(0, broker.RetainedBytes);
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(4, 0)]
    [InlineData(4, 1)]
    public async Task Retained_OverTheLimit_FromWhoCannotBeTold_IsRoutedAndNotRetained(byte level, int qos)
    {
        var broker = await StartAsync(options => options.MaxRetainedBytes = 10);
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        await subscriber.SubscribeAsync("t");
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);

        await client.PublishAsync("t", "live", qos, packetId: (ushort)qos, retain: true);

        await subscriber.ExpectPublishAsync("t", "live");
        if (qos == 1)
            await client.ExpectAckAsync(PacketType.Puback, 1);
        Assert.Equal((0, 1), (broker.RetainedCount, broker.Metrics.MessagesNotRetained));
    }

    [Fact]
    public async Task Retained_OverTheLimit_FromTheApplication_Throws()
    {
        var broker = await StartAsync(options => options.MaxRetainedBytes = 10);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await broker.PublishAsync(new() { Topic = "t", Payload = new byte[1], Retain = true }));
    }
}
