using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Clients that connect, subscribe and never read or never acknowledge. Alone in the process, as the memory is measured.</summary>
[Collection(nameof(DeafClientTests))]
[CollectionDefinition(nameof(DeafClientTests), DisableParallelization = true)]
public sealed class DeafClientTests : BrokerTestBase
{
    private const int QueueBytes = 2 * 1024 * 1024;
    // A retained message is in no queue until it is sent, so one may come on top.
    private const int OneMessage = 110_000;
    private const int RetainedBytes = 4 * 1024 * 1024;
    // Pipes and buffers of two connections, the test's own objects, and the store with its limit.
    private const int Slack = 6 * 1024 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AClientThatNeverReads_TakesNoMoreThanItsQueue(int qos)
    {
        var broker = await StartAsync(options =>
        {
            options.MaxQueuedBytes = QueueBytes;
            options.MaxRetainedBytes = RetainedBytes;
            options.MaxQueuedMessages = int.MaxValue;
        });
        await RetainAsync(broker, round: 0);
        await using var deaf = await TestClient.ConnectAsync(broker, "deaf");
        await using var publisher = await TestClient.ConnectAsync(broker, "publisher");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // Many overlapping filters, again and again, and what they match is replaced meanwhile.
        for (var round = 1; round <= 20; round++)
        {
            await deaf.SendAsync(new SubscribePacket
            {
                PacketId = 1,
                Subscriptions = [.. Enumerable.Range(0, 500).SelectMany(number => Filters(number, (MqttQualityOfService)qos))],
            });
            await RetainAsync(broker, round);
            for (var count = 0; count < 100; count++)
                await PublishAsync(publisher, new string('x', 50_000));
            Assert.InRange(broker.QueuedBytes, 0, QueueBytes + OneMessage);
        }

        var after = GC.GetTotalMemory(forceFullCollection: true);
        Assert.True(broker.Metrics.DroppedQueueFull > 0);
        Assert.InRange(after - before, long.MinValue, QueueBytes + RetainedBytes + Slack);
    }

    [Fact]
    public async Task AClientThatNeverAcknowledges_TakesNoMoreThanItsQueue()
    {
        var broker = await StartAsync(options =>
        {
            options.MaxQueuedBytes = QueueBytes;
            options.MaxRetainedBytes = RetainedBytes;
        });
        await RetainAsync(broker, round: 0);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("#", 1);
        var received = 0;
        for (; broker.QueuedBytes < QueueBytes; received++)
            await client.ExpectAsync<PublishPacket>();

        await client.SendAsync(PingPacket.Request);
        while (await client.ReceiveAsync() is PublishPacket)
            received++;

        Assert.InRange(broker.QueuedBytes, QueueBytes, QueueBytes + OneMessage);
        Assert.Equal((QueueBytes / 100_000) + 1, received);
    }

    private static IEnumerable<SubscriptionRequest> Filters(int number, MqttQualityOfService qos) =>
        [new("#", qos), new($"+/{number}", qos), new($"t/{number}/#", qos)];

    private static async Task RetainAsync(MqttBroker broker, int round)
    {
        for (var number = 0; number < 30; number++)
        {
            var payload = new byte[100_000];
            payload[0] = (byte)round;
            await broker.PublishAsync(new() { Topic = $"t/{number}", Payload = payload, Retain = true, QualityOfService = MqttQualityOfService.AtLeastOnce });
        }
    }

    private static async Task PublishAsync(TestClient publisher, string payload)
    {
        await publisher.PublishAsync("t/live", payload, qos: 1, packetId: 1);
        await publisher.ExpectAckAsync(PacketType.Puback, 1);
    }
}
