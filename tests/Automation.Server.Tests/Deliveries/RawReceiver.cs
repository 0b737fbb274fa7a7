using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Tests.Deliveries;

/// <summary>A receiver that reads a request's head and then does to the connection what it likes.</summary>
internal sealed class RawReceiver : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly Func<Socket, CancellationToken, Task> behave;
    private readonly Task accepting;
    private readonly List<Task> connections = [];
    private int accepted;

    public RawReceiver(Func<Socket, CancellationToken, Task> behave)
    {
        this.behave = behave;
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    public int Accepted => Volatile.Read(ref accepted);

    /// <summary>Completes when the first request's head has come.</summary>
    public TaskCompletionSource RequestCame { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Task NeverAsync(CancellationToken cancellation) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await accepting;
        await Task.WhenAll(connections);
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync(stopping.Token);
                Interlocked.Increment(ref accepted);
                connections.Add(ServeAsync(socket));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        // Sending to a fast reader may never suspend; the next connection must not wait for that.
        await Task.Yield();
        using (socket)
        {
            try
            {
                var buffer = new byte[64 * 1024];
                var length = 0;
                while (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
                {
                    var read = await socket.ReceiveAsync(buffer.AsMemory(length), stopping.Token);
                    if (read == 0) return;
                    length += read;
                }

                RequestCame.TrySetResult();
                await behave(socket, stopping.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or SocketException or IOException)
            {
                // The sender hung up, or the test is over.
            }
        }
    }
}
