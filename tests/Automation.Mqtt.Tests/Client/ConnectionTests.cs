using Automation.Mqtt.Client;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>How connections are made, kept and lost.</summary>
public sealed class ConnectionTests : ClientTestBase
{
    [Fact]
    public async Task Connect_CarriesEverything()
    {
        var server = Server();
        var client = Client(server.Address, options =>
        {
            options.ClientId = "me";
            options.UserName = "user";
            options.SetPassword("secret");
            options.KeepAliveSeconds = 30;
            options.SessionExpiry = TimeSpan.FromMinutes(5);
            options.CleanStart = true;
            options.Will = new MqttWill(new() { Topic = "will", Payload = "gone"u8.ToArray(), QualityOfService = MqttQualityOfService.AtLeastOnce, Retain = true, ContentType = "text/plain" }, 9);
            options.UserProperties = [new("k", "v")];
        });
        client.Start();

        var connect = (await server.GrantAsync()).Connect;

        Assert.Equal((MqttProtocolVersion.V5, "me", "user", (ushort)30, true), (connect.Version, connect.ClientId, connect.UserName, connect.KeepAlive, connect.CleanStart));
        Assert.Equal("secret"u8.ToArray(), connect.Password);
        Assert.Equal(("will", true, MqttQualityOfService.AtLeastOnce), (connect.Will!.Topic, connect.Will.Retain, connect.Will.QualityOfService));
        Assert.Equal((9u, "text/plain"), (connect.Will.Properties!.WillDelayInterval!.Value, connect.Will.Properties.ContentType));
        Assert.Equal((300u, (ushort)64, 1024u * 1024), (connect.Properties!.SessionExpiryInterval!.Value, connect.Properties.ReceiveMaximum!.Value, connect.Properties.MaximumPacketSize!.Value));
        Assert.Equal(new MqttUserProperty("k", "v"), Assert.Single(connect.Properties.UserProperties!));
    }

    [Fact]
    public async Task Reconnect_TakesTheSessionUp_WithTheAssignedIdentifier()
    {
        var server = Server();
        var client = Client(server.Address, options => options.CleanStart = true);
        client.Start();
        var connection = await server.GrantAsync(properties: new() { AssignedClientIdentifier = "given" });
        Assert.True(connection.Connect.CleanStart);
        await WaitForAsync(client, MqttClientState.Connected);
        connection.Close();

        connection = await server.GrantAsync(sessionPresent: true);

        Assert.Equal(("given", false), (connection.Connect.ClientId, connection.Connect.CleanStart));
    }

    [Fact]
    public async Task ServerThatIsDown_IsWaitedFor()
    {
        var port = MosquittoBroker.FreePort();
        var client = Client(new Uri($"mqtt://127.0.0.1:{port}"));
        client.Start();
        var waiting = await WaitForAsync(client, status => status is { State: MqttClientState.Waiting, Attempt: 3 });
        Assert.Equal((MqttDisconnectOrigin.Network, null), (waiting.Reason!.Origin, waiting.Reason.ReasonCode));

        await BrokerAsync(options => options.EndPoint = new(System.Net.IPAddress.Loopback, port));

        var connected = await WaitForAsync(client, MqttClientState.Connected);
        Assert.NotNull(connected.Server);
    }

    [Fact]
    public async Task WaitBetweenAttempts_DoublesUpToItsMaximum()
    {
        var client = Client(new Uri("mqtt://127.0.0.1:1"), options =>
        {
            (options.ReconnectDelay, options.MaxReconnectDelay) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
            (options.TimeProvider, options.Jitter) = (Time, static () => 0.5);
        });
        client.Start();
        List<double> waits = [];
        for (var attempt = 1; attempt <= 6; attempt++)
        {
            var waiting = await WaitForAsync(client, status => status.State == MqttClientState.Waiting && status.Attempt == attempt);
            waits.Add((waiting.NextAttempt!.Value - waiting.Since).TotalSeconds);
            await AdvanceAsync(() => client.Status.Attempt > attempt || client.State != MqttClientState.Waiting);
        }

        Assert.Equal([0.5, 1, 2, 4, 5, 5], waits);
    }

    [Theory]
    [InlineData(MqttReasonCode.ClientIdentifierNotValid, true)]
    [InlineData(MqttReasonCode.BadUserNameOrPassword, true)]
    [InlineData(MqttReasonCode.NotAuthorized, true)]
    [InlineData(MqttReasonCode.BadAuthenticationMethod, true)]
    [InlineData(MqttReasonCode.ServerBusy, false)]
    [InlineData(MqttReasonCode.UseAnotherServer, false)]
    public async Task Refusal_IsFinalOrNot(MqttReasonCode reason, bool isFinal)
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        await RefuseAsync(server, (byte)reason, new() { ServerReference = "other", ReasonString = "because" });

