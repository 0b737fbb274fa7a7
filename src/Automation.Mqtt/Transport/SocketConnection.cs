using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Automation.Mqtt.Transport;

/// <summary>A TCP connection as two pipes. A full pipe stops the loop that fills it; that is the back-pressure in both directions.</summary>
internal sealed class SocketConnection : IDuplexPipe, IAsyncDisposable
{
    private const int ReceiveSize = 4096;
    // Enough to keep the socket busy, little enough that a slow peer holds little memory.
    private const int PauseAt = 64 * 1024;
    private const int ResumeAt = 32 * 1024;

    private readonly Socket _socket;
    private readonly Pipe _received = new(Options());
    private readonly Pipe _toSend = new(Options());
    private Task _receiving = Task.CompletedTask;
    private Task _sending = Task.CompletedTask;
    private int _aborted;
    private long _bytesReceived;
    private long _bytesSent;

    public SocketConnection(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
        RemoteEndPoint = (IPEndPoint)socket.RemoteEndPoint!;
    }

    public PipeReader Input => _received.Reader;

    public PipeWriter Output => _toSend.Writer;

    public IPEndPoint RemoteEndPoint { get; }

    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    public long BytesSent => Volatile.Read(ref _bytesSent);

    public void Start()
    {
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    /// <summary>Completes when all of the completed output is sent, or the connection is broken.</summary>
    public Task Sent => _sending;

    /// <summary>Ends the connection at once; both pipes end. May be called at any time, from any thread, more than once.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        _socket.Dispose();
        _received.Writer.CancelPendingFlush();
        _toSend.Reader.CancelPendingRead();
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        await Input.CompleteAsync();
        await Output.CompleteAsync();
        await Task.WhenAll(_receiving, _sending);
    }

    private static PipeOptions Options() =>
        new(pauseWriterThreshold: PauseAt, resumeWriterThreshold: ResumeAt, minimumSegmentSize: ReceiveSize, useSynchronizationContext: false);

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var count = await _socket.ReceiveAsync(_received.Writer.GetMemory(), SocketFlags.None);
                if (count == 0)
                    break;
                Volatile.Write(ref _bytesReceived, _bytesReceived + count);
                _received.Writer.Advance(count);
                var result = await _received.Writer.FlushAsync();
                if (result.IsCompleted || result.IsCanceled)
                    break;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A broken connection ends as a closed one does.
        }
        finally
        {
            await _received.Writer.CompleteAsync();
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var result = await _toSend.Reader.ReadAsync();
                if (result.IsCanceled)
                    break;
                foreach (var segment in result.Buffer)
                    await SendAllAsync(segment);
                _toSend.Reader.AdvanceTo(result.Buffer.End);
                if (!result.IsCompleted)
                    continue;
                _socket.Shutdown(SocketShutdown.Send);
                break;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // A broken connection ends as a closed one does.
        }
        finally
        {
            await _toSend.Reader.CompleteAsync();
        }
    }

    private async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var count = await _socket.SendAsync(bytes, SocketFlags.None);
            Volatile.Write(ref _bytesSent, _bytesSent + count);
            bytes = bytes[count..];
        }
    }
}
