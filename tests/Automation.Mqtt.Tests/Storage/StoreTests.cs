using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Storage;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Storage;

/// <summary>What a broker stores, when it says so, and what the next one makes of it.</summary>
public sealed class StoreTests : BrokerTestBase, IDisposable
{
    private static readonly PacketProperties Lasting = new() { SessionExpiryInterval = 60 };

    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task Connack_WaitsForTheCommit()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        store.Close();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendAsync(new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", Properties = Lasting });
        await using var other = await TestClient.ConnectAsync(broker, "other"); // it ends with its connection
        var connack = client.ExpectAsync<ConnackPacket>();
        await other.ExpectNothingAsync();
        Assert.False(connack.IsCompleted);

        store.Open();

        Assert.Equal(0, (await connack).ReturnCode);
    }

    [Fact]
    public async Task EveryPromise_WaitsForTheCommit()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        await using var subscriber = await ConnectAsync(broker, "s");
        await using var publisher = await ConnectAsync(broker, "p");

        await WaitsAsync(store, subscriber, new SubscribePacket { PacketId = 1, Subscriptions = [new("t", MqttQualityOfService.ExactlyOnce)] }, PacketType.Suback);
        await WaitsAsync(store, publisher, TestClient.Publish("t", "one", qos: 1, packetId: 1), PacketType.Puback);
        await subscriber.ExpectPublishAsync("t", "one");
        await subscriber.SendAsync(new AckPacket(PacketType.Puback) { PacketId = 1 });
        await WaitsAsync(store, publisher, TestClient.Publish("t", "two", qos: 2, packetId: 1), PacketType.Pubrec);
        var two = await subscriber.ExpectPublishAsync("t", "two");
        await WaitsAsync(store, publisher, new AckPacket(PacketType.Pubrel) { PacketId = 1 }, PacketType.Pubcomp);
        await WaitsAsync(store, subscriber, new AckPacket(PacketType.Pubrec) { PacketId = two.PacketId }, PacketType.Pubrel);
        await WaitsAsync(store, subscriber, new UnsubscribePacket { PacketId = 1, Filters = ["t"] }, PacketType.Unsuback);
    }

    [Fact]
    public async Task ExactlyOnce_IsNotSent_BeforeItsIdentifierIsStored()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        await SubscribeAndLeaveAsync(broker, "s", "t", qos: 2);
        await broker.PublishAsync(new() { Topic = "t", QualityOfService = MqttQualityOfService.ExactlyOnce });
        await using var subscriber = await ConnectAsync(broker, "s", cleanStart: false);
        var publish = await subscriber.ExpectPublishAsync("t");

        var state = await store.StateAsync();
        Assert.Equal(publish.PacketId, Assert.Single(Assert.Single(state.Sessions).Value.Queue).Value.Sent!.PacketId);
        Assert.False(publish.Duplicate);
    }

    [Fact]
    public async Task SessionsThatEndWithTheirConnection_AndQoS0_StoreNothing()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        await using var subscriber = await TestClient.ConnectAsync(broker, "s");
        await subscriber.SubscribeAsync("t/#", qos: 2);
        await using var publisher = await TestClient.ConnectAsync(broker, "p", MqttProtocolVersion.V311);
        await publisher.PublishAsync("t/1", qos: 1, packetId: 1);
        await publisher.ExpectAckAsync(PacketType.Puback, 1);
        await publisher.PublishAsync("t/2", qos: 2, packetId: 2);
        await publisher.ExpectAckAsync(PacketType.Pubrec, 2);
        Assert.Equal(0, store.Units);

        await using var lasting = await ConnectAsync(broker, "lasting");
        await lasting.SubscribeAsync("t/#", qos: 0);
        var before = (await store.StateAsync()).Sessions.Single().Value.Subscriptions.Count;
        await publisher.PublishAsync("t/3");
        await lasting.ExpectPublishAsync("t/3");

        Assert.Equal(1, before);
        Assert.Empty((await store.StateAsync()).Messages);
    }

    [Fact]
    public async Task OneMessage_IsStoredOnce_ForAllSessions_AndDroppedAfterTheLast()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        for (var number = 0; number < 5; number++)
            await SubscribeAndLeaveAsync(broker, $"s{number}", "t", qos: 1);

        await broker.PublishAsync(new() { Topic = "t", QualityOfService = MqttQualityOfService.AtLeastOnce });
        var stored = await store.StateAsync();
        Assert.Single(stored.Messages);
        Assert.Equal(5, stored.Sessions.Values.Sum(session => session.Queue.Count));

        for (var number = 0; number < 5; number++)
        {
            await using var client = await ConnectAsync(broker, $"s{number}", cleanStart: false);
            var publish = await client.ExpectPublishAsync("t");
            await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId });
            await client.ExpectNothingAsync();
        }

        await broker.StopAsync();
        var left = await store.StateAsync();
        Assert.Empty(left.Messages);
        Assert.All(left.Sessions.Values, session => Assert.Empty(session.Queue));
    }

    [Fact]
    public async Task Expiry_GoesOnWhileNothingRuns()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            await SubscribeAndLeaveAsync(broker, "short", "t", qos: 1);
            await SubscribeAndLeaveAsync(broker, "long", "t", qos: 1, expiry: 1000);
            await broker.PublishAsync(Message("t", expiry: 70));
            await broker.PublishAsync(Message("t", expiry: 500));
            await broker.PublishAsync(Message("r", expiry: 70, retain: true));
            await broker.PublishAsync(Message("r/2", expiry: 500, retain: true));
            await broker.StopAsync();
        }

        Time.Advance(TimeSpan.FromSeconds(100));
        await using var after = new FileStore(_file);
        var next = await StartAsync(after);
        Assert.Equal((1, 1), (next.SessionCount, next.RetainedCount));
        await using var client = await ConnectAsync(next, "long", cleanStart: false);
        Assert.True(client.Connack.SessionPresent);
        Assert.Equal(400u, (await client.ExpectPublishAsync("t")).Properties?.MessageExpiryInterval);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task WhatAnOperatorEndsAndRemoves_DoesNotComeBack()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            await SubscribeAndLeaveAsync(broker, "c", "t", qos: 1);
            await broker.PublishAsync(Message("r", retain: true));
            Assert.True(await broker.Sessions.EndAsync("c"));
            Assert.True(await broker.Retained.RemoveAsync("r"));
            store.Crash();
        }

        await using var after = new FileStore(_file);
        var next = await StartAsync(after);
        Assert.Equal((0, 0), (next.SessionCount, next.RetainedCount));
    }

    [Fact]
    public async Task SessionOfACrash_HasItsWholeTimeFromTheStartOn()
    {
        await using (var store = new FileStore(_file, cutAfter: 1))
        {
            var broker = await StartAsync(store);
            await using var client = await ConnectAsync(broker, "c");
            client.Drop(reset: true);
            await store.Cut.WaitAsync(TestClient.Patience);
            store.Crash();
        }

        Time.Advance(TimeSpan.FromSeconds(100));
        await using var after = new FileStore(_file);
        List<MqttPresence> told = [];
        var next = await StartAsync(after, options => options.OnPresence = told.Add);
        Assert.Equal(1, next.SessionCount);
        var gone = Assert.Single(told);
        Assert.Equal((MqttPresenceKind.Offline, "c", true, true), (gone.Kind, gone.Client.ClientId, gone.Client.IsRestored, gone.KeepsSession));
        Time.Advance(TimeSpan.FromSeconds(62));
        Assert.Equal(0, next.SessionCount);
        await next.StopAsync();
        Assert.Empty((await after.StateAsync()).Sessions);
    }

    [Fact]
    public async Task UnfinishedQoS1_ComesAgain_WithItsIdentifierAndDup()
    {
        ushort packetId;
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            await using var client = await ConnectAsync(broker, "c");
            await client.SubscribeAsync("t", qos: 1);
            for (var number = 0; number < 3; number++)
                await broker.PublishAsync(Message("t"));
            await client.ExpectPublishAsync("t");
            packetId = (await client.ExpectPublishAsync("t")).PacketId;
            await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = 1 });
            await client.ExpectPublishAsync("t");
            await client.ExpectNothingAsync();
            Time.Advance(TimeSpan.FromSeconds(1)); // identifiers of unfinished messages are stored once a second
            await Eventually.IsAsync(() => File.ReadAllText(_file).Contains($"\"PacketId\":{packetId}", StringComparison.Ordinal));
        }

        await using var after = new FileStore(_file);
        await using var again = await ConnectAsync(await StartAsync(after), "c", cleanStart: false);
        var publish = await again.ExpectPublishAsync("t");
        Assert.Equal((packetId, true), (publish.PacketId, publish.Duplicate));
    }

    [Fact]
    public async Task UnfinishedQoS1_OfASessionThatWasLeft_ComesAgain_WithItsIdentifierAndDup()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            var client = await ConnectAsync(broker, "c");
            await client.SubscribeAsync("t", qos: 1);
            await broker.PublishAsync(Message("t"));
            await client.ExpectPublishAsync("t");
            await client.DisposeAsync();
            await Eventually.IsAsync(() => File.ReadAllText(_file).Contains("\"IsConnected\":false", StringComparison.Ordinal));
        }

        await using var after = new FileStore(_file);
        await using var again = await ConnectAsync(await StartAsync(after), "c", cleanStart: false);
        var publish = await again.ExpectPublishAsync("t");
        Assert.Equal((1, true), (publish.PacketId, publish.Duplicate));
    }

    [Fact]
    public async Task QoS1Identifier_IsNotStored_WhenTheAcknowledgementComesFirst()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            await using var client = await ConnectAsync(broker, "c");
            await client.SubscribeAsync("t", qos: 1);
            await broker.PublishAsync(Message("t"));
            await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = (await client.ExpectPublishAsync("t")).PacketId });
            await Eventually.IsAsync(() => File.ReadAllText(_file).Contains(nameof(MqttMessageFinished), StringComparison.Ordinal));
            Time.Advance(TimeSpan.FromSeconds(2));
            await broker.StopAsync(new CancellationToken(canceled: true));
        }

        Assert.DoesNotContain(nameof(MqttMessageSent), await File.ReadAllTextAsync(_file), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StoreThatFails_RefusesWhatDependsOnIt_AndTheNextIsServed()
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store);
        await using var subscriber = await ConnectAsync(broker, "s");
        await subscriber.SubscribeAsync("t", qos: 1);
        await using var publisher = await TestClient.ConnectAsync(broker, "p");
        await using var old = await TestClient.ConnectAsync(broker, "old", MqttProtocolVersion.V311);

        store.IsBroken = true;
        await publisher.PublishAsync("t", "lost", qos: 1, packetId: 1);
        Assert.Equal(MqttReasonCode.UnspecifiedError, (await publisher.ExpectAckAsync(PacketType.Puback, 1)).ReasonCode);
        await old.PublishAsync("t", "lost", qos: 1, packetId: 1);
        await old.ExpectClosedAsync();
        await using var refused = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", Properties = Lasting });
        Assert.Equal((byte)MqttReasonCode.ServerUnavailable, refused.Connack.ReturnCode);
        store.IsBroken = false;

        await publisher.PublishAsync("t", "kept", qos: 1, packetId: 2);
        await publisher.ExpectAckAsync(PacketType.Puback, 2);
        await subscriber.ExpectPublishAsync("t", "kept");
        Assert.Contains("Storing: The disk is dead.", Errors);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MessageThatAHookTookAndRefused_IsWithdrawn(bool isCancelled)
    {
        await using var store = new FileStore(_file);
        var broker = await StartAsync(store, options => options.OnPublish = async context =>
        {
            await Task.Yield();
            if (context.TakeChanges().Count == 0 || context.Message.Topic != "t/no")
                return MqttReasonCode.Success;
            return isCancelled ? throw new OperationCanceledException() : MqttReasonCode.QuotaExceeded;
        });
        await SubscribeAndLeaveAsync(broker, "s", "t/+", qos: 2);
        await using var publisher = await ConnectAsync(broker, "p");
        await publisher.PublishAsync("t/no", qos: 2, packetId: 1, retain: true);
        if (isCancelled)
            await publisher.ExpectClosedAsync();
        else
            Assert.Equal(MqttReasonCode.QuotaExceeded, (await publisher.ExpectAckAsync(PacketType.Pubrec, 1)).ReasonCode);
        await broker.PublishAsync(Message("t/yes"));

        Assert.Equal(0, broker.RetainedCount);
        await using var subscriber = await ConnectAsync(broker, "s", cleanStart: false);
        await subscriber.ExpectPublishAsync("t/yes");
        await subscriber.ExpectNothingAsync();
    }

    [Fact]
    public async Task SharedMessages_AreHandedOnInTheStore()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store);
            foreach (var member in new[] { "a", "b" })
                await SubscribeAndLeaveAsync(broker, member, "$share/g/t", qos: 1);

            for (var number = 0; number < 4; number++)
                await broker.PublishAsync(Message("t", $"{number}"));
            await using (await TestClient.ConnectAsync(broker, "a")) // ends the session that had two of them
            {
            }

            await broker.StopAsync();
        }

        await using var after = new FileStore(_file);
        await using var other = await ConnectAsync(await StartAsync(after), "b", cleanStart: false);
        var received = new List<string>();
        for (var number = 0; number < 4; number++)
            received.Add(ModelSubscriber.TextOf(await other.ExpectPublishAsync("t")));
        Assert.Equal(["0", "1", "2", "3"], received.Order());
    }

    [Fact]
    public async Task SubscriptionOptions_AreKept()
    {
        await using (var store = new FileStore(_file))
        {
            await using var client = await ConnectAsync(await StartAsync(store), "c");
            await client.SendAsync(new SubscribePacket
            {
                PacketId = 1,
                Subscriptions = [new("t/+", MqttQualityOfService.AtLeastOnce, NoLocal: true, RetainAsPublished: true)],
                Properties = new PacketProperties { SubscriptionIdentifiers = [77] },
            });
            await client.ExpectAsync<SubackPacket>();
        }

        await using var after = new FileStore(_file);
        var next = await StartAsync(after);
        await using var again = await ConnectAsync(next, "c", cleanStart: false);
        await again.PublishAsync("t/own", qos: 1, packetId: 1);
        await again.ExpectAckAsync(PacketType.Puback, 1);
        await next.PublishAsync(Message("t/other", retain: true));
        var publish = await again.ExpectPublishAsync("t/other");
        Assert.True(publish.Retain);
        Assert.Equal([77u], publish.Properties?.SubscriptionIdentifiers);
    }

    [Fact]
    public async Task RetainedMessagesThatASubscriptionBrings_AreNotForgotten()
    {
        await using (var store = new FileStore(_file))
        {
            var broker = await StartAsync(store, options => options.MaxInFlight = 2);
            for (var number = 0; number < 5; number++)
                await broker.PublishAsync(Message($"r/{number}", retain: true));
            await using var client = await ConnectAsync(broker, "c");
            await client.SubscribeAsync("r/#", qos: 1);
            await client.ExpectPublishAsync("r/0"); // the window holds two of five
        }

        await using var after = new FileStore(_file);
        await using var again = await ConnectAsync(await StartAsync(after), "c", cleanStart: false);
        var topics = new HashSet<string>();
        while (topics.Count < 5)
            topics.Add((await again.ExpectAsync<PublishPacket>()).Topic);
    }

    [Fact]
    public async Task SessionOfAnotherUser_IsNotGivenAway_AfterARestart()
    {
        await using (var store = new FileStore(_file))
        await using (await TestClient.ConnectAsync(await StartAsync(store), Owned("ann")))
        {
        }

        await using var after = new FileStore(_file);
        var next = await StartAsync(after);
        await using (var stranger = await TestClient.ConnectAsync(next, Owned("bob")))
            Assert.False(stranger.Connack.SessionPresent);
        await using var again = await TestClient.ConnectAsync(next, Owned("bob"));
        Assert.True(again.Connack.SessionPresent);
    }

    [Fact]
    public void Properties_ComeBackAsTheyWere()
    {
        var message = new MqttApplicationMessage
        {
            Topic = "t",
            Payload = new byte[] { 0, 255, 7 },
            QualityOfService = MqttQualityOfService.ExactlyOnce,
            Retain = true,
            PayloadIsUtf8 = true,
            MessageExpiryInterval = 5,
            ContentType = "a/b",
            ResponseTopic = "answers",
            CorrelationData = new byte[] { 0 },
            UserProperties = [new("k", "1"), new("k", "2")],
        };

        var back = MqttStoredProperties.Read(message.Topic, message.Payload, message.QualityOfService, message.Retain, MqttStoredProperties.Write(message));

        Assert.Equivalent(message, back);
        Assert.Empty(MqttStoredProperties.Write(new MqttApplicationMessage { Topic = "t" }));
    }

    // Nothing comes while the disk is busy, and the answer when it is done.
    private static async Task WaitsAsync(FileStore store, TestClient client, MqttPacket packet, PacketType answer)
    {
        store.Close();
        await client.SendAsync(packet);
        await client.ExpectNothingAsync();
        store.Open();
        Assert.Equal(answer, (await client.ReceiveAsync())?.Type);
    }

    // The broker closes when the session is without its connection.
    private static async Task SubscribeAndLeaveAsync(MqttBroker broker, string clientId, string filter, int qos, uint expiry = 60)
    {
        await using var client = await ConnectAsync(broker, clientId, expiry: expiry);
        await client.SubscribeAsync(filter, qos);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
    }

    private static MqttApplicationMessage Message(string topic, string payload = "x", uint? expiry = null, bool retain = false) => new()
    {
        Topic = topic,
        Payload = System.Text.Encoding.UTF8.GetBytes(payload),
        QualityOfService = MqttQualityOfService.AtLeastOnce,
        MessageExpiryInterval = expiry,
        Retain = retain,
    };

    private static ConnectPacket Owned(string user) =>
        new() { Version = MqttProtocolVersion.V5, ClientId = "c", UserName = user, Properties = Lasting };

    private static Task<TestClient> ConnectAsync(MqttBroker broker, string clientId, bool cleanStart = true, uint expiry = 60) =>
        TestClient.ConnectAsync(broker, clientId, cleanStart: cleanStart, properties: new PacketProperties { SessionExpiryInterval = expiry });

    private Task<MqttBroker> StartAsync(FileStore store, Action<MqttBrokerOptions>? configure = null) => StartOnManualTimeAsync(options =>
    {
        options.Store = store;
        configure?.Invoke(options);
    });
}
