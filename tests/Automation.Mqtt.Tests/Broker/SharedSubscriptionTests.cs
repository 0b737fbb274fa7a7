using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Shared subscriptions — MQTT 5 §4.8.2.</summary>
public sealed class SharedSubscriptionTests : BrokerTestBase
{
    private const string Shared = "$share/group/jobs/+";
    private static readonly PacketProperties Kept = new() { SessionExpiryInterval = 1000 };

    [Fact]
    public async Task EachMessage_GoesToOneMember_InTurn()
    {
        var broker = await StartAsync();
        await using var a = await JoinAsync(broker, "a");
        await using var b = await JoinAsync(broker, "b", version: MqttProtocolVersion.V311);
        await using var alone = await TestClient.ConnectAsync(broker, "alone");
        await alone.SubscribeAsync("jobs/+");
        for (var number = 1; number <= 10; number++)
            Assert.Equal(2, await broker.PublishAsync(Job(number)));

        var taken = await TakeAsync(a);
        Assert.Equal(5, taken.Count);
        taken.AddRange(await TakeAsync(b));
        Assert.Equal(Enumerable.Range(1, 10).Select(number => $"jobs/{number}").Order(), taken.Order());
        Assert.Equal(10, (await TakeAsync(alone)).Count);
    }

    [Fact]
    public async Task Groups_AreApart_AndAMemberMaySubscribeAloneToo()
    {
        var broker = await StartAsync();
        await using var a = await JoinAsync(broker, "a");
        await a.SubscribeAsync("$share/other/jobs/+", 1);
        await a.SubscribeAsync("jobs/#");

        Assert.Equal(3, await broker.PublishAsync(Job(1)));

        Assert.Equal(3, (await TakeAsync(a)).Count);
    }

    [Fact]
    public async Task TheMembersQoSAndOptions_Count_AndNoLocalCannotBeAsked()
    {
        var broker = await StartAsync();
        await using var a = await TestClient.ConnectAsync(broker, "a");
        await a.SendAsync(new SubscribePacket
        {
            PacketId = 1,
            Subscriptions = [new(Shared, MqttQualityOfService.AtLeastOnce, RetainAsPublished: true)],
            Properties = new PacketProperties { SubscriptionIdentifiers = [7] },
        });
        await a.ExpectAsync<SubackPacket>();

        await broker.PublishAsync(new() { Topic = "jobs/1", QualityOfService = MqttQualityOfService.ExactlyOnce, Retain = true, Payload = new byte[1] });

        var publish = await a.ExpectPublishAsync("jobs/1");
        Assert.Equal((MqttQualityOfService.AtLeastOnce, true, 7u), (publish.QualityOfService, publish.Retain, publish.Properties!.SubscriptionIdentifiers!.Single()));
        await a.SendAsync(new SubscribePacket { PacketId = 2, Subscriptions = [new(Shared, 0, NoLocal: true)] });
        await a.ExpectDisconnectAsync(MqttReasonCode.ProtocolError);
    }

    [Fact]
    public async Task RetainedMessages_AreNotSent_AtTheSubscription()
    {
        var broker = await StartAsync();
        await broker.PublishAsync(new() { Topic = "jobs/1", Retain = true, Payload = new byte[1] });
        await using var a = await JoinAsync(broker, "a");

        await a.ExpectNothingAsync();
    }

    [Fact]
    public async Task AMemberWithAFullWindow_IsPassedOver()
    {
        var broker = await StartAsync();
        await using var slow = await JoinAsync(broker, "slow", new PacketProperties { ReceiveMaximum = 1 });
        await using var quick = await JoinAsync(broker, "quick");
        for (var number = 1; number <= 6; number++)
            await broker.PublishAsync(Job(number));

        Assert.Single(await TakeAsync(slow));
        Assert.Equal(5, (await TakeAsync(quick)).Count);
    }

