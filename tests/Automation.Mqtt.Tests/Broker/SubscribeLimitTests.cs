using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class SubscribeLimitTests : BrokerTestBase
{
    [Theory]
    [InlineData(5, MqttReasonCode.QuotaExceeded)]
    [InlineData(4, MqttReasonCode.UnspecifiedError)]
    public async Task AFilterRepeatedWithoutEnd_BringsItsRetainedMessagesOnce(byte level, MqttReasonCode beyond)
    {
        const int Filters = 100_000;
        var broker = await StartAsync();
        for (var number = 0; number < 100; number++)
            await broker.PublishAsync(new() { Topic = $"t/{number}", Payload = new byte[1], Retain = true });
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);

        var answer = await client.SubscribeAsync([.. Enumerable.Repeat(new SubscriptionRequest("#", 0), Filters)]);

        Assert.Equal(Enumerable.Repeat(MqttReasonCode.Success, SubscribeReader.MaximumFilters), answer.ReasonCodes.Take(SubscribeReader.MaximumFilters));
        Assert.Equal(Enumerable.Repeat(beyond, Filters - SubscribeReader.MaximumFilters), answer.ReasonCodes.Skip(SubscribeReader.MaximumFilters));
        for (var number = 0; number < 100; number++)
            await client.ExpectAsync<PublishPacket>();
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task ARepeatedFilter_HasTheOptionsOfItsLastRepetition()
    {
        var broker = await StartAsync();
        await broker.PublishAsync(new() { Topic = "t", Payload = new byte[1], Retain = true, QualityOfService = MqttQualityOfService.ExactlyOnce });
        await using var client = await TestClient.ConnectAsync(broker, "c");

        var answer = await client.SubscribeAsync(
            new SubscriptionRequest("t", 0, RetainHandling: 1), new SubscriptionRequest("t", MqttQualityOfService.AtLeastOnce, RetainHandling: 1));

        Assert.Equal([MqttReasonCode.Success, MqttReasonCode.GrantedQoS1], answer.ReasonCodes);
        Assert.Equal(MqttQualityOfService.AtLeastOnce, (await client.ExpectPublishAsync("t")).QualityOfService);
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task TheHook_IsNotAskedAboutFiltersOverTheLimit()
    {
        var asked = 0;
        var broker = await StartAsync(options => options.OnSubscribe = _ => new(++asked > 0 ? MqttReasonCode.Success : 0));
        await using var client = await TestClient.ConnectAsync(broker, "c");

        await client.SubscribeAsync([.. Enumerable.Range(0, SubscribeReader.MaximumFilters + 5).Select(number => new SubscriptionRequest($"t/{number}", 0))]);

        Assert.Equal(SubscribeReader.MaximumFilters, asked);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public async Task AnUnsubscribeOfTooManyFilters_EndsTheConnection(byte level)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);
        await client.SendAsync(new UnsubscribePacket { PacketId = 1, Filters = [.. Enumerable.Repeat("t", SubscribeReader.MaximumFilters)] });
        await client.ExpectAsync<SubackPacket>();

        await client.SendAsync(new UnsubscribePacket { PacketId = 2, Filters = [.. Enumerable.Repeat("t", SubscribeReader.MaximumFilters + 1)] });

        if (level == 5)
            await client.ExpectDisconnectAsync(MqttReasonCode.QuotaExceeded);
        else
            await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task LargeSubacks_HoldTheReaderBack_AndAllArrive()
    {
        const int Packets = 40;
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var packet = Wire.Encode(client.Version, new SubscribePacket { PacketId = 1, Subscriptions = [.. Enumerable.Repeat(new SubscriptionRequest("t", 0), 200_000)] });

        var sending = Task.Run(async () =>
        {
            for (var count = 0; count < Packets; count++)
                await client.SendBytesAsync(packet);
        });
        for (var count = 0; count < Packets; count++)
            Assert.Equal(200_000, (await client.ExpectAsync<SubackPacket>()).ReasonCodes.Count);

        await sending;
        Assert.True(broker.Metrics.TimesHeldBack > 0);
    }
}
