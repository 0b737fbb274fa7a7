using System.Buffers;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Topic aliases that the broker sets — MQTT 5 §3.3.2.3.4.</summary>
public sealed class OutgoingAliasTests : BrokerTestBase
{
    [Fact]
    public async Task TheTopic_IsSentOnce_ToAClientThatAllowsAliases()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { TopicAliasMaximum = 1 });
        await client.SubscribeAsync("#", 2);
        foreach (var (topic, qos) in new[] { ("TopicA", 0), ("TopicA", 1), ("other/topic", 1), ("TopicA", 2) })
            await broker.PublishAsync(new() { Topic = topic, QualityOfService = (MqttQualityOfService)qos, MessageExpiryInterval = 60, Payload = new byte[] { (byte)qos } });

        foreach (var (topic, alias, qos) in new (string, ushort?, int)[] { ("TopicA", 1, 0), ("", 1, 1), ("other/topic", null, 1), ("", 1, 2) })
        {
            var publish = await client.ExpectPublishAsync(topic);
            Assert.Equal((alias, 60u, qos), (publish.Properties!.TopicAlias, publish.Properties.MessageExpiryInterval!.Value, (int)publish.QualityOfService));
            Assert.Equal([(byte)qos], publish.Payload.ToArray());
        }
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(4, null)]
    public async Task NoAlias_IsSent_ToAClientThatAllowsNone(byte level, int? maximum)
    {
        var broker = await StartAsync();
        var properties = maximum is null ? null : new PacketProperties { TopicAliasMaximum = (ushort)maximum };
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level, properties: properties);
        await client.SubscribeAsync("#");
        for (var count = 0; count < 2; count++)
        {
            await broker.PublishAsync(new() { Topic = "TopicA" });
            Assert.Null((await client.ExpectPublishAsync("TopicA")).Properties);
        }
    }

    [Fact]
    public async Task TheBrokersOwnLimit_CountsToo()
    {
        var broker = await StartAsync(options => options.TopicAliasMaximum = 2);
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { TopicAliasMaximum = 100 });
        await client.SubscribeAsync("#");
        foreach (var topic in new[] { "topic/1", "topic/2", "topic/3" })
            await broker.PublishAsync(new() { Topic = topic });

        Assert.Equal((ushort)1, (await client.ExpectPublishAsync("topic/1")).Properties!.TopicAlias);
        Assert.Equal((ushort)2, (await client.ExpectPublishAsync("topic/2")).Properties!.TopicAlias);
        Assert.Null((await client.ExpectPublishAsync("topic/3")).Properties);
    }

    [Fact]
    public async Task Aliases_EndWithTheirConnection()
    {
        var kept = new PacketProperties { TopicAliasMaximum = 10, SessionExpiryInterval = 100 };
        var broker = await StartAsync();
        var client = await TestClient.ConnectAsync(broker, "c", properties: kept);
        await client.SubscribeAsync("#", 1);
        await broker.PublishAsync(new() { Topic = "topic", QualityOfService = MqttQualityOfService.AtLeastOnce });
        await client.ExpectPublishAsync("topic");
        client.Drop();

        await using var back = await TestClient.ConnectAsync(broker, "c", cleanStart: false, properties: kept);
        Assert.True((await back.ExpectPublishAsync("topic")).Duplicate); // [MQTT-3.3.2-7]
    }

    [Fact]
    public async Task AnAlias_DoesNotMakeAPacketTooLarge()
    {
        var broker = await StartAsync();
        var properties = new PacketProperties { TopicAliasMaximum = 10, MaximumPacketSize = 64 };
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: properties);
        await client.SubscribeAsync("#");
        const int Header = 2 + 2 + 5 + 1; // type and length, length of the topic, topic, length of the properties
        await broker.PublishAsync(new() { Topic = "topic", Payload = new byte[64 - Header] });
        await broker.PublishAsync(new() { Topic = "topic" });
        await broker.PublishAsync(new() { Topic = "topic", Payload = new byte[64 - Header + 2] }); // five bytes less for the name, three for the alias

        Assert.Null((await client.ExpectPublishAsync("topic")).Properties);
        Assert.Equal((ushort)1, (await client.ExpectPublishAsync("topic")).Properties!.TopicAlias);
        Assert.Equal(64 - Header + 2, (await client.ExpectPublishAsync("")).Payload.Length);
        Assert.Equal(0, broker.Metrics.DroppedTooLarge);
    }

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(1, 1, true)]
    [InlineData(2, 120, true)]
    [InlineData(1, 127, false)]
    [InlineData(1, 20_000, true)]
    public void EachForm_ReadsBackAsTheMessage(int qos, int payload, bool withProperties)
    {
        var message = new MqttApplicationMessage
        {
            Topic = "some/topic",
            Payload = Enumerable.Range(0, payload).Select(value => (byte)value).ToArray(),
            PayloadIsUtf8 = withProperties,
            MessageExpiryInterval = withProperties ? 1000 : null,
            ContentType = withProperties ? new string('t', 120) : null, // the properties' length takes two bytes with the alias and one without
        };
        var encoded = PublishWriter.Encode(message, isV5: true, withPacketId: qos > 0, withProperties ? [1, 300] : null);
        foreach (var form in Enum.GetValues<TopicForm>())
        {
            var output = new ArrayBufferWriter<byte>();
            var first = PublishWriter.FirstByte((MqttQualityOfService)qos, false, false);
            if (form == TopicForm.Name)
                encoded.WriteTo(output, first, 77, 42);
            else
                encoded.WriteTo(output, form, 5, first, 77, 42);

            Assert.Equal(encoded.SizeAs(form), output.WrittenCount);
            Assert.True(PacketReader.TryRead(new ReadOnlySequence<byte>(output.WrittenMemory), MqttProtocolVersion.V5, Wire.NoLimit, out var packet, out _));
            var publish = Assert.IsType<PublishPacket>(packet);
            Assert.Equal(form == TopicForm.Alias ? "" : "some/topic", publish.Topic);
            Assert.Equal(form == TopicForm.Name ? null : (ushort?)5, publish.Properties?.TopicAlias);
            Assert.Equal(qos > 0 ? 77 : 0, publish.PacketId);
            Assert.Equal(message.Payload.ToArray(), publish.Payload.ToArray());
            Assert.Equal((message.ContentType, withProperties ? 42u : null), (publish.Properties?.ContentType, publish.Properties?.MessageExpiryInterval));
        }
    }
}