    [Fact]
    public async Task AMemberThatIsAway_GetsMessages_OnlyWhenNobodyElseCan()
    {
        var broker = await StartAsync();
        await LeaveAsync(await JoinAsync(broker, "away", Kept));
        var here = await JoinAsync(broker, "here");
        for (var number = 1; number <= 3; number++)
            await broker.PublishAsync(Job(number));
        Assert.Equal(3, (await TakeAsync(here)).Count);
        await here.SendAsync(new UnsubscribePacket { PacketId = 3, Filters = [Shared] });
        await here.ExpectAsync<SubackPacket>();

        await broker.PublishAsync(Job(4));
        await broker.PublishAsync(new() { Topic = "jobs/zero" }); // QoS 0 is not kept for who is away

        await using var back = await TestClient.ConnectAsync(broker, "away", cleanStart: false, properties: Kept);
        Assert.Equal(["jobs/4"], await TakeAsync(back));
        Assert.Equal(1, broker.Metrics.DroppedQueueFull);
        here.Drop();
    }

    [Fact]
    public async Task WhatASessionLeaves_GoesToTheOthers()
    {
        var broker = await StartAsync();
        var first = await JoinAsync(broker, "first", new PacketProperties { ReceiveMaximum = 1 });
        for (var number = 1; number <= 3; number++)
            await broker.PublishAsync(Job(number));
        Assert.Equal(["jobs/1"], await TakeAsync(first)); // sent and not acknowledged; two wait
        await using var second = await JoinAsync(broker, "second");
        await second.ExpectNothingAsync();

        first.Drop(reset: true); // its session ends with it

        foreach (var topic in new[] { "jobs/1", "jobs/2", "jobs/3" })
            Assert.False((await second.ExpectPublishAsync(topic)).Duplicate);
    }

    [Fact]
    public async Task QoS2_ThatWasSent_GoesToNobodyElse()
    {
        var broker = await StartAsync();
        var first = await JoinAsync(broker, "first", new PacketProperties { ReceiveMaximum = 1 }, qos: 2);
        for (var number = 1; number <= 2; number++)
            await broker.PublishAsync(Job(number, MqttQualityOfService.ExactlyOnce));
        Assert.Equal(["jobs/1"], await TakeAsync(first));
        await using var second = await JoinAsync(broker, "second", qos: 2);

        first.Drop(reset: true);

        await second.ExpectPublishAsync("jobs/2"); // [MQTT-4.8.2-5] is about the one that was on its way
        await second.ExpectNothingAsync();
    }

    [Fact]
    public async Task AKeptSession_FinishesItsQoS2_WhenItIsBack()
    {
        var broker = await StartAsync();
        var first = await JoinAsync(broker, "first", Kept, qos: 2);
        await using var second = await JoinAsync(broker, "second", qos: 2);
        await broker.PublishAsync(Job(1, MqttQualityOfService.ExactlyOnce));
        await broker.PublishAsync(Job(2, MqttQualityOfService.ExactlyOnce));
        var topic = Assert.Single(await TakeAsync(first));
        Assert.Single(await TakeAsync(second));
        first.Drop();

        await using var back = await TestClient.ConnectAsync(broker, "first", cleanStart: false, properties: Kept);
        Assert.True((await back.ExpectPublishAsync(topic)).Duplicate); // [MQTT-4.8.2-4]
        await second.ExpectNothingAsync();
    }

    [Fact]
    public async Task Unsubscribe_GivesAwayWhatWaits_AndFinishesWhatWasSent()
    {
        var broker = await StartAsync();
        await using var first = await JoinAsync(broker, "first", new PacketProperties { ReceiveMaximum = 1 });
        for (var number = 1; number <= 3; number++)
            await broker.PublishAsync(Job(number));
        var sent = await first.ExpectPublishAsync("jobs/1");
        await using var second = await JoinAsync(broker, "second");

        await first.SendAsync(new UnsubscribePacket { PacketId = 3, Filters = [Shared] });

        Assert.Equal([MqttReasonCode.Success], (await first.ExpectAsync<SubackPacket>()).ReasonCodes);
        Assert.Equal(["jobs/2", "jobs/3"], await TakeAsync(second));
        await first.SendAsync(new AckPacket(PacketType.Puback) { PacketId = sent.PacketId });
        await first.ExpectNothingAsync();
        Assert.Equal(1, await broker.PublishAsync(Job(4)));
    }

