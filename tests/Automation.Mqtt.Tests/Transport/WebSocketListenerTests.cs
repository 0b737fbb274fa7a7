using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Packets;
using Automation.Mqtt.Tests.Broker;
using Automation.Mqtt.Tests.Packets;

namespace Automation.Mqtt.Tests.Transport;

public sealed class WebSocketListenerTests : BrokerTestBase
{
    private const string Request =
        "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

    private static readonly byte[] s_connect = Wire.Encode(MqttProtocolVersion.V5, new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "ws", CleanStart = true });
    private static readonly byte[] s_ping = [0xC0, 0x00];
    private static readonly byte[] s_pong = [0xD0, 0x00];

    [Theory]
    [InlineData("4", "0", false)]
    [InlineData("4", "2", true)]
    [InlineData("5", "1", true)]
    [InlineData("5", "2", false)]
    public async Task MqttJs_SendsAndReceives(string version, string qos, bool isSecure)
    {
        using var authority = new TestAuthority();
        var (certificate, key) = authority.Issue("server", "CN=localhost");
        var (_, port) = await StartWebSocketAsync(tls: isSecure ? new() { CertificateFile = certificate, KeyFile = key } : null);
        string[] sizes = ["0", "1", "125", "126", "65536", "500000"];
        using var client = NodeClient.Start("round-trip.mjs", authority, [$"{(isSecure ? "wss" : "ws")}://localhost:{port}/mqtt", version, qos, .. sizes]);

        foreach (var size in sizes)
            Assert.Equal(size, await client.ReadLineAsync());
        await client.SucceedAsync();
    }

    [Fact]
    public async Task Client_IsGivenTheSubprotocol_AndTheHookSeesTheTransport()
    {
        MqttTransport? seen = null;
        var (_, port) = await StartWebSocketAsync(configure: options => options.OnConnect = context =>
        {
            seen = context.Transport;
            return new(MqttReasonCode.Success);
        });
        using var client = await ConnectAsync(port);
        Assert.Equal("mqtt", client.SubProtocol);

        await SendAsync(client, s_connect);
        Assert.Equal(0x20, (await ReceiveAsync(client))[0]);
        Assert.Equal(MqttTransport.WebSocket, seen);
    }

    [Fact]
    public async Task Packets_MaySpanFrames_AndShareThem()
    {
        var (_, port) = await StartWebSocketAsync();
        using var client = await ConnectAsync(port);
        foreach (var part in s_connect)
        {
            await SendAsync(client, []);
            await SendAsync(client, [part]);
        }

        await ReceiveAsync(client); // CONNACK
        await SendAsync(client, [.. s_ping, .. s_ping, .. s_ping[..1]]);
        await SendAsync(client, s_ping[1..], isWhole: false); // a frame that another one continues
        await SendAsync(client, s_ping);

        var pongs = 0;
        while (pongs < 4)
        {
            var answer = await ReceiveAsync(client);
            Assert.Equal([.. Enumerable.Repeat(s_pong, answer.Length / 2).SelectMany(pong => pong)], answer);
            pongs += answer.Length / 2;
        }
    }

    [Fact]
    public async Task WhatTheBrokerSends_IsOneFrameAPacketAtLeast_NeverAPartOfOne()
    {
        var (broker, port) = await StartWebSocketAsync();
        await broker.PublishAsync(new() { Topic = "big", Payload = new byte[300_000], Retain = true });
        using var client = await ConnectAsync(port);
        await SendAsync(client, s_connect);
        await ReceiveAsync(client);
        await SendAsync(client, Wire.Encode(MqttProtocolVersion.V5, new SubscribePacket { PacketId = 1, Subscriptions = [new("big", MqttQualityOfService.AtMostOnce)] }));

        var received = new List<byte>();
        while (received.Count < 300_000)
        {
            var frame = await ReceiveAsync(client); // fails for a message of several frames
            received.AddRange(frame);
            var left = frame.AsMemory();
            while (!left.IsEmpty)
            {
                var buffer = new ReadOnlySequence<byte>(left);
                Assert.True(PacketReader.TryRead(buffer, MqttProtocolVersion.V5, Wire.NoLimit, out _, out var end));
                left = left[(int)buffer.Slice(0, end).Length..];
            }
        }
    }

    [Fact]
    public async Task TextFrame_EndsTheConnection()
    {
        var (_, port) = await StartWebSocketAsync();
        using var client = await ConnectAsync(port);
        await SendAsync(client, s_connect);
        await ReceiveAsync(client);
        await client.SendAsync("ping"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);

        Assert.Empty(await ReceiveAsync(client));
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, client.CloseStatus);
    }

    [Fact]
    public async Task ProtocolError_IsTold_ThenTheWebSocketIsClosed()
    {
        var (_, port) = await StartWebSocketAsync();
        using var client = await ConnectAsync(port);
        await SendAsync(client, s_connect);
        await ReceiveAsync(client);
        await SendAsync(client, s_connect); // a second CONNECT

        Assert.Equal([0xE0, 0x82], Types(await ReceiveAsync(client)));
        Assert.Empty(await ReceiveAsync(client));
        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(TestClient.Patience);
        Assert.Equal(WebSocketState.Closed, client.State);
    }

    [Fact]
    public async Task ClientThatCloses_IsAnswered_AndItsWillIsPublished()
    {
        var (broker, port) = await StartWebSocketAsync();
        await using var watcher = await TestClient.ConnectAsync(broker, "watcher");
        await watcher.SubscribeAsync("gone");
        using var client = await ConnectAsync(port);
        var connect = new ConnectPacket { Version = MqttProtocolVersion.V5, ClientId = "ws", CleanStart = true, Will = new() { Topic = "gone", Payload = [1] } };
        await SendAsync(client, Wire.Encode(MqttProtocolVersion.V5, connect));
        await ReceiveAsync(client);

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None).WaitAsync(TestClient.Patience);
        await watcher.ExpectPublishAsync("gone");
    }

    [Fact]
    public async Task Request_MayComeByteByByte()
    {
        var (_, port) = await StartWebSocketAsync();
        using var socket = await OpenAsync(port);
        foreach (var part in Encoding.ASCII.GetBytes(Request))
            await socket.SendAsync(new[] { part });

        var answer = await ReadHeadAsync(socket);
        Assert.StartsWith("HTTP/1.1 101 ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", answer, StringComparison.Ordinal); // RFC 6455 §1.3
        Assert.Contains("\r\nSec-WebSocket-Protocol: mqtt\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Connection: Upgrade", "Connection: keep-alive, upgrade", 101)]
    [InlineData("Upgrade: websocket", "upgrade:WebSocket", 101)]
    [InlineData("Protocol: mqtt", "Protocol: other, mqtt", 101)]
    [InlineData("Protocol: mqtt", "Protocol: other\r\nSec-WebSocket-Protocol: mqtt", 101)]
    [InlineData("/mqtt", "/mqtt?a=b", 101)]
    [InlineData("Sec-WebSocket-Protocol: mqtt\r\n", "", 400)]
    [InlineData("Protocol: mqtt", "Protocol: mqttv3.1", 400)]
    [InlineData("Protocol: mqtt", "Protocol: MQTT", 400)]
    [InlineData("/mqtt", "/", 404)]
    [InlineData("/mqtt", "/mqtt/", 404)]
    [InlineData("/mqtt", "http://127.0.0.1/mqtt", 400)]
    [InlineData("GET", "POST", 405)]
    [InlineData("GET /mqtt", "GET  /mqtt", 400)]
    [InlineData("HTTP/1.1", "HTTP/1.0", 400)]
    [InlineData("HTTP/1.1", "HTTP/2", 400)]
    [InlineData("Host: 127.0.0.1\r\n", "", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\r\nHost: b", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\r\nContent-Length: 5", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\r\nTransfer-Encoding: chunked", 400)]
    [InlineData("Host: 127.0.0.1", "Host : a", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\r\n folded: b", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\0b", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\nX: b", 400)]
    [InlineData("Host: 127.0.0.1", "Host: a\r\nno colon", 400)]
    [InlineData("Upgrade: websocket\r\n", "", 426)]
    [InlineData("Connection: Upgrade\r\n", "", 426)]
    [InlineData("Version: 13", "Version: 8", 426)]
    [InlineData("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: c2hvcnQ=", 400)]
    [InlineData("Key: dGhlIHNhbXBsZSBub25jZQ==", "Key: ========================", 400)]
    [InlineData("Sec-WebSocket-Key", "Sec-WebSocket-Kei", 400)]
    [InlineData("Host: 127.0.0.1", "Host: 127.0.0.1:9001\r\nOrigin: http://127.0.0.1:3000", 101)]
    [InlineData("Host: 127.0.0.1", "Host: localhost:9001\r\nOrigin: http://localhost", 101)]
    [InlineData("Host: 127.0.0.1", "Host: [::1]:9001\r\nOrigin: http://[::1]", 101)]
    [InlineData("Host: 127.0.0.1", "Host: 127.0.0.1\r\nOrigin: https://evil.example", 403)]
    [InlineData("Host: 127.0.0.1", "Host: evil.example\r\nOrigin: https://evil.example", 403)]
    [InlineData("Host: 127.0.0.1", "Host: 127.0.0.1\r\nOrigin: null", 403)]
    [InlineData("Host: 127.0.0.1", "Host: 127.0.0.1\r\nOrigin: https://panel.example", 101)]
    public async Task Request_IsAnsweredStrictly(string from, string to, int status)
    {
        var (broker, port) = await StartWebSocketAsync(new() { Origins = ["https://panel.example"] });
        using var socket = await OpenAsync(port);
        Assert.Contains(from, Request, StringComparison.Ordinal);
        await socket.SendAsync(Encoding.Latin1.GetBytes(Request.Replace(from, to, StringComparison.Ordinal)));

        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} "), await ReadHeadAsync(socket), StringComparison.Ordinal);
        if (status == 101)
            return;
        socket.Shutdown(SocketShutdown.Send);
        await Eventually.IsAsync(() => broker.Metrics is { UpgradeFailures: 1, Connections: 0 });
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task Request_OverTheLimit_IsRefused()
    {
        var (_, port) = await StartWebSocketAsync();
        using var socket = await OpenAsync(port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(Request.Replace("Host", $"Cookie: {new string('x', 8192)}\r\nHost", StringComparison.Ordinal)));

        Assert.StartsWith("HTTP/1.1 431 ", await ReadHeadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithBytesBehindIt_IsRefused()
    {
        var (_, port) = await StartWebSocketAsync();
        using var socket = await OpenAsync(port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(Request + "x"));

        Assert.StartsWith("HTTP/1.1 400 ", await ReadHeadAsync(socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryUnfinishedRequest_EndsAsFailed_WhenTheClientLeaves()
    {
        var (broker, port) = await StartWebSocketAsync();
        var bytes = Encoding.ASCII.GetBytes(Request);
        for (var length = 0; length < bytes.Length; length++)
        {
            using var socket = await OpenAsync(port);
            await socket.SendAsync(bytes.AsMemory(0, length));
        }

        await Eventually.IsAsync(() => broker.Metrics.UpgradeFailures == bytes.Length && broker.Metrics.Connections == 0);
        Assert.Empty(Errors);
    }

    [Fact]
    public async Task UnfinishedRequest_IsCutInTime()
    {
        var (broker, port) = await StartWebSocketAsync(configure: options => options.TimeProvider = Time);
        using var socket = await OpenAsync(port);
        await socket.SendAsync("GET /mqtt"u8.ToArray());
        await Eventually.IsAsync(() => broker.Metrics.Connections == 1);

        Time.Advance(TimeSpan.FromSeconds(12));
        Assert.Equal("", await ReadHeadAsync(socket));
        await Eventually.IsAsync(() => broker.Metrics is { ConnectTimeouts: 1, UpgradeFailures: 0, Connections: 0 });
    }

    [Theory]
    [InlineData("82 05 C000C000C0")] // not masked
    [InlineData("C2 82 00000000 C000")] // a reserved bit
    [InlineData("83 82 00000000 C000")] // a reserved opcode
    [InlineData("80 82 00000000 C000")] // a continuation of nothing
    [InlineData("82 FF FFFFFFFFFFFFFFFF 00000000")] // a length below zero
    [InlineData("89 FE 0080 00000000")] // a ping over 125 bytes
    public async Task BrokenFrame_EndsTheConnection(string hex)
    {
        var (broker, port) = await StartWebSocketAsync();
        using var socket = await OpenAsync(port);
        await socket.SendAsync(Encoding.ASCII.GetBytes(Request));
        Assert.StartsWith("HTTP/1.1 101 ", await ReadHeadAsync(socket), StringComparison.Ordinal);
        await socket.SendAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

        await ReadAllAsync(socket);
        await Eventually.IsAsync(() => broker.Metrics.Connections == 0);
        Assert.Empty(Errors);
    }

    private static byte[] Types(byte[] disconnect) => [disconnect[0], disconnect[2]];

    private static async Task<ClientWebSocket> ConnectAsync(int port)
    {
        var client = new ClientWebSocket();
        client.Options.AddSubProtocol("mqtt");
        await client.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/mqtt"), CancellationToken.None).WaitAsync(TestClient.Patience);
        return client;
    }

    private static Task SendAsync(ClientWebSocket client, byte[] bytes, bool isWhole = true) =>
        client.SendAsync(bytes, WebSocketMessageType.Binary, isWhole, CancellationToken.None).WaitAsync(TestClient.Patience);

    /// <summary>The next frame, or nothing when the broker closed.</summary>
    private static async Task<byte[]> ReceiveAsync(ClientWebSocket client)
    {
        var buffer = new byte[1024 * 1024];
        var count = 0;
        while (true)
        {
            var result = await client.ReceiveAsync(buffer.AsMemory(count), CancellationToken.None).AsTask().WaitAsync(TestClient.Patience);
            count += result.Count;
            if (result.EndOfMessage || result.MessageType == WebSocketMessageType.Close)
                return buffer[..count];
        }
    }

    private static async Task<Socket> OpenAsync(int port)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    private static async Task<string> ReadHeadAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        var head = new StringBuilder();
        var one = new byte[1];
        try
        {
            while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(one, timeout.Token) > 0)
                head.Append((char)one[0]);
        }
        catch (SocketException)
        {
            // a reset is an end as well
        }

        return head.ToString();
    }

    private static async Task ReadAllAsync(Socket socket)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        try
        {
            while (await socket.ReceiveAsync(new byte[256], timeout.Token) > 0)
            {
                // a close frame may come first
            }
        }
        catch (SocketException)
        {
            // a reset is an end as well
        }
    }

    private async Task<(MqttBroker Broker, int Port)> StartWebSocketAsync(
        MqttWebSocketOptions? webSocket = null, MqttTlsOptions? tls = null, Action<MqttBrokerOptions>? configure = null)
    {
        var broker = await StartAsync(options =>
        {
            options.Listeners.Add(new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), Tls = tls, WebSocket = webSocket ?? new() });
            configure?.Invoke(options);
        });
        return (broker, ((IPEndPoint)Assert.Single(broker.ListenerEndPoints)).Port);
    }
}
