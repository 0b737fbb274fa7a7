using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Transport;

/// <summary>
/// A connection to a peer as two pipes, whatever carries the bytes. A full pipe stops the loop that fills it; that is the back-pressure
/// in both directions. Opened, then started, then disposed; a connection that failed to open is only disposed.
/// </summary>
internal abstract class Connection : IDuplexPipe, IAsyncDisposable
{
    private const int ReceiveSize = 4096;
    // Enough to keep the socket busy, little enough that a slow peer holds little memory.
    private const int PauseAt = 64 * 1024;
    private const int ResumeAt = 32 * 1024;

    private static readonly PipeOptions _options =
        new(pauseWriterThreshold: PauseAt, resumeWriterThreshold: ResumeAt, minimumSegmentSize: ReceiveSize, useSynchronizationContext: false);

    private readonly Pipe _received = new(_options);
    private readonly Pipe _toSend = new(_options);
    private Task _receiving = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private int _aborted;

    /// <exception cref="SocketException">The peer is gone already.</exception>
    protected Connection(Socket socket, MqttTransport transport)
    {
        Socket = socket;
        Transport = transport;
        if (socket.AddressFamily != AddressFamily.Unix)
            socket.NoDelay = true;
        RemoteEndPoint = AddressOf(socket);
        LocalEndPoint = socket.LocalEndPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port) : socket.LocalEndPoint!;
    }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output => _toSend.Writer;

    public MqttTransport Transport { get; }

    /// <summary>The peer's address, never an IPv4 address in the form of IPv6; the loopback address with port 0 for a Unix domain socket.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <summary>The address that the peer connected to: the file of a Unix domain socket.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>The certificate that the peer proved in a TLS handshake and that was found valid, or null. Disposed with the connection.</summary>
    public X509Certificate2? PeerCertificate { get; protected set; }

    protected Socket Socket { get; }

    /// <summary>Does what comes before the first byte of MQTT: a TLS handshake, a WebSocket upgrade. Ends, failed, when the connection is aborted.</summary>
    public virtual ValueTask<OpenResult> OpenAsync() => new(OpenResult.Opened);

    /// <summary>Starts to receive and to send.</summary>
    public void Start()
    {
        _receiving = ReceiveAllAsync();
        _sending = SendAllAsync();
    }

    /// <summary>Completes when all of the completed output is sent and the peer was told that no more comes, or the connection is broken.</summary>
    public Task Sent => _sending;

    /// <summary>Ends the connection at once; both pipes end. May be called at any time, from any thread, more than once.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        Socket.Dispose();
        _received.Writer.CancelPendingFlush();
        _toSend.Reader.CancelPendingRead();
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        await Input.CompleteAsync();
        await Output.CompleteAsync();
        await Task.WhenAll(_receiving, _sending);
        Release();
        PeerCertificate?.Dispose();
    }

    /// <summary>Completes when there is something to receive, or nothing more will come. Until then an idle connection needs no memory to receive into.</summary>
    /// <returns>Nothing that counts.</returns>
    protected virtual ValueTask<int> WaitForBytesAsync() => default;

    /// <summary>Receives some bytes; 0 when the peer sends no more.</summary>
    protected abstract ValueTask<int> ReceiveAsync(Memory<byte> buffer);

    /// <summary>Sends all of the bytes, which are what was written up to a flush or to several.</summary>
    protected abstract ValueTask SendAsync(ReadOnlySequence<byte> bytes);

    /// <summary>Tells the peer that no more comes.</summary>
    protected abstract ValueTask FinishAsync();

    /// <summary>Lets go of what is beside the socket, after both loops have ended.</summary>
    protected virtual void Release()
    {
    }

    /// <summary>Whether the exception is what a broken or aborted connection throws; anything else is a bug.</summary>
    protected static bool IsBroken(Exception exception) =>
        exception is IOException or SocketException or ObjectDisposedException or WebSocketException or OperationCanceledException;

    private static IPEndPoint AddressOf(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.Unix)
            return new IPEndPoint(IPAddress.Loopback, 0);
        if (socket.RemoteEndPoint is not IPEndPoint remote)
            throw new SocketException((int)SocketError.NotConnected);
        return remote.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(remote.Address.MapToIPv4(), remote.Port) : remote;
    }

    private async Task ReceiveAllAsync()
    {
        try
        {
            var mayHaveMore = false;
            while (true)
            {
                if (!mayHaveMore)
                    await WaitForBytesAsync();
                var memory = _received.Writer.GetMemory();
                var count = await ReceiveAsync(memory);
                if (count == 0)
                    break;
                mayHaveMore = count == memory.Length;
                _received.Writer.Advance(count);
                var result = await _received.Writer.FlushAsync();
                if (result.IsCompleted || result.IsCanceled)
                    break;
            }
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            // A broken connection ends as a closed one does.
        }
        finally
        {
            await _received.Writer.CompleteAsync();
        }
    }

    private async Task SendAllAsync()
    {
        try
        {
            while (true)
            {
                var result = await _toSend.Reader.ReadAsync();
                if (result.IsCanceled)
                    break;
                if (!result.Buffer.IsEmpty)
                    await SendAsync(result.Buffer);
                _toSend.Reader.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted)
                    continue;
                await FinishAsync();
                break;
            }
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            // A broken connection ends as a closed one does.
        }
        finally
        {
            await _toSend.Reader.CompleteAsync();
        }
    }
}

/// <summary>How the opening of a connection ended.</summary>
internal enum OpenResult
{
    /// <summary>The next byte is MQTT's.</summary>
    Opened,

    /// <summary>The TLS handshake failed, or the peer left in the middle of it.</summary>
    TlsFailed,

    /// <summary>The WebSocket upgrade was refused, or the peer left in the middle of it.</summary>
    UpgradeFailed,
}