    [Fact]
    public async Task ARefusingMember_EndsTheMessage()
    {
        var broker = await StartAsync();
        await using var first = await JoinAsync(broker, "first");
        await broker.PublishAsync(Job(1));
        var sent = await first.ExpectPublishAsync("jobs/1");
        await using var second = await JoinAsync(broker, "second");

        await first.SendAsync(new AckPacket(PacketType.Puback) { PacketId = sent.PacketId, ReasonCode = MqttReasonCode.ImplementationSpecificError });
        await first.ExpectNothingAsync();
        first.Drop();

        await second.ExpectNothingAsync(); // [MQTT-4.8.2-6]
        Assert.Equal(0, broker.QueuedBytes);
    }

    [Fact]
    public async Task NothingIsLost_WhileMembersComeAndGo()
    {
        const int Jobs = 3000;
        var broker = await StartAsync(options => options.MaxQueuedMessages = Jobs);
        await using var faithful = await JoinAsync(broker, "faithful");
        var done = new HashSet<string>();
        using var stop = new CancellationTokenSource();
        var visitors = Enumerable.Range(0, 3).Select(number => VisitAsync(broker, $"visitor-{number}", done, stop.Token)).ToArray();
        var publishing = Task.Run(async () =>
        {
            for (var number = 0; number < Jobs; number++)
                await broker.PublishAsync(Job(number));
        });

        while (Count(done) < Jobs)
        {
            await faithful.SendAsync(PingPacket.Request); // something comes, also when a visitor does the last one
            if (await faithful.ReceiveAsync() is PublishPacket publish)
                await DoAsync(faithful, publish, done);
        }

        await publishing;
        await stop.CancelAsync();
        await Task.WhenAll(visitors);
        Assert.Equal(0, broker.Metrics.DroppedQueueFull);
    }

    private static async Task<TestClient> JoinAsync(
        MqttBroker broker, string clientId, PacketProperties? properties = null, int qos = 1, MqttProtocolVersion version = MqttProtocolVersion.V5)
    {
        var client = await TestClient.ConnectAsync(broker, clientId, version, properties: properties);
        Assert.Equal([(MqttReasonCode)qos], (await client.SubscribeAsync(Shared, qos)).ReasonCodes);
        return client;
    }

    // Takes some messages, leaves the last one unacknowledged, and is gone without a word; again and again.
    private static async Task VisitAsync(MqttBroker broker, string clientId, HashSet<string> done, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await using var client = await TestClient.ConnectAsync(broker, clientId, properties: new PacketProperties { ReceiveMaximum = 5 });
            await client.SendAsync(new SubscribePacket { PacketId = 1, Subscriptions = [new(Shared, MqttQualityOfService.AtLeastOnce)] });
            for (var count = 0; count < 20; count++)
            {
                await client.SendAsync(PingPacket.Request);
                var packet = await client.ReceiveAsync();
                if (packet is PublishPacket publish && count < 19)
                    await DoAsync(client, publish, done);
            }

            client.Drop(reset: true);
        }
    }

    private static async Task DoAsync(TestClient client, PublishPacket publish, HashSet<string> done)
    {
        lock (done)
            done.Add(publish.Topic);
        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId });
    }

    private static int Count(HashSet<string> done)
    {
        lock (done)
            return done.Count;
    }

    private static async Task LeaveAsync(TestClient client)
    {
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        client.Drop();
    }

    /// <summary>Topics of all that is on its way; nothing is acknowledged.</summary>
    private static async Task<List<string>> TakeAsync(TestClient client)
    {
        var topics = new List<string>();
        for (var round = 0; round < 2; round++) // an answer overtakes the messages of the same turn, and only those
        {
            await client.SendAsync(PingPacket.Request);
            while (await client.ReceiveAsync() is PublishPacket publish)
                topics.Add(publish.Topic);
        }

        return topics;
    }

    private static MqttApplicationMessage Job(int number, MqttQualityOfService qos = MqttQualityOfService.AtLeastOnce) =>
        new() { Topic = $"jobs/{number}", QualityOfService = qos };
}
