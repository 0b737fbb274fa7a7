using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Automation.Benchmarks;

/// <summary>Takes deliveries as fast as it can and counts how often each number came. Runs in the generator's process.</summary>
internal sealed class CountingReceiver : IDisposable
{
    private const int MostNumbers = 16_000_000;
    private static readonly byte[] Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray();
    private readonly int[] times = new int[MostNumbers];
    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private long distinct;
    private long all;

    public CountingReceiver()
    {
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(512);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _ = AcceptAsync();
    }

    /// <summary>Sees the number and the body of each delivery, on the thread that received it.</summary>
    public Action<int, ReadOnlySpan<byte>>? Arrived { get; set; }

    /// <summary>Whether requests are read and never answered.</summary>
    public bool Hangs { get; init; }

    public int Port { get; }

    /// <summary>Different numbers received.</summary>
    public long Distinct => Interlocked.Read(ref distinct);

    /// <summary>All that was received.</summary>
    public long All => Interlocked.Read(ref all);

    /// <summary>Deliveries beyond the first of a number.</summary>
    public long Duplicates => Interlocked.Read(ref all) - Distinct;

    public bool Received(int number) => times[number] > 0;

    public void Dispose() => listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptAsync());
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The end of the scenario.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = socket;
        socket.NoDelay = true;
        var buffer = new byte[16 * 1024];
        var filled = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var read)
            {
                filled += read;
                var length = HttpHead.MessageLength(buffer.AsSpan(0, filled), out var bodyStart);
                if (length == 0) continue;
                Count(buffer.AsSpan(bodyStart, length - bodyStart));
                buffer.AsSpan(length, filled - length).CopyTo(buffer);
                filled -= length;
                if (!Hangs) await socket.SendAsync(Answer);
            }
        }
        catch (SocketException)
        {
            // The sender went away.
        }
    }

    // The body is {…"n":123…}.
    private void Count(ReadOnlySpan<byte> body)
    {
        var at = body.IndexOf("\"n\":"u8);
        if (at < 0 || !Utf8Parser.TryParse(body[(at + 4)..], out int number, out _)) throw new InvalidDataException("A delivery without its number.");
        Arrived?.Invoke(number, body);
        Interlocked.Increment(ref all);
        if (Interlocked.Increment(ref times[number]) == 1) Interlocked.Increment(ref distinct);
    }
}
