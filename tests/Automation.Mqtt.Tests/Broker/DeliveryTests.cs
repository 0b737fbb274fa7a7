using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class DeliveryTests : BrokerTestBase
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(1, 2, 1)]
    public async Task Publish_ArrivesWithTheLowerQoS(int published, int subscribed, int expected)
    {
        var broker = await StartAsync();
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        await using var publisher = await TestClient.ConnectAsync(broker, "p", MqttProtocolVersion.V311);
        Assert.Equal((MqttReasonCode)subscribed, (await subscriber.SubscribeAsync("a/+", subscribed)).ReasonCodes[0]);

        await publisher.PublishAsync("a/b", "hello", published, published == 0 ? (ushort)0 : (ushort)7);

        var publish = await subscriber.ExpectPublishAsync("a/b", "hello");
        Assert.Equal((expected, false, false), ((int)publish.QualityOfService, publish.Retain, publish.Duplicate));
    }

    [Fact]
    public async Task QoS2_Incoming_IsDeliveredOnce_HoweverOftenItIsSent()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        await subscriber.SubscribeAsync("t");

        await client.PublishAsync("t", "once", qos: 2, packetId: 3);
        await client.ExpectAckAsync(PacketType.Pubrec, 3);
        for (var again = 0; again < 3; again++)
        {
            await client.PublishAsync("t", "once", qos: 2, packetId: 3, duplicate: true);
            await client.ExpectAckAsync(PacketType.Pubrec, 3);
        }

        await client.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = 3 });
        Assert.Equal(MqttReasonCode.Success, (await client.ExpectAckAsync(PacketType.Pubcomp, 3)).ReasonCode);
        await client.SendAsync(new AckPacket(PacketType.Pubrel) { PacketId = 3 });
        Assert.Equal(MqttReasonCode.PacketIdentifierNotFound, (await client.ExpectAckAsync(PacketType.Pubcomp, 3)).ReasonCode);
        await subscriber.ExpectPublishAsync("t", "once");
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task QoS2_Incoming_RefusedByTheHook_FreesTheIdentifier()
    {
        var calls = 0;
        var broker = await StartAsync(options => options.OnPublish = _ => new(++calls == 1 ? MqttReasonCode.QuotaExceeded : MqttReasonCode.Success));
        await using var client = await TestClient.ConnectAsync(broker, "c");

        await client.PublishAsync("t", qos: 2, packetId: 3);
        Assert.Equal(MqttReasonCode.QuotaExceeded, (await client.ExpectAckAsync(PacketType.Pubrec, 3)).ReasonCode);
        await client.PublishAsync("t", qos: 2, packetId: 3);
        Assert.Equal(MqttReasonCode.Success, (await client.ExpectAckAsync(PacketType.Pubrec, 3)).ReasonCode);
    }

    [Fact]
    public async Task QoS2_Outgoing_IsReleasedAfterPubrec()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { ReceiveMaximum = 1 });
        await client.SubscribeAsync("t", 2);
        await broker.PublishAsync(new() { Topic = "t", Payload = "1"u8.ToArray(), QualityOfService = MqttQualityOfService.ExactlyOnce });
        await broker.PublishAsync(new() { Topic = "t", Payload = "2"u8.ToArray(), QualityOfService = MqttQualityOfService.ExactlyOnce });

        var first = await client.ExpectPublishAsync("t", "1");
        await client.SendAsync(new AckPacket(PacketType.Pubrec) { PacketId = first.PacketId });
        await client.ExpectAckAsync(PacketType.Pubrel, first.PacketId);
        await client.ExpectNothingAsync();
        await client.SendAsync(new AckPacket(PacketType.Pubcomp) { PacketId = first.PacketId });
        await client.ExpectPublishAsync("t", "2");
    }

    [Fact]
    public async Task TheWindow_HoldsQoS1Back_AndLetsQoS0Pass()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { ReceiveMaximum = 2 });
        await client.SubscribeAsync("#", 1);
        for (var number = 1; number <= 3; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", QualityOfService = MqttQualityOfService.AtLeastOnce });
        await broker.PublishAsync(new() { Topic = "zero" });

        var first = await client.ExpectPublishAsync("t/1");
        await client.ExpectPublishAsync("t/2");
        await client.ExpectPublishAsync("zero");
        await client.ExpectNothingAsync();
        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = first.PacketId });
        await client.ExpectPublishAsync("t/3");
    }

    [Fact]
    public async Task AFullQueue_DropsQoS0First_ThenTheNewest()
    {
        var broker = await StartAsync(options => options.MaxQueuedMessages = 2);
        var away = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { SessionExpiryInterval = 100 });
        await away.SubscribeAsync("#", 1);
        await away.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await away.ExpectClosedAsync();
        away.Drop();
        for (var number = 1; number <= 3; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", QualityOfService = MqttQualityOfService.AtLeastOnce });

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false, properties: new PacketProperties { SessionExpiryInterval = 100 });
        Assert.True(back.Connack.SessionPresent);
        await back.ExpectPublishAsync("t/1");
        await back.ExpectPublishAsync("t/2");
        await back.ExpectNothingAsync();
        Assert.Equal(1, broker.Metrics.DroppedQueueFull);
    }

    [Fact]
    public void ANewQoS1Message_PushesOutTheOldestQoS0()
    {
        var outgoing = new Automation.Mqtt.Broker.OutgoingMessages(maxMessages: 2, maxBytes: 1_000_000, new(1_000_000), new(maxMessages: 1, maxBytes: 1));
        outgoing.Attach(window: 10);
        foreach (var topic in new[] { "old", "newer" })
            Assert.Equal(0, outgoing.Enqueue(new(new() { Topic = topic }, Time), MqttQualityOfService.AtMostOnce, false, null));

        Assert.Equal(1, outgoing.Enqueue(new(new() { Topic = "sure" }, Time), MqttQualityOfService.AtLeastOnce, false, null));

        Assert.True(outgoing.TryTake(out var first));
        Assert.True(outgoing.TryTake(out var second));
        Assert.Equal(("newer", "sure"), (first.Message.Message.Topic, second.Message.Message.Topic));
    }

    [Fact]
    public async Task OverlappingSubscriptions_GetOneCopy_WithTheHighestQoSAndAllIdentifiers()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        foreach (var (filter, qos, identifier) in new[] { ("a/#", 0, 1u), ("a/+", 1, 2u), ("a/b", 0, 3u), ("x", 1, 4u) })
        {
            await client.SendAsync(new SubscribePacket
            {
                PacketId = 1,
                Subscriptions = [new(filter, (MqttQualityOfService)qos)],
                Properties = new PacketProperties { SubscriptionIdentifiers = [identifier] },
            });
            await client.ExpectAsync<SubackPacket>();
        }

        await broker.PublishAsync(new() { Topic = "a/b", QualityOfService = MqttQualityOfService.AtLeastOnce });

        var publish = await client.ExpectPublishAsync("a/b");
        Assert.Equal(MqttQualityOfService.AtLeastOnce, publish.QualityOfService);
        Assert.Equal([1u, 2u, 3u], publish.Properties!.SubscriptionIdentifiers!.Order());
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task NoLocal_KeepsOwnMessagesAway()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync(new SubscriptionRequest("t", MqttQualityOfService.AtMostOnce, NoLocal: true));
        await client.PublishAsync("t", "own");
        await client.ExpectNothingAsync();
        await broker.PublishAsync(new() { Topic = "t" });
        await client.ExpectPublishAsync("t");
    }

    [Fact]
    public async Task Unsubscribe_EndsTheDelivery_AndTellsWhatWasThere()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("a/+/c");
        await client.SubscribeAsync("exact");
        await client.SendAsync(new UnsubscribePacket { PacketId = 9, Filters = ["a/+/c", "exact", "never"] });

        var answer = await client.ExpectAsync<SubackPacket>();
        Assert.Equal([MqttReasonCode.Success, MqttReasonCode.Success, MqttReasonCode.NoSubscriptionExisted], answer.ReasonCodes);
        Assert.Equal(0, await broker.PublishAsync(new() { Topic = "a/b/c" }));
        Assert.Equal(0, await broker.PublishAsync(new() { Topic = "exact" }));
        await client.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(5, "a/#/b", 0x8F)]
    [InlineData(5, "$share/g/a", 0x00)]
    [InlineData(5, "$share", 0x8F)]
    [InlineData(5, "$share/", 0x8F)]
    [InlineData(5, "$share/g", 0x8F)]
    [InlineData(5, "$share/g/", 0x8F)]
    [InlineData(5, "$share//a", 0x8F)]
    [InlineData(5, "$share/g+/a", 0x8F)]
    [InlineData(5, "$share/#/a", 0x8F)]
    [InlineData(5, "$share/g/a#", 0x8F)]
    [InlineData(4, "a/#/b", 0x80)]
    [InlineData(4, "$share/g/a", 0x00)]
    [InlineData(4, "$share/g", 0x80)]
    [InlineData(5, "forbidden", 0x87)]
    [InlineData(4, "forbidden", 0x80)]
    [InlineData(5, "fine", 0x00)]
    public async Task Subscribe_AnswersForEachFilter(byte level, string filter, byte code)
    {
        var broker = await StartAsync(options => options.OnSubscribe = context =>
            new(context.Filter.Text == "forbidden" ? MqttReasonCode.NotAuthorized : MqttReasonCode.Success));
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);

        var answer = await client.SubscribeAsync(new SubscriptionRequest(filter, 0), new SubscriptionRequest("other", MqttQualityOfService.AtLeastOnce));

        Assert.Equal([(MqttReasonCode)code, MqttReasonCode.GrantedQoS1], answer.ReasonCodes);
    }

    [Fact]
    public async Task Subscribe_OverTheLimit_IsRefused()
    {
        var broker = await StartAsync(options => options.MaxSubscriptionsPerSession = 1);
        await using var client = await TestClient.ConnectAsync(broker, "c");

        var answer = await client.SubscribeAsync(new SubscriptionRequest("a", 0), new SubscriptionRequest("b", 0), new SubscriptionRequest("a", 0));

        Assert.Equal([MqttReasonCode.Success, MqttReasonCode.QuotaExceeded, MqttReasonCode.Success], answer.ReasonCodes);
    }

    [Fact]
    public async Task TopicAlias_StandsForItsTopic()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("#");
        await client.PublishAsync("long/topic", "1", properties: new PacketProperties { TopicAlias = 16 });
        await client.PublishAsync("", "2", properties: new PacketProperties { TopicAlias = 16 });
        await client.PublishAsync("other", "3", properties: new PacketProperties { TopicAlias = 16 });
        await client.PublishAsync("", "4", properties: new PacketProperties { TopicAlias = 16 });

        Assert.Null((await client.ExpectPublishAsync("long/topic", "1")).Properties);
        await client.ExpectPublishAsync("long/topic", "2");
        await client.ExpectPublishAsync("other", "3");
        await client.ExpectPublishAsync("other", "4");
    }

    [Theory]
    [InlineData(17, MqttReasonCode.TopicAliasInvalid)]
    [InlineData(3, MqttReasonCode.ProtocolError)]
    public async Task TopicAlias_OverTheMaximumOrNeverSet_EndsTheConnection(ushort alias, MqttReasonCode reason)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.PublishAsync("", properties: new PacketProperties { TopicAlias = alias });

        await client.ExpectDisconnectAsync(reason);
    }

    [Fact]
    public async Task Properties_ArePassedOn_AndExpiryCountsDown()
    {
        var broker = await StartOnManualTimeAsync();
        var away = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { SessionExpiryInterval = 1000 });
        await away.SubscribeAsync("t", 1);
        await away.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await away.ExpectClosedAsync();
        away.Drop();
        await using var publisher = await TestClient.ConnectAsync(broker, "p");
        await publisher.PublishAsync("t", "{}", qos: 1, packetId: 1, properties: new PacketProperties
        {
            PayloadFormatIndicator = 1,
            MessageExpiryInterval = 100,
            ContentType = "application/json",
            ResponseTopic = "r",
            CorrelationData = [1, 2],
            UserProperties = [new("a", "1"), new("a", "2")],
        });
        await publisher.ExpectAckAsync(PacketType.Puback, 1);
        await publisher.PublishAsync("t", "gone", qos: 1, packetId: 2, properties: new PacketProperties { MessageExpiryInterval = 10 });
        await publisher.ExpectAckAsync(PacketType.Puback, 2);
        Time.Advance(TimeSpan.FromSeconds(30));

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false);
        var properties = (await back.ExpectPublishAsync("t", "{}")).Properties!;
        Assert.Equal((byte)1, properties.PayloadFormatIndicator);
        Assert.Equal(("application/json", "r", 70u), (properties.ContentType, properties.ResponseTopic, properties.MessageExpiryInterval!.Value));
        Assert.Equal([1, 2], properties.CorrelationData!);
        Assert.Equal([new("a", "1"), new("a", "2")], properties.UserProperties!);
        await back.ExpectNothingAsync();
        Assert.Equal(1, broker.Metrics.DroppedExpired);
    }

    [Fact]
    public async Task AMessageLargerThanTheClientTakes_IsNotSent()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { MaximumPacketSize = 100, ReceiveMaximum = 1 });
        await client.SubscribeAsync("#", 1);
        await broker.PublishAsync(new() { Topic = "large", Payload = new byte[100], QualityOfService = MqttQualityOfService.AtLeastOnce });
        await broker.PublishAsync(new() { Topic = "small", QualityOfService = MqttQualityOfService.AtLeastOnce });

        await client.ExpectPublishAsync("small");
        Assert.Equal(1, broker.Metrics.DroppedTooLarge);
    }

    [Fact]
    public async Task APacketOverTheLimit_EndsTheConnectionAtItsFirstBytes()
    {
        var broker = await StartAsync(options => options.MaxPacketBytes = 1000);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendHexAsync("30 E9 07");

        await client.ExpectDisconnectAsync(MqttReasonCode.PacketTooLarge);
    }

    [Fact]
    public async Task ALargeMessage_ArrivesWhole()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("big", 1);
        var payload = new string('é', 500_000);
        var sending = client.PublishAsync("big", payload, qos: 1, packetId: 1);

        var publish = await client.ReceiveAsync() as PublishPacket ?? await client.ExpectAsync<PublishPacket>();
        await sending;
        Assert.Equal(1_000_000, publish.Payload.Length);
    }

    [Fact]
    public async Task ASubscriberThatDoesNotRead_HoldsUpNobody()
    {
        var broker = await StartAsync(options => options.MaxQueuedMessages = 100);
        await using var deaf = await TestClient.ConnectAsync(broker, "deaf");
        await deaf.SubscribeAsync("t");
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var payload = new string('x', 100_000);
        for (ushort id = 1; id <= 300; id++)
        {
            await client.PublishAsync("t", payload, qos: 1, packetId: id);
            await client.ExpectAckAsync(PacketType.Puback, id);
        }

        Assert.True(broker.Metrics.DroppedQueueFull > 0);
    }

    [Fact]
    public async Task AClientThatAsksForLongBeforeItReads_GetsEveryAnswer()
    {
        const int Requests = 1_000_000;
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var pings = new byte[2 * Requests];
        for (var index = 0; index < pings.Length; index += 2)
            pings[index] = 0xC0;

        await client.SendBytesAsync(pings[..(Requests / 2)]);
        var rest = client.SendBytesAsync(pings[(Requests / 2)..]);
        for (var count = 0; count < Requests; count++)
            await client.ExpectAsync<PingPacket>();
        await rest;
    }

    [Theory]
    [InlineData("20 03 00 00 00")]
    [InlineData("D0 00")]
    [InlineData("90 04 0001 00 00")]
    [InlineData("F0 00")]
    [InlineData("30 06 0001 61 02 0B 01")]
    public async Task APacketOnlyServersMaySend_IsAProtocolError(string hex)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendHexAsync(hex);

        await client.ExpectDisconnectAsync(MqttReasonCode.ProtocolError);
    }

    [Fact]
    public async Task DollarTopics_AreHiddenFromLeadingWildcards()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync(new SubscriptionRequest("#", 0), new SubscriptionRequest("+/x", 0), new SubscriptionRequest("$in/#", 0));

        Assert.Equal(1, await broker.PublishAsync(new() { Topic = "$in/x" }));
        Assert.Equal(0, await broker.PublishAsync(new() { Topic = "$other/x" }));
        Assert.Equal(1, await broker.PublishAsync(new() { Topic = "a/x" }));
    }
}
