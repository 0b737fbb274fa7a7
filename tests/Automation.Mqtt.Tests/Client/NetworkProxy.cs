using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt.Tests.Client;

/// <summary>A network that can be cut: passes bytes on to a server, until told otherwise.</summary>
internal sealed class NetworkProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly EndPoint _server;
    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private bool _swallows;
    private bool _isStopped;

    /// <param name="port">Where the server listens.</param>
    public NetworkProxy(int port)
    {
        _server = new IPEndPoint(IPAddress.Loopback, port);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"mqtt://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}");

    /// <summary>Swallow what comes from either side: the connections look open and are dead.</summary>
    public bool Swallows
    {
        get => Volatile.Read(ref _swallows);
        set => Volatile.Write(ref _swallows, value);
    }

    /// <summary>Resets all connections.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach (var socket in _sockets)
                Reset(socket);
            _sockets.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isStopped = true;
        _listener.Dispose();
        await _accepting;
        Cut();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // closed already
        }

        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_isStopped)
        {
            try
            {
                var client = await _listener.AcceptAsync();
                _ = ServeAsync(client);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // stopped, or a client that left
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(_server);
            lock (_lock)
                _sockets.AddRange([client, server]);
            await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
        }
        catch (SocketException)
        {
            // the server is down
        }

        lock (_lock)
            _sockets.RemoveAll(socket => socket == client || socket == server);
        Reset(client);
        server.Dispose();
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (!Swallows)
                    await to.SendAsync(buffer.AsMemory(0, count));
            }

            if (!Swallows)
                to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            to.Dispose();
        }
    }
}
