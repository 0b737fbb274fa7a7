using Automation.Mqtt.Client;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>Servers that break the rules: each is told which, left, and tried again.</summary>
public sealed class HostileServerTests : ClientTestBase
{
    [Theory]
    [InlineData("00 00", MqttReasonCode.MalformedPacket)] // reserved type
    [InlineData("36 05 00 01 61 00 01", MqttReasonCode.MalformedPacket)] // QoS 3
    [InlineData("38 04 00 01 61 00", MqttReasonCode.MalformedPacket)] // DUP with QoS 0
    [InlineData("30 05 00 02 c3 28 00", MqttReasonCode.MalformedPacket)] // no UTF-8
    [InlineData("30 ff ff ff ff 01", MqttReasonCode.MalformedPacket)] // length of five bytes
    [InlineData("30 80 80 80 01", MqttReasonCode.PacketTooLarge)]
    [InlineData("30 04 00 01 2b 00", MqttReasonCode.TopicNameInvalid)] // topic "+"
    [InlineData("30 03 00 00 00", MqttReasonCode.ProtocolError)] // no topic, no alias
    [InlineData("30 06 00 00 03 23 00 01", MqttReasonCode.ProtocolError)] // alias that was not set
    [InlineData("30 07 00 01 61 03 23 00 11", MqttReasonCode.TopicAliasInvalid)] // alias 17 of 16
    [InlineData("30 07 00 01 61 03 23 00 00", MqttReasonCode.TopicAliasInvalid)] // alias 0
    [InlineData("32 06 00 01 61 00 00 00", MqttReasonCode.ProtocolError)] // packet identifier 0
    [InlineData("40 02 00 07", MqttReasonCode.ProtocolError)] // PUBACK for nothing
    [InlineData("90 04 00 07 00 00", MqttReasonCode.ProtocolError)] // SUBACK for nothing
    [InlineData("b0 04 00 07 00 00", MqttReasonCode.ProtocolError)] // UNSUBACK for nothing
    [InlineData("20 03 00 00 00", MqttReasonCode.ProtocolError)] // CONNACK again
    [InlineData("c0 00", MqttReasonCode.ProtocolError)] // PINGREQ
    [InlineData("82 07 00 01 00 00 01 61 00", MqttReasonCode.ProtocolError)] // SUBSCRIBE
    [InlineData("f0 00", MqttReasonCode.ProtocolError)] // AUTH
    [InlineData("34 06 00 01 61 00 01 00 62 02 00 01", MqttReasonCode.ProtocolError)] // PUBREL before PUBREC
    public async Task IllegalPacket_EndsTheConnection_WithItsReason(string hex, MqttReasonCode reason)
    {
        var server = Server();
        var client = Client(server.Address, options => options.AutoAcknowledge = false);
        client.Start();
        var connection = await server.GrantAsync();

        await connection.SendHexAsync(hex);

        await connection.ExpectDisconnectAsync(reason);
        var status = await WaitForAsync(client, status => status.Reason is not null);
        Assert.Equal((MqttDisconnectOrigin.Client, reason), (status.Reason!.Origin, status.Reason.ReasonCode!.Value));
        await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
    }

    [Fact]
    public async Task MoreThanTheReceiveMaximum_EndsTheConnection()
    {
        var server = Server();
        var client = Client(server.Address, options => (options.AutoAcknowledge, options.ReceiveMaximum) = (false, 3));
        client.Start();
        var connection = await server.GrantAsync();
        Assert.Equal((ushort)3, connection.Connect.Properties!.ReceiveMaximum);

        for (ushort id = 1; id <= 4; id++)
            await connection.SendAsync(TestClient.Publish("t", "x", 1, id));

        await connection.ExpectDisconnectAsync(MqttReasonCode.ReceiveMaximumExceeded);
    }

    [Theory]
    [InlineData("20 03 02 00 00")] // reserved flag
    [InlineData("20 03 01 85 00")] // session present in a refusal
    [InlineData("20 03 00 00 00")] // no identifier assigned to a client without one
    [InlineData("30 04 00 01 61 00")] // PUBLISH instead of CONNACK
    [InlineData("f0 00")] // AUTH that nobody asked for
    public async Task IllegalAnswerToConnect_IsTriedAgain(string hex)
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        var connection = await server.AcceptAsync();
        await connection.ExpectAsync<ConnectPacket>();

        await connection.SendHexAsync(hex);

        Assert.True((await connection.ExpectAsync<ReasonPacket>()).ReasonCode >= MqttReasonCode.UnspecifiedError);
        Assert.Null(await connection.ReceiveAsync());
        await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
    }

    [Fact]
    public async Task ServerThatAsksAndNeverReads_IsHeldAndThenGivenUp()
    {
        var server = Server();
        var client = Client(server.Address, options => (options.KeepAliveSeconds, options.TimeProvider) = (10, Time));
        client.Start();
        var connection = await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
        var questions = new byte[64 * 1024];
        for (var at = 0; at < questions.Length; at += 4)
            ((ReadOnlySpan<byte>)[0x62, 2, 0x70, 0]).CopyTo(questions.AsSpan(at)); // PUBREL that is answered with "not found"

        // Neither side reads: this ends when the client stops taking them, and closes.
        var sending = Task.Run(async () =>
        {
            while (true)
                await connection.SendBytesAsync(questions);
        });
        while (client.Status.Reason is null)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact]
    public async Task SilentServer_IsGivenUpAfterTheConnectTimeout()
    {
        var server = Server();
        var client = Client(server.Address, options => options.TimeProvider = Time);
        client.Start();
        var connection = await server.AcceptAsync();
        await connection.ExpectAsync<ConnectPacket>();

        Time.Advance(TimeSpan.FromSeconds(11));

        Assert.Null(await connection.ReceiveAsync());
        await WaitForAsync(client, status => status.Reason is { Origin: MqttDisconnectOrigin.Network });
    }

    [Fact]
    public async Task RandomBytes_NeverEndTheClient()
    {
        var server = Server();
        var client = Client(server.Address, options => options.OnMessage = static (_, _) => default);
        client.Start();
        var random = new Random(7);
        for (var round = 0; round < 50; round++)
        {
            var connection = await server.GrantAsync(sessionPresent: round % 2 == 1);
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            await connection.SendBytesAsync(bytes);
            connection.Close();
        }

        await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
        Assert.Empty(Errors);
    }
}
