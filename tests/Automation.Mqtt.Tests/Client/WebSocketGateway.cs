using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Automation.Mqtt.Tests.Broker;

namespace Automation.Mqtt.Tests.Client;

/// <summary>A WebSocket listener, with TLS if asked, before an MQTT server on TCP. Passes what comes in on in frames of its own size.</summary>
internal sealed class WebSocketGateway : IAsyncDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly IPEndPoint _server;
    private readonly X509Certificate2? _certificate;
    private readonly int _frameSize;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public WebSocketGateway(IPEndPoint server, int frameSize = 4096, X509Certificate2? certificate = null)
    {
        _server = server;
        _certificate = certificate;
        _frameSize = frameSize;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>The heads of the requests.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The frames of the clients.</summary>
    public ConcurrentQueue<byte[]> Frames { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
        _certificate?.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptAsync(_stop.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // stopped
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        try
        {
            Stream stream = new NetworkStream(accepted, ownsSocket: true);
            if (_certificate is not null)
            {
                var ssl = new SslStream(stream);
                await ssl.AuthenticateAsServerAsync(_certificate);
                stream = ssl;
            }

            var head = await ReadHeadAsync(stream);
            Requests.Enqueue(head);
            var key = head.Split("\r\n").Single(line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal))[19..];
#pragma warning disable CA5350 // RFC 6455 §4.2.2 asks for SHA-1.
            var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"));
            using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, SubProtocol = "mqtt" });
            using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await server.ConnectAsync(_server, _stop.Token);
            await Task.WhenAny(CopyInAsync(socket, server), CopyOutAsync(server, socket));
        }
        catch (Exception exception) when (exception is IOException or SocketException or WebSocketException or OperationCanceledException)
        {
            accepted.Dispose();
        }
    }

    private static async Task<string> ReadHeadAsync(Stream stream)
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, timeout.Token) == 1)
            head.Append((char)one[0]);
        return head.ToString();
    }

    private async Task CopyInAsync(WebSocket from, Socket to)
    {
        var buffer = new byte[1024 * 1024];
        var length = 0;
        while (true)
        {
            var result = await from.ReceiveAsync(buffer.AsMemory(length), _stop.Token);
            if (result.MessageType != WebSocketMessageType.Binary)
                return;
            length += result.Count;
            if (!result.EndOfMessage)
                continue;
            Frames.Enqueue(buffer[..length]);
            await to.SendAsync(buffer.AsMemory(0, length), _stop.Token);
            length = 0;
        }
    }

    private async Task CopyOutAsync(Socket from, WebSocket to)
    {
        var buffer = new byte[_frameSize];
        while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            await to.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, true, _stop.Token);
    }
}
