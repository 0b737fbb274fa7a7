using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Automation.Mqtt.Client;

/// <summary>A connection to a server as a reader and a send: TCP, TLS, WebSocket or a Unix socket. Reading only what is asked for is the back-pressure.</summary>
internal sealed class ClientTransport : IAsyncDisposable
{
    private const int ReceiveSize = 16 * 1024;

    private readonly Stream _stream;
    private readonly Func<Task> _closeOutput;
    private readonly Action _abort;
    private int _aborted;

    private ClientTransport(Stream stream, Func<Task> closeOutput, Action abort)
    {
        _stream = stream;
        _closeOutput = closeOutput;
        _abort = abort;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReceiveSize, minimumReadSize: 1024, leaveOpen: true));
    }

    public PipeReader Input { get; }

    /// <exception cref="Exception">Whatever the network, TLS or the HTTP upgrade says.</exception>
    public static Task<ClientTransport> OpenAsync(MqttClientOptions options, CancellationToken cancellationToken) => options.Server.Scheme switch
    {
        "ws" or "wss" => OpenWebSocketAsync(options, cancellationToken),
        "unix" => OpenSocketAsync(options, new UnixDomainSocketEndPoint(Uri.UnescapeDataString(options.Server.AbsolutePath)), cancellationToken),
        _ => OpenSocketAsync(options, new DnsEndPoint(options.Server.DnsSafeHost, ServerAddress.Port(options.Server)), cancellationToken),
    };

    /// <summary>Sends all of it: with WebSocket as one frame, for some servers do not take packets in pieces.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes);

    /// <summary>Says that nothing more is sent.</summary>
    public Task CloseOutputAsync() => _closeOutput();

    /// <summary>Ends the connection at once: reading and sending fail. May be called from any thread, more than once.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) == 0)
            _abort();
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        await Input.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private static async Task<ClientTransport> OpenSocketAsync(MqttClientOptions options, EndPoint endPoint, CancellationToken cancellationToken)
    {
        var isUnix = endPoint is UnixDomainSocketEndPoint;
        var socket = isUnix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (!ServerAddress.UsesTls(options.Server))
                return new ClientTransport(stream, () => ShutDown(socket), socket.Dispose);

            var ssl = new SslStream(stream);
            await ssl.AuthenticateAsClientAsync(options.Tls.ToSslOptions(options.Server.DnsSafeHost), cancellationToken);
            return new ClientTransport(ssl, ssl.ShutdownAsync, socket.Dispose);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<ClientTransport> OpenWebSocketAsync(MqttClientOptions options, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler();
        if (ServerAddress.UsesTls(options.Server))
            handler.SslOptions = options.Tls.ToSslOptions(options.Server.DnsSafeHost);
        using var invoker = new HttpMessageInvoker(handler);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.AddSubProtocol("mqtt");
            // MQTT has its own keep alive.
            socket.Options.KeepAliveInterval = TimeSpan.Zero;
            foreach (var (name, value) in options.WebSocketHeaders)
                socket.Options.SetRequestHeader(name, value);
            await socket.ConnectAsync(ServerAddress.WebSocket(options.Server), invoker, cancellationToken);
            if (socket.SubProtocol != "mqtt") // MQTT-6.0.0-3
                throw new WebSocketException(WebSocketError.UnsupportedProtocol, "The server does not speak the WebSocket subprotocol mqtt.");
            return new ClientTransport(new BinaryFrames(socket), () => CloseOutputAsync(socket), socket.Abort);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Task ShutDown(Socket socket)
    {
        socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }

    private static Task CloseOutputAsync(ClientWebSocket socket) =>
        socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
}
