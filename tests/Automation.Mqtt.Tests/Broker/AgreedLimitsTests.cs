using Automation.Mqtt.Packets;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>What CONNECT and CONNACK agree on — MQTT 5 §3.1.2.11 and §3.2.2.3 — is kept afterwards.</summary>
public sealed class AgreedLimitsTests : BrokerTestBase
{
    [Theory]
    [InlineData(120, 60, 60)]
    [InlineData(0, 60, 60)]
    [InlineData(60, 60, null)]
    [InlineData(5, 60, null)]
    public async Task KeepAlive_IsAtMostTheServers(ushort asked, ushort most, int? told)
    {
        var broker = await StartAsync(options => options.MaxKeepAliveSeconds = most);
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: asked);
        await using var old = await TestClient.ConnectAsync(broker, "old", MqttProtocolVersion.V311, keepAlive: asked);

        Assert.Equal((ushort?)told, client.Connack.Properties!.ServerKeepAlive);
    }

    [Fact]
    public async Task KeepAlive_OfA311Client_IsItsOwn()
    {
        var broker = await StartOnManualTimeAsync(options => options.MaxKeepAliveSeconds = 10);
        await using var own = await TestClient.ConnectAsync(broker, "own", MqttProtocolVersion.V311, keepAlive: 100);
        await using var told = await TestClient.ConnectAsync(broker, "told", keepAlive: 100);
        await own.ExpectNothingAsync();
        await told.ExpectNothingAsync();

        Time.Advance(TimeSpan.FromSeconds(20));

        await told.ExpectDisconnectAsync(MqttReasonCode.KeepAliveTimeout); // [MQTT-3.1.2-21]
        await own.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("device-7", 1, "answers/device-7/")]
    [InlineData("device-7", 0, null)]
    [InlineData("device-7", null, null)]
    [InlineData("device/7", 1, null)]
    public async Task ResponseInformation_IsTold_ToWhoAsks(string clientId, int? request, string? told)
    {
        var broker = await StartAsync(options => options.ResponseInformation = "answers/{clientid}/");
        await using var client = await TestClient.ConnectAsync(broker, clientId, properties: new PacketProperties { RequestResponseInformation = (byte?)request });

        Assert.Equal(told, client.Connack.Properties!.ResponseInformation);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public async Task ReasonStrings_AreSent_UnlessTheClientWantsNone(int? request, bool expected)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { RequestProblemInformation = (byte?)request });
        await client.SendHexAsync("C1 00");

        var disconnect = await client.ExpectAsync<ReasonPacket>();
        Assert.Equal((MqttReasonCode.MalformedPacket, expected), (disconnect.ReasonCode, disconnect.Properties?.ReasonString is not null));
    }

    [Theory]
    [InlineData(18, true)]
    [InlineData(8, true)]
    [InlineData(7, false)]
    public async Task Connack_FitsTheMaximumPacketSize_OrRefuses(uint maximum, bool isAccepted)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", KeepAlive = 60, Properties = new PacketProperties { MaximumPacketSize = maximum } });

        Assert.Equal(isAccepted ? (byte)0 : (byte)MqttReasonCode.PacketTooLarge, client.Connack.ReturnCode);
        Assert.InRange(PacketWriter.SizeOf(MqttProtocolVersion.V5, client.Connack), 0, (int)maximum);
        if (!isAccepted)
            await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task ARefusal_ThatDoesNotFit_IsNotSent()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendAsync(new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", Properties = new PacketProperties { MaximumPacketSize = 4 } });

        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task ASuback_ThatDoesNotFit_EndsTheConnection()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { MaximumPacketSize = 30 });
        await client.SendAsync(new SubscribePacket { PacketId = 1, Subscriptions = [.. Enumerable.Range(0, 26).Select(number => new SubscriptionRequest($"t/{number}", 0))] });

        var disconnect = await client.ExpectAsync<ReasonPacket>();
        Assert.Equal((MqttReasonCode.PacketTooLarge, null), (disconnect.ReasonCode, disconnect.Properties));
    }

    [Theory]
    [InlineData(1, (byte)PacketType.Pubrec)]
    [InlineData(1, (byte)PacketType.Pubcomp)]
    [InlineData(2, (byte)PacketType.Puback)]
    [InlineData(2, (byte)PacketType.Pubcomp)]
    public async Task AnAnswerOfAnotherQoS_IsAProtocolError(int qos, byte answerType)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SubscribeAsync("t", qos);
        await broker.PublishAsync(new() { Topic = "t", QualityOfService = MqttQualityOfService.ExactlyOnce });
        var publish = await client.ExpectPublishAsync("t");

        await client.SendAsync(new AckPacket((PacketType)answerType) { PacketId = publish.PacketId });

        await client.ExpectDisconnectAsync(MqttReasonCode.ProtocolError);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task DenySubscribe_RefusesWithTheGeneralCode_InBothVersions(byte level)
    {
        var broker = await StartAsync(options => options.DenySubscribe = [Filter("test/nosubscribe"), Filter("secret/#")]);
        await using var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level);

        var answer = await client.SubscribeAsync(
            new("test/nosubscribe", MqttQualityOfService.ExactlyOnce), new("secret", 0), new("secret/+/x", 0), new("$share/g/secret/#", 0), new("#", 0), new("test/+", 0));

        Assert.Equal([0x80, 0x80, 0x80, 0x80, 0, 0], answer.ReasonCodes.Select(code => (int)code));
    }

    private static TopicFilter Filter(string text) => TopicFilter.TryParse(text, out var filter) ? filter : throw new ArgumentException("no filter", nameof(text));
}