        var status = await WaitForAsync(client, status => status.State is MqttClientState.Refused or MqttClientState.Waiting);

        Assert.Equal((isFinal ? MqttClientState.Refused : MqttClientState.Waiting, reason), (status.State, status.Reason!.ReasonCode));
        Assert.Equal((MqttDisconnectOrigin.Server, "because", "other"), (status.Reason.Origin, status.Reason.Text, status.Reason.ServerReference));
        if (isFinal)
            client.Start();
        await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);
    }

    [Fact]
    public async Task ConnectAsync_ThrowsTheRefusal_UnlessItIsRetried()
    {
        var server = Server();
        var client = Client(server.Address);
        var connecting = client.ConnectAsync();
        await RefuseAsync(server, (byte)MqttReasonCode.NotAuthorized);
        Assert.Equal(MqttReasonCode.NotAuthorized, (await Assert.ThrowsAsync<MqttClientException>(() => connecting)).ReasonCode);

        var stubborn = Client(server.Address, options => options.RetryRefused = true);
        var connected = stubborn.ConnectAsync();
        await RefuseAsync(server, (byte)MqttReasonCode.NotAuthorized);
        await server.GrantAsync();
        await connected.WaitAsync(TestClient.Patience);
    }

    [Theory]
    [InlineData("20 02 00 01")] // what a 3.1.1 server says
    [InlineData("20 03 00 84 00")] // what a 5.0 server may say
    [InlineData("")] // it closes
    public async Task OldServer_IsSpokenToInOldWords_FromThenOn(string answer)
    {
        var server = Server();
        var client = Client(server.Address, options => options.ClientId = "me");
        client.Start();
        var connection = await server.AcceptAsync();
        await connection.ExpectAsync<ConnectPacket>();
        await connection.SendHexAsync(answer);
        connection.Close();

        for (var round = 0; round < 2; round++)
        {
            connection = await server.GrantAsync(sessionPresent: round > 0);
            Assert.Equal(MqttProtocolVersion.V311, connection.Version);
            await WaitForAsync(client, status => status.Server is { ProtocolVersion: MqttProtocolVersion.V311 } found && found.SessionPresent == round > 0);
            connection.Close();
        }
    }

    [Fact]
    public async Task NewServerThatCloses_IsNotTakenForAnOldOne()
    {
        var server = Server();
        var client = Client(server.Address, options => options.ClientId = "me");
        client.Start();
        (await server.GrantAsync()).Close();
        var connection = await server.AcceptAsync();
        await connection.ExpectAsync<ConnectPacket>();
        connection.Close();

        Assert.Equal(MqttProtocolVersion.V5, (await server.GrantAsync()).Version);
    }

    [Theory]
    [InlineData(2, MqttReasonCode.ClientIdentifierNotValid)]
    [InlineData(3, MqttReasonCode.ServerUnavailable)]
    [InlineData(4, MqttReasonCode.BadUserNameOrPassword)]
    [InlineData(5, MqttReasonCode.NotAuthorized)]
    public async Task ReturnCodesOf311_AreTheReasonCodesOfTheSameMeaning(byte code, MqttReasonCode reason)
    {
        var server = Server();
        var client = Client(server.Address, options => options.ProtocolVersion = MqttProtocolVersion.V311);
        client.Start();
        await RefuseAsync(server, code);

        Assert.Equal(reason, (await WaitForAsync(client, status => status.Reason is not null)).Reason!.ReasonCode);
    }

    [Fact]
    public async Task NothingSent_IsFollowedByAPing_AfterTheServersKeepAlive()
    {
        var (client, server) = await ConnectOnManualTimeAsync(keepAlive: 60, serverKeepAlive: 20);
        for (var round = 0; round < 3; round++)
        {
            Time.Advance(TimeSpan.FromSeconds(20));
            Assert.Equal(PacketType.Pingreq, (await server.ExpectAsync<PingPacket>()).Type);
            await server.SendAsync(PingPacket.Response);
            await client.PublishAsync(Message("t")); // returns when it is sent
            await server.ExpectAsync<PublishPacket>();
            await server.SendAckAsync(PacketType.Pubrel, 1);
            await server.ExpectAckAsync(PacketType.Pubcomp, 1, MqttReasonCode.PacketIdentifierNotFound); // so the PINGRESP was seen
        }

        Assert.Equal(MqttClientState.Connected, client.State);
    }

    [Fact]
    public async Task PingWithoutAnswer_EndsTheConnection()
    {
        var (client, server) = await ConnectOnManualTimeAsync(keepAlive: 60);
        Time.Advance(TimeSpan.FromSeconds(60));
        await server.ExpectAsync<PingPacket>();
        Assert.Equal(MqttClientState.Connected, client.State);

        Time.Advance(TimeSpan.FromSeconds(11));

        Assert.Null(await server.ReceiveAsync());
        Assert.Equal(MqttDisconnectOrigin.Network, (await WaitForAsync(client, status => status.Reason is not null)).Reason!.Origin);
    }

    [Fact]
    public async Task HalfOpenNetwork_IsNoticed_AlthoughWeGoOnSending()
    {
        var broker = await BrokerAsync();
        var network = Own(new NetworkProxy(broker.EndPoint.Port));
        var client = await ConnectAsync(network.Address, options => (options.TimeProvider, options.KeepAliveSeconds) = (Time, 10));
        network.Swallows = true;

        await AdvanceAsync(() => client.State != MqttClientState.Connected, async () => await client.PublishAsync(Message("t")));

        Assert.Equal(MqttDisconnectOrigin.Network, client.Status.Reason!.Origin);
        network.Swallows = false;
        network.Cut();
        await AdvanceAsync(() => client.State == MqttClientState.Connected);
    }

    [Fact]
    public async Task DisconnectOfTheServer_IsReported_AndComeBackFrom()
    {
        var server = Server();
        var client = Client(server.Address);
        client.Start();
        var connection = await server.GrantAsync();
        await connection.SendAsync(new ReasonPacket(PacketType.Disconnect)
        {
            ReasonCode = MqttReasonCode.ServerMoved,
            Properties = new() { ServerReference = "there", ReasonString = "moved" },
        });

        var reason = (await WaitForAsync(client, status => status.Reason is not null)).Reason!;
        Assert.Equal((MqttDisconnectOrigin.Server, MqttReasonCode.ServerMoved, "moved", "there"), (reason.Origin, reason.ReasonCode!.Value, reason.Text, reason.ServerReference));
        await server.GrantAsync();
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V311, MqttReasonCode.Success)]
    [InlineData(MqttProtocolVersion.V5, MqttReasonCode.Success)]
    [InlineData(MqttProtocolVersion.V5, MqttReasonCode.DisconnectWithWillMessage)]
    public async Task Stop_Disconnects_AndStartComesBack(MqttProtocolVersion version, MqttReasonCode code)
    {
        var server = Server();
        var client = Client(server.Address, options => (options.ProtocolVersion, options.ClientId) = (version, "me"));
        client.Start();
        var connection = await server.GrantAsync();
        await WaitForAsync(client, MqttClientState.Connected);

        var stopping = client.StopAsync(code);
        var packet = await connection.ExpectAsync<ReasonPacket>();
        Assert.Equal((PacketType.Disconnect, code), (packet.Type, packet.ReasonCode));
        Assert.Null(await connection.ReceiveAsync());
        connection.Close();
        await stopping.WaitAsync(TestClient.Patience);
        Assert.Equal(MqttClientState.Stopped, client.State);

        client.Start();
        await server.GrantAsync(sessionPresent: true);
        await WaitForAsync(client, MqttClientState.Connected);
    }

    [Theory]
    [InlineData("http://host")]
    [InlineData("mqtt:///topic")]
    [InlineData("unix:")]
    public void AddressOfAnotherKind_IsRefused(string address) =>
        Assert.Throws<ArgumentException>(() => MqttClientOptions.FromUri(new Uri(address)));

    private static async Task RefuseAsync(FakeServer server, byte code, PacketProperties? properties = null)
    {
        var connection = await server.AcceptAsync();
        connection.Version = (await connection.ExpectAsync<ConnectPacket>()).Version;
        await connection.SendAsync(new ConnackPacket { ReturnCode = code, Properties = properties });
        connection.Close();
    }

    // Time goes on, second by second, until something is so.
    private async Task AdvanceAsync(Func<bool> condition, Func<Task>? eachSecond = null)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        while (!condition())
        {
            timeout.Token.ThrowIfCancellationRequested();
            if (eachSecond is not null)
                await Task.WhenAny(eachSecond(), Task.Run(() => SpinWait.SpinUntil(condition, 10)));
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private async Task<(MqttClient Client, FakeConnection Server)> ConnectOnManualTimeAsync(ushort keepAlive, ushort? serverKeepAlive = null)
    {
        var server = Server();
        var client = Client(server.Address, options => (options.TimeProvider, options.KeepAliveSeconds) = (Time, keepAlive));
        client.Start();
        var connection = await server.GrantAsync(properties: new() { ServerKeepAlive = serverKeepAlive });
        await WaitForAsync(client, MqttClientState.Connected);
        return (client, connection);
    }
}
