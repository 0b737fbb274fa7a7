using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>Accepts connections on one end point. What a connection has to do before its first packet, it does itself: nothing here waits for a peer.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly MqttListenerOptions _options;
    private readonly TlsServer? _tls;
    private readonly CancellationTokenSource _stop = new();
    private Socket? _socket;
    private Task _accepting = Task.CompletedTask;

    /// <exception cref="InvalidDataException">A certificate file does not hold what it should.</exception>
    public Listener(MqttListenerOptions options, Action<string, Exception> report)
    {
        _options = options;
        EndPoint = options.EndPoint;
        if (options.Tls is not null)
            _tls = new TlsServer(options.Tls, report);
    }

    /// <summary>Where it listens; after <see cref="Listen"/> with the real port.</summary>
    public EndPoint EndPoint { get; private set; }

    /// <summary>Takes the address. Peers may connect from now on and wait.</summary>
    /// <exception cref="MqttListenException">The address cannot be listened on.</exception>
    public void Listen()
    {
        try
        {
            _socket = EndPoint is UnixDomainSocketEndPoint ? ListenOnFile(EndPoint.ToString()!) : ListenOnAddress((IPEndPoint)EndPoint);
            EndPoint = _socket.LocalEndPoint!;
        }
        catch (Exception exception) when (exception is SocketException or IOException or UnauthorizedAccessException)
        {
            throw new MqttListenException(EndPoint, exception);
        }
    }

    /// <summary>Begins to accept.</summary>
    /// <param name="rate">Gives each connection its turn.</param>
    /// <param name="serve">Takes each connection; must not wait.</param>
    /// <param name="time">For the pause after a failure.</param>
    /// <param name="report">Told of failures to accept.</param>
    public void Start(ConnectRate rate, Action<Connection> serve, TimeProvider time, Action<string, Exception> report) =>
        _accepting = AcceptAsync(_socket!, rate, serve, time, report);

    /// <summary>Gives up the address and accepts no more. Those that wait to be accepted are cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_socket is not null)
        {
            _socket.Dispose();
            if (EndPoint is UnixDomainSocketEndPoint)
                File.Delete(_options.EndPoint.ToString()!);
        }

        await _accepting;
        _stop.Dispose();
    }

    private Socket ListenOnFile(string path)
    {
        UnixSocketFile.RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        return Bound(socket, () =>
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(path, _options.SocketFileMode); // before anybody can connect
        });
    }

    private Socket ListenOnAddress(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (address.Address.Equals(IPAddress.IPv6Any))
            socket.DualMode = true;
        return Bound(socket, () => { });
    }

    private Socket Bound(Socket socket, Action beforeListening)
    {
        try
        {
            socket.Bind(EndPoint);
            beforeListening();
            socket.Listen(512);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task AcceptAsync(Socket listener, ConnectRate rate, Action<Connection> serve, TimeProvider time, Action<string, Exception> report)
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket? accepted = null;
            try
            {
                accepted = await listener.AcceptAsync(_stop.Token);
                await rate.WaitAsync(_stop.Token);
                serve(Wrap(accepted));
            }
            catch (Exception exception)
            {
                accepted?.Dispose();
                if (_stop.IsCancellationRequested)
                    return;
                if (accepted is not null && exception is SocketException)
                    continue; // reset while it waited to be accepted
                // Out of descriptors, mostly: give it a moment and go on.
                report("Accepting a connection", exception);
                await Task.Delay(TimeSpan.FromMilliseconds(100), time);
            }
        }
    }

    private Connection Wrap(Socket socket)
    {
        if (_options.WebSocket is { } webSocket)
            return new WebSocketConnection(socket, _tls, webSocket);
        return _tls is null ? new SocketConnection(socket) : new TlsConnection(socket, _tls);
    }
}
