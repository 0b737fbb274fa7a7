using System.Threading.Channels;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>Clients that come and go.</summary>
public sealed class PresenceTests : BrokerTestBase
{
    private readonly Channel<MqttPresence> _told = Channel.CreateUnbounded<MqttPresence>();

    [Fact]
    public async Task AClientThatLeaves_IsToldOnce()
    {
        var broker = await StartAsync(Tell);
        await using var client = await TestClient.ConnectAsync(broker, "c");
        await client.SendAsync(new ReasonPacket(PacketType.Disconnect));
        await client.ExpectClosedAsync();

        Assert.Equal("Online c Success", await NextAsync());
        Assert.Equal("Offline c Success", await NextAsync());
    }

    [Fact]
    public async Task AConnectionThatIsLost_HasNoReason_AndItsWillFollows()
    {
        var broker = await StartAsync(Tell);
        await (await TestClient.ConnectAsync(broker, "c", will: new WillFields { Topic = "gone", Payload = "bye"u8.ToArray() })).DisposeAsync();

        Assert.Equal("Online c Success", await NextAsync());
        Assert.Equal("Offline c ", await NextAsync());
        Assert.Equal("Will c Success gone", await NextAsync());
    }

    [Fact]
    public async Task ATakeOver_EndsTheOldConnection_BeforeTheNewOneIsTold()
    {
        var broker = await StartAsync(Tell);
        await using var old = await TestClient.ConnectAsync(broker, "c");
        await using var taker = await TestClient.ConnectAsync(broker, "c");
        await old.ExpectDisconnectAsync(MqttReasonCode.SessionTakenOver);
        await taker.ExpectNothingAsync();

        Assert.Equal(["Online c Success", "Offline c SessionTakenOver", "Online c Success"], [await NextAsync(), await NextAsync(), await NextAsync()]);
        Assert.False(_told.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task Silence_IsAKeepAliveTimeout()
    {
        var broker = await StartOnManualTimeAsync(Tell);
        await using var client = await TestClient.ConnectAsync(broker, "c", keepAlive: 10);
        Assert.Equal("Online c Success", await NextAsync());
        Time.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal("Offline c KeepAliveTimeout", await NextAsync());
    }

    [Fact]
    public async Task AProtocolError_AClientsOwnReason_AndAnEndedSession_AreReasons()
    {
        var broker = await StartAsync(Tell);
        await using var bad = await TestClient.ConnectAsync(broker, "bad");
        await bad.SendHexAsync("10 00"); // a second CONNECT
        Assert.Equal(["Online bad Success", "Offline bad MalformedPacket"], [await NextAsync(), await NextAsync()]);

        await using var angry = await TestClient.ConnectAsync(broker, "angry");
        await angry.SendAsync(new ReasonPacket(PacketType.Disconnect) { ReasonCode = MqttReasonCode.DisconnectWithWillMessage });
        Assert.Equal(["Online angry Success", "Offline angry DisconnectWithWillMessage"], [await NextAsync(), await NextAsync()]);

        await using var ended = await TestClient.ConnectAsync(broker, "ended", properties: new PacketProperties { SessionExpiryInterval = 60 });
        Assert.Equal("Online ended Success keeps", await NextAsync());
        await broker.Sessions.EndAsync("ended");
        Assert.Equal("Offline ended AdministrativeAction", await NextAsync());
    }

    [Fact]
    public async Task AClientThatIsRefused_IsNeverTold()
    {
        var broker = await StartAsync(options =>
        {
            Tell(options);
            options.OnConnect = _ => new(MqttReasonCode.NotAuthorized);
        });
        await using (var refused = await TestClient.ConnectAsync(broker, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", CleanStart = true })) await refused.ExpectClosedAsync();
        await broker.StopAsync(TestContext.Current.CancellationToken);

        Assert.False(_told.Reader.TryPeek(out _));
    }

    [Fact]
    public async Task AStop_TellsOfEveryClient()
    {
        var broker = await StartAsync(Tell);
        await using var client = await TestClient.ConnectAsync(broker, "c", properties: new PacketProperties { SessionExpiryInterval = 60 });
        Assert.Equal("Online c Success keeps", await NextAsync());
        var stopping = broker.StopAsync(TestContext.Current.CancellationToken);
        await client.ExpectDisconnectAsync(MqttReasonCode.ServerShuttingDown);
        await client.DisposeAsync();
        await stopping;

        Assert.Equal("Offline c ServerShuttingDown keeps", await NextAsync());
    }

    [Fact]
    public async Task ManyTakeOvers_KeepTheOrder()
    {
        var broker = await StartAsync(Tell);
        await Parallel.ForAsync(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (_, _) =>
        {
            await using var client = await TestClient.OpenAsync(broker);
            await client.SendAsync(new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "c", CleanStart = true });
            await client.ReceiveAsync();
        });
        await broker.StopAsync(TestContext.Current.CancellationToken);

        var kinds = new List<MqttPresenceKind>();
        while (_told.Reader.TryRead(out var presence))
            kinds.Add(presence.Kind);
        Assert.NotEmpty(kinds);
        Assert.Equal(0, kinds.Count % 2);
        Assert.All(kinds.Chunk(2), pair => Assert.Equal([MqttPresenceKind.Online, MqttPresenceKind.Offline], pair));
    }

    private void Tell(MqttBrokerOptions options) => options.OnPresence = presence => _told.Writer.TryWrite(presence);

    private async Task<string> NextAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        var next = await _told.Reader.ReadAsync(patience.Token);
        return $"{next.Kind} {next.Client.ClientId} {next.Reason}{(next.KeepsSession ? " keeps" : "")}{(next.Will is { } will ? " " + will.Topic : "")}";
    }
}
