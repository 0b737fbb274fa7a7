using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class TopicLevelTests : BrokerTestBase
{
    [Fact]
    public async Task TooDeepTopicsAndFilters_AreRefused()
    {
        var broker = await StartAsync(options => options.MaxTopicLevels = 3);
        await using var client = await TestClient.ConnectAsync(broker, "c");

        var suback = await client.SubscribeAsync(
            new SubscriptionRequest("a/b/c", 0), new SubscriptionRequest("a/b/c/#", 0), new SubscriptionRequest("$share/g/a/+/c", 0));
        Assert.Equal([MqttReasonCode.Success, MqttReasonCode.TopicFilterInvalid, MqttReasonCode.Success], suback.ReasonCodes);

        await client.PublishAsync("a/b/c/d", qos: 1, packetId: 7);
        Assert.Equal(MqttReasonCode.TopicNameInvalid, (await client.ExpectAckAsync(PacketType.Puback, 7)).ReasonCode);
        await client.PublishAsync("a/b/x", qos: 1, packetId: 7);
        Assert.Equal(MqttReasonCode.NoMatchingSubscribers, (await client.ExpectAckAsync(PacketType.Puback, 7)).ReasonCode);
    }

    [Fact]
    public async Task AWillOnATooDeepTopic_RefusesTheConnection()
    {
        var broker = await StartAsync(options => options.MaxTopicLevels = 3);
        await using var client = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", CleanStart = true, Will = new WillFields { Topic = "a/b/c/d", Payload = Array.Empty<byte>() } });
        Assert.Equal((byte)MqttReasonCode.TopicNameInvalid, client.Connack.ReturnCode);
    }
}
