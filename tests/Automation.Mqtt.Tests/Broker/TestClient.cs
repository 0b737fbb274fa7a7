using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>A client that sends and receives single packets over a real socket.</summary>
internal sealed class TestClient : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _socket;
    private readonly PipeReader _input;

    private TestClient(Socket socket, MqttProtocolVersion version)
    {
        _socket = socket;
        _input = PipeReader.Create(new NetworkStream(socket));
        Version = version;
    }

    public MqttProtocolVersion Version { get; }

    /// <summary>The broker's answer to CONNECT.</summary>
    public ConnackPacket Connack { get; private set; } = null!;

    public static async Task<TestClient> OpenAsync(MqttBroker broker, MqttProtocolVersion version = MqttProtocolVersion.V5)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(broker.EndPoint);
        return new TestClient(socket, version);
    }

    public static async Task<TestClient> ConnectAsync(MqttBroker broker, ConnectPacket connect)
    {
        var client = await OpenAsync(broker, connect.Version);
        await client.SendAsync(connect);
        client.Connack = await client.ExpectAsync<ConnackPacket>();
        return client;
    }

    public static async Task<TestClient> ConnectAsync(
        MqttBroker broker, string clientId, MqttProtocolVersion version = MqttProtocolVersion.V5, bool cleanStart = true, ushort keepAlive = 60,
        WillFields? will = null, PacketProperties? properties = null)
    {
        var client = await ConnectAsync(broker, new ConnectPacket
        {
            Version = version,
            ClientId = clientId,
            CleanStart = cleanStart,
            KeepAlive = keepAlive,
            Will = will,
            Properties = properties,
        });
        Assert.Equal(0, client.Connack.ReturnCode);
        return client;
    }

    /// <exception cref="IOException">The broker refused, or closed.</exception>
    public async Task ReceiveConnackAsync() =>
        Connack = await ReceiveAsync() is ConnackPacket { ReturnCode: 0 } accepted ? accepted : throw new IOException("Not connected.");

    public Task SendAsync(MqttPacket packet) => SendBytesAsync(Wire.Encode(Version, packet));

    public async Task SendBytesAsync(byte[] bytes)
    {
        using var timeout = new CancellationTokenSource(Patience);
        var left = bytes.AsMemory();
        while (!left.IsEmpty)
            left = left[await _socket.SendAsync(left, SocketFlags.None, timeout.Token)..];
    }

    public Task SendHexAsync(string hex) => SendBytesAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    /// <summary>The next packet, or null when the broker closed the connection.</summary>
    public Task<MqttPacket?> ReceiveAsync() => Wire.ReceiveAsync(_input, Version, Patience);

    public async Task<T> ExpectAsync<T>()
        where T : MqttPacket => Assert.IsType<T>(await ReceiveAsync());

    public async Task<AckPacket> ExpectAckAsync(PacketType type, ushort packetId)
    {
        var ack = await ExpectAsync<AckPacket>();
        Assert.Equal((type, packetId), (ack.Type, ack.PacketId));
        return ack;
    }

    public async Task ExpectClosedAsync() => Assert.Null(await ReceiveAsync());

    /// <summary>The broker says why and closes.</summary>
    public async Task ExpectDisconnectAsync(MqttReasonCode reason)
    {
        var packet = await ExpectAsync<ReasonPacket>();
        Assert.Equal((PacketType.Disconnect, reason), (packet.Type, packet.ReasonCode));
        await ExpectClosedAsync();
    }

    /// <summary>
    /// Nothing else is on its way: the answers to two PINGREQ come next, for an answer overtakes messages of the same turn. Also tells
    /// that the broker handled all before it.
    /// </summary>
    public async Task ExpectNothingAsync()
    {
        for (var round = 0; round < 2; round++)
        {
            await SendAsync(PingPacket.Request);
            Assert.Equal(PacketType.Pingresp, (await ExpectAsync<PingPacket>()).Type);
        }
    }

    public Task PublishAsync(
        string topic, string payload = "x", int qos = 0, ushort packetId = 0, bool retain = false, bool duplicate = false, PacketProperties? properties = null) =>
        SendAsync(Publish(topic, payload, qos, packetId, retain, duplicate, properties));

    public static PublishPacket Publish(
        string topic, string payload = "x", int qos = 0, ushort packetId = 0, bool retain = false, bool duplicate = false, PacketProperties? properties = null) =>
        new()
        {
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(payload),
            QualityOfService = (MqttQualityOfService)qos,
            PacketId = packetId,
            Retain = retain,
            Duplicate = duplicate,
            Properties = properties,
        };

    public async Task<SubackPacket> SubscribeAsync(params SubscriptionRequest[] requests)
    {
        await SendAsync(new SubscribePacket { PacketId = 1000, Subscriptions = requests });
        return await ExpectAsync<SubackPacket>();
    }

    public Task<SubackPacket> SubscribeAsync(string filter, int qos = 0) => SubscribeAsync(new SubscriptionRequest(filter, (MqttQualityOfService)qos));

    public async Task<PublishPacket> ExpectPublishAsync(string topic, string? payload = null)
    {
        var publish = await ExpectAsync<PublishPacket>();
        Assert.Equal(topic, publish.Topic);
        if (payload is not null)
            Assert.Equal(payload, Encoding.UTF8.GetString(publish.Payload.Span));
        return publish;
    }

    /// <summary>Closes without a word, with a reset if asked.</summary>
    public void Drop(bool reset = false)
    {
        if (reset)
            _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return default;
    }
}
