using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Tests.Broker;

public sealed class ConnectTests : BrokerTestBase
{
    [Fact]
    public async Task Connect_V5_TellsTheLimits()
    {
        var broker = await StartAsync(options => options.ReceiveMaximum = 7);
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: 0);

        var told = client.Connack.Properties!;
        Assert.Equal((ushort)7, told.ReceiveMaximum);
        Assert.Equal(1024u * 1024, told.MaximumPacketSize);
        Assert.Equal((ushort)16, told.TopicAliasMaximum);
        Assert.Equal((ushort)3600, told.ServerKeepAlive);
        Assert.Equal((byte)1, told.SharedSubscriptionAvailable);
        Assert.Null(told.MaximumQoS);
        Assert.False(client.Connack.SessionPresent);
    }

    [Fact]
    public async Task Connect_WithoutAnIdentifier_IsAssignedOne()
    {
        var broker = await StartAsync(options => options.NewClientId = () => "made-up");
        await using var client = await TestClient.ConnectAsync(broker, "");

        Assert.Equal("made-up", client.Connack.Properties!.AssignedClientIdentifier);
        Assert.Equal("made-up", Assert.Single(broker.Sessions.List(new() { Limit = 10 })).ClientId);
    }

    [Fact]
    public async Task Connect_311_WithoutAnIdentifierButWithASession_IsRefused()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V311, ClientId = "" });

        Assert.Equal(2, client.Connack.ReturnCode);
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("10 0C 0004 4D515454 06 02 003C 0000", "20 03 00 84")]
    [InlineData("10 0C 0004 4D515454 03 02 003C 0000", "20 02 00 01")]
    [InlineData("10 0E 0006 4D5149736470 03 02 003C 0000", "20 02 00 01")]
    public async Task Connect_WithAnUnknownProtocolLevel_IsRefusedInAFormTheClientMayKnow(string connect, string answer)
    {
        var broker = await StartAsync();
        var version = answer.EndsWith("84", StringComparison.Ordinal) ? MqttProtocolVersion.V5 : MqttProtocolVersion.V311;
        await using var client = await TestClient.OpenAsync(broker, version);
        await client.SendHexAsync(connect);

        var connack = await client.ExpectAsync<ConnackPacket>();
        Assert.Equal(Convert.FromHexString(answer[^2..])[0], connack.ReturnCode);
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task Connect_V5_Malformed_IsToldSo()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendHexAsync("10 10 0004 4D515454 05 02 003C 03 21 0000 0000");

        var connack = await client.ExpectAsync<ConnackPacket>();
        Assert.Equal((byte)MqttReasonCode.ProtocolError, connack.ReturnCode);
        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData("C0 00")]
    [InlineData("30 04 0001 61 00")]
    [InlineData("00 00")]
    [InlineData("10 80 80 80 01")]
    [InlineData("47 45 54 20 2F 20")]
    public async Task AFirstPacketThatIsNoConnect_IsClosedWithoutAWord(string bytes)
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendHexAsync(bytes);

        await client.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(MqttReasonCode.BadUserNameOrPassword, 4, 0x86)]
    [InlineData(MqttReasonCode.NotAuthorized, 5, 0x87)]
    [InlineData(MqttReasonCode.ServerBusy, 3, 0x89)]
    public async Task Connect_RefusedByTheHook_IsToldTheReason(MqttReasonCode reason, byte code311, byte code5)
    {
        var broker = await StartAsync(options => options.OnConnect = _ => new(reason));
        await using var old = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V311, ClientId = "a", CleanStart = true });
        await using var @new = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "b" });

        Assert.Equal((code311, code5), (old.Connack.ReturnCode, @new.Connack.ReturnCode));
        await old.ExpectClosedAsync();
        await @new.ExpectClosedAsync();
    }

    [Fact]
    public async Task Connect_GivesTheHookWhatTheClientSent()
    {
        MqttConnectContext? seen = null;
        var broker = await StartAsync(options => options.OnConnect = context =>
        {
            seen = context;
            return new(MqttReasonCode.Success);
        });
        await using var client = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "sensor", UserName = "u", Password = [1, 2] });

        Assert.Equal(("sensor", "u"), (seen!.ClientId, seen.UserName));
        Assert.Equal([1, 2], seen.Password!.Value.ToArray());
        Assert.True(System.Net.IPAddress.IsLoopback(seen.RemoteEndPoint.Address));
    }

    [Fact]
    public async Task Connect_WithoutAPassword_GivesTheHookNone()
    {
        MqttConnectContext? seen = null;
        var broker = await StartAsync(options => options.OnConnect = context =>
        {
            seen = context;
            return new(MqttReasonCode.Success);
        });
        await using var client = await TestClient.ConnectAsync(broker, "c");

        Assert.Null(seen!.UserName);
        Assert.Null(seen.Password);
    }

    [Fact]
    public async Task Connect_WithAnAuthenticationMethod_IsRefused()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(
            broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "a", Properties = new PacketProperties { AuthenticationMethod = "SCRAM" } });

        Assert.Equal((byte)MqttReasonCode.BadAuthenticationMethod, client.Connack.ReturnCode);
    }

    [Fact]
    public async Task Connect_ThrowingInTheHook_RefusesAndReports()
    {
        var broker = await StartAsync(options => options.OnConnect = _ => throw new InvalidOperationException("no database"));
        await using var client = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "a" });

        Assert.Equal((byte)MqttReasonCode.UnspecifiedError, client.Connack.ReturnCode);
        Assert.Equal("OnConnect: no database", Assert.Single(Errors));
        Assert.Equal(1, broker.Metrics.HookErrors);
    }

    [Fact]
    public async Task Connect_Twice_IsAProtocolError()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendAsync(new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c" });

        await client.ExpectDisconnectAsync(MqttReasonCode.ProtocolError);
    }

    [Fact]
    public async Task Packets_SentRightAfterConnect_AreHandledAfterTheConnack()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendHexAsync("10 0D 0004 4D515454 05 02 003C 00 0000  C000");

        await client.ExpectAsync<ConnackPacket>();
        await client.ExpectAsync<PingPacket>();
    }

    [Fact]
    public async Task Connect_ByteByByte_IsServed()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        foreach (var one in Convert.FromHexString("100D00044D5154540502003C000000"))
            await client.SendBytesAsync([one]);

        await client.ExpectAsync<ConnackPacket>();
        await client.ExpectNothingAsync();
    }

    [Fact]
    public async Task AConnectionWithoutConnect_IsCutAfterTheTimeout()
    {
        var broker = await StartOnManualTimeAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendHexAsync("10 0D 0004");
        await using var barrier = await TestClient.ConnectAsync(broker, "barrier"); // the first connection was accepted before

        Time.Advance(TimeSpan.FromSeconds(12));

        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task TooManyConnections_AreClosedAtOnce()
    {
        var broker = await StartAsync(options => options.MaxConnections = 1);
        await using var first = await TestClient.ConnectAsync(broker, "a");
        await using var second = await TestClient.OpenAsync(broker);

        await second.ExpectClosedAsync();
        await first.ExpectNothingAsync();
    }

    [Fact]
    public async Task TakeOver_TellsTheOldConnection()
    {
        var broker = await StartAsync();
        await using var old = await TestClient.ConnectAsync(broker, "same");
        await using var @new = await TestClient.ConnectAsync(broker, "same");

        await old.ExpectDisconnectAsync(MqttReasonCode.SessionTakenOver);
        await @new.ExpectNothingAsync();
        Assert.Equal(1, broker.SessionCount);
    }

    [Fact]
    public async Task KeepAlive_EndsAConnectionThatIsSilentForOneAndAHalf()
    {
        var broker = await StartOnManualTimeAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: 10);
        await client.ExpectNothingAsync();

        Time.Advance(TimeSpan.FromSeconds(14));
        await client.ExpectNothingAsync();
        Time.Advance(TimeSpan.FromSeconds(14));
        await client.ExpectNothingAsync();
        Time.Advance(TimeSpan.FromSeconds(17));

        await client.ExpectDisconnectAsync(MqttReasonCode.KeepAliveTimeout);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    public async Task KeepAlive_EndsAtTheNextWholeSecond(ushort keepAlive)
    {
        var broker = await StartOnManualTimeAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: keepAlive);
        await client.ExpectNothingAsync();

        Time.Advance(TimeSpan.FromSeconds(Math.Ceiling(keepAlive * 1.5)));

        await client.ExpectDisconnectAsync(MqttReasonCode.KeepAliveTimeout);
    }

    [Fact]
    public async Task Disconnect_ByTheApplication_TellsTheReason()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");

        Assert.True(broker.Disconnect("c"));
        Assert.False(broker.Disconnect("unknown"));

        await client.ExpectDisconnectAsync(MqttReasonCode.AdministrativeAction);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AClientThatClosesInTheMiddleOfAPacket_LeavesNothingBehind(bool reset)
    {
        var broker = await StartAsync();
        var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendHexAsync("30 FF FF 01 0001 61 00 01 02 03");
        client.Drop(reset);

        await using var watcher = await TestClient.ConnectAsync(broker, "c"); // attaches only once the broker let the old one go
        await watcher.ExpectNothingAsync();
        await broker.StopAsync();
        Assert.Equal((0, 0L), (broker.SessionCount, broker.Metrics.Connections));
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Stop_TellsTheClients()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.ConnectAsync(broker, "c");
        var closed = client.ExpectDisconnectAsync(MqttReasonCode.ServerShuttingDown).ContinueWith(_ => client.Drop());

        await broker.StopAsync();

        await closed;
        Assert.Empty(broker.Sessions.List(new() { IsConnected = true, Limit = 10 }));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Connect_WithTheLargestWill_IsAccepted_AndTheWillPublished(byte level)
    {
        var broker = await StartAsync();
        await using var watcher = await TestClient.ConnectAsync(broker, "watcher");
        await watcher.SubscribeAsync("wills/+");
        var will = new WillFields { Topic = "wills/c", Payload = new byte[ushort.MaxValue] };
        var client = await TestClient.ConnectAsync(broker, "c", (MqttProtocolVersion)level, will: will);

        client.Drop();

        Assert.Equal(ushort.MaxValue, (await watcher.ExpectPublishAsync("wills/c")).Payload.Length);
    }

    [Fact]
    public async Task Connect_OverItsLimit_IsClosedAtItsFirstBytes()
    {
        var broker = await StartAsync();
        await using var client = await TestClient.OpenAsync(broker);
        await client.SendHexAsync("10 80 80 08"); // 128 KiB after the header

        await client.ExpectClosedAsync();
    }
}
