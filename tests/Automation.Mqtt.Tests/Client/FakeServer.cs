using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Client;

/// <summary>A server that does nothing by itself: the test reads and sends each packet, or any bytes.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly List<FakeConnection> _connections = [];

    public FakeServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public Uri Address => new($"mqtt://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    public async Task<FakeConnection> AcceptAsync()
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        var connection = new FakeConnection(await _listener.AcceptAsync(timeout.Token));
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Accepts, reads the CONNECT and grants it.</summary>
    public async Task<FakeConnection> GrantAsync(bool sessionPresent = false, PacketProperties? properties = null)
    {
        var connection = await AcceptAsync();
        connection.Connect = await connection.ExpectAsync<ConnectPacket>();
        connection.Version = connection.Connect.Version;
        if (connection.Connect.ClientId.Length == 0)
            (properties ??= new PacketProperties()).AssignedClientIdentifier ??= "assigned";
        await connection.SendAsync(new ConnackPacket { SessionPresent = sessionPresent, Properties = properties });
        return connection;
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        foreach (var connection in _connections)
            connection.Close();
        return default;
    }
}

/// <summary>The server's end of one connection.</summary>
internal sealed class FakeConnection(Socket socket)
{
    private readonly PipeReader _input = PipeReader.Create(new NetworkStream(socket));

    public MqttProtocolVersion Version { get; set; } = MqttProtocolVersion.V5;

    public ConnectPacket Connect { get; set; } = null!;

    public Task SendAsync(MqttPacket packet) => SendBytesAsync(Wire.Encode(Version, packet));

    public Task SendHexAsync(string hex) => SendBytesAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, timeout.Token)..];
    }

    /// <summary>The next packet, or null when the client closed.</summary>
    public Task<MqttPacket?> ReceiveAsync() => Wire.ReceiveAsync(_input, Version, TestClient.Patience);

    public async Task<T> ExpectAsync<T>()
        where T : MqttPacket => Assert.IsType<T>(await ReceiveAsync());

    public async Task<AckPacket> ExpectAckAsync(PacketType type, ushort id, MqttReasonCode reason = MqttReasonCode.Success)
    {
        var ack = await ExpectAsync<AckPacket>();
        Assert.Equal((type, id, reason), (ack.Type, ack.PacketId, ack.ReasonCode));
        return ack;
    }

    public Task SendAckAsync(PacketType type, ushort id, MqttReasonCode reason = MqttReasonCode.Success) =>
        SendAsync(new AckPacket(type) { PacketId = id, ReasonCode = reason });

    /// <summary>The client says why and closes.</summary>
    public async Task ExpectDisconnectAsync(MqttReasonCode reason)
    {
        var packet = await ReceiveAsync();
        while (packet is AckPacket)
            packet = await ReceiveAsync();
        var disconnect = Assert.IsType<ReasonPacket>(packet);
        Assert.Equal((PacketType.Disconnect, reason), (disconnect.Type, disconnect.ReasonCode));
        Assert.Null(await ReceiveAsync());
        Close();
    }

    public void Close() => socket.Dispose();
}
