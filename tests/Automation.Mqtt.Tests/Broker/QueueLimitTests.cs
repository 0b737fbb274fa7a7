using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class QueueLimitTests : BrokerTestBase
{
    private const int Total = 100_000;
    private const int MessageBytes = 1000;

    [Fact]
    public async Task AllQueuesTogether_KeepTheLimit()
    {
        var broker = await StartAsync(options => options.MaxQueuedBytesTotal = Total);
        for (var number = 0; number < 5; number++)
            await LeaveAsync(broker, $"away{number}");

        for (var count = 0; count < 200; count++)
            await broker.PublishAsync(Message("t"));

        Assert.InRange(broker.QueuedBytes, (Total / 2) - (2 * MessageBytes), Total);
        Assert.True(broker.Metrics.DroppedQueueFull > 0);
    }

    [Fact]
    public async Task FullQueuesOfSome_LeaveTheOthersTheirPart()
    {
        var broker = await StartAsync(options => options.MaxQueuedBytesTotal = Total);
        for (var number = 0; number < 5; number++)
            await LeaveAsync(broker, $"away{number}");
        await using var present = await TestClient.ConnectAsync(broker, "present");
        await present.SubscribeAsync("u", 1);
        for (var count = 0; count < 200; count++)
            await broker.PublishAsync(Message("t"));

        await broker.PublishAsync(Message("u"));

        await present.ExpectPublishAsync("u");
    }

    [Fact]
    public async Task WhatIsInFlight_CountsUntilItIsAcknowledged()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t", 2);
        await broker.PublishAsync(Message("t"));
        var publish = await client.ExpectPublishAsync("t");
        Assert.InRange(broker.QueuedBytes, MessageBytes, 2 * MessageBytes);

        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = publish.PacketId });
        await client.ExpectNothingAsync();

        Assert.Equal(0, broker.QueuedBytes);
    }

    [Fact]
    public async Task AnEndedSession_GivesItsBytesBack()
    {
        var broker = await StartAsync();
        await LeaveAsync(broker, "c");
        for (var count = 0; count < 10; count++)
            await broker.PublishAsync(Message("t"));
        Assert.InRange(broker.QueuedBytes, 10 * MessageBytes, 20 * MessageBytes);

        await using var anew = await TestClient.ConnectAsync(broker, "c", cleanStart: true);

        Assert.Equal(0, broker.QueuedBytes);
    }

    [Fact]
    public async Task QoS0_TakenAndSent_GivesItsBytesBack()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t");
        for (var count = 0; count < 10; count++)
            await broker.PublishAsync(Message("t"));
        for (var count = 0; count < 10; count++)
            await client.ExpectPublishAsync("t");

        Assert.Equal(0, broker.QueuedBytes);
    }

    [Fact]
    public async Task UserProperties_CountForTheQueue()
    {
        var broker = await StartAsync(options => options.MaxQueuedBytes = 10_000);
        await LeaveAsync(broker, "c");

        await broker.PublishAsync(new()
        {
            Topic = "t",
            QualityOfService = MqttQualityOfService.AtLeastOnce,
            UserProperties = [.. Enumerable.Repeat(new MqttUserProperty("", ""), 200)],
        });

        Assert.Equal((0, 1), (broker.QueuedBytes, broker.Metrics.DroppedQueueFull));
    }

    [Fact]
    public async Task AWindowFullOfBytes_HoldsRetainedMessagesBack()
    {
        var broker = await StartAsync(options => options.MaxQueuedBytes = 3 * MessageBytes);
        for (var number = 0; number < 10; number++)
            await broker.PublishAsync(Message($"t/{number}", retain: true));
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("#", 1);
        for (var number = 0; number < 3; number++)
            await client.ExpectPublishAsync($"t/{number}");

        await client.ExpectNothingAsync();

        await client.SendAsync(new AckPacket(PacketType.Puback) { PacketId = 1 });
        await client.ExpectPublishAsync("t/3");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1000)]
    [InlineData(1000, 600)]
    public void TheBudget_HasHalfForTheFirst_AndAPartForEach(int sessions, long held)
    {
        var budget = new QueueBudget(2000) { Sessions = sessions };
        Assert.True(budget.TryReserve(1000, held: 0));

        Assert.Equal(held + 1 <= 1000 / sessions, budget.TryReserve(1, held));
        Assert.InRange(budget.Bytes, 1000, 1001);
    }

    private static MqttApplicationMessage Message(string topic, bool retain = false) =>
        new() { Topic = topic, Payload = new byte[MessageBytes], QualityOfService = MqttQualityOfService.AtLeastOnce, Retain = retain };

    private static async Task LeaveAsync(MqttBroker broker, string clientId)
    {
        var client = await TestClient.ConnectAsync(broker, clientId, properties: new PacketProperties { SessionExpiryInterval = 100 });
        await client.SubscribeAsync("t", 1);
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();
        client.Drop();
    }
}
