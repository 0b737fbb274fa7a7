using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Benchmarks;

/// <summary>What the senders saw in the measured time.</summary>
internal sealed class Answers
{
    private const int Buckets = 100_000, MicrosecondsPerBucket = 10;
    private readonly int[] latencies = new int[Buckets];

    public List<int> Accepted { get; } = [];

    public long Refused { get; set; }

    public void Add(int number, TimeSpan latency)
    {
        Accepted.Add(number);
        latencies[(int)Math.Min(Buckets - 1, latency.TotalMicroseconds / MicrosecondsPerBucket)]++;
    }

    public void Add(Answers other)
    {
        Accepted.AddRange(other.Accepted);
        Refused += other.Refused;
        for (var i = 0; i < Buckets; i++) latencies[i] += other.latencies[i];
    }

    /// <summary>The latency that this share of the accepted answers had at most, to 10 µs; 1 s stands for anything longer.</summary>
    public TimeSpan Percentile(double share)
    {
        var rest = (long)Math.Ceiling(Accepted.Count * share);
        for (var i = 0; i < Buckets; i++)
        {
            rest -= latencies[i];
            if (rest <= 0) return TimeSpan.FromMicroseconds((i + 1) * MicrosecondsPerBucket);
        }

        return TimeSpan.FromMicroseconds(Buckets * MicrosecondsPerBucket);
    }
}

/// <summary>A closed loop: each connection sends its next event when the last one was answered. Numbers are never used twice.</summary>
internal sealed class LoadGenerator(int port, int connections, Func<int, string> body)
{
    private int last, end;
    private volatile bool stopping;

    /// <summary>Sends for the given time. Refused events (429, 503) are counted and not sent again.</summary>
    public async Task<Answers> RunAsync(TimeSpan time)
    {
        (stopping, end) = (false, int.MaxValue);
        var senders = Start();
        await Task.Delay(time, TimeProvider.System, CancellationToken.None);
        stopping = true;
        return await AnswersAsync(senders);
    }

    /// <summary>Sends that many events.</summary>
    public Task<Answers> RunAsync(int count)
    {
        (stopping, end) = (false, last + count);
        return AnswersAsync(Start());
    }

    private List<Task<Answers>> Start() => [.. Enumerable.Range(0, connections).Select(_ => Task.Run(SendAsync))];

    private static async Task<Answers> AnswersAsync(List<Task<Answers>> senders)
    {
        var answers = await Task.WhenAll(senders);
        foreach (var other in answers[1..]) answers[0].Add(other);
        return answers[0];
    }

    private async Task<Answers> SendAsync()
    {
        var answers = new Answers();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var request = new byte[512];
        var buffer = new byte[4096];
        while (!stopping)
        {
            var number = Interlocked.Increment(ref last);
            if (number > end)
            {
                Interlocked.Decrement(ref last);
                break;
            }

            var start = Stopwatch.GetTimestamp();
            await socket.SendAsync(request.AsMemory(0, Write(request, number)));
            var status = await ReceiveAsync(socket, buffer);
            if (status is 200 or 202) answers.Add(number, Stopwatch.GetElapsedTime(start));
            else if (status is 429 or 503) answers.Refused++;
            else throw new IOException($"The load was answered with {status}: {Encoding.UTF8.GetString(buffer).TrimEnd('\0')}");
        }

        return answers;
    }

    private int Write(byte[] request, int number)
    {
        var text = body(number);
        return Encoding.ASCII.GetBytes(
            $"POST /hooks/load HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {text.Length}\r\n\r\n{text}", request);
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] buffer)
    {
        var filled = 0;
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled));
            if (read == 0) throw new IOException("The server closed the connection.");
            filled += read;
            // HTTP/1.1 202 …
            if (HttpHead.MessageLength(buffer.AsSpan(0, filled), out _) > 0) return int.Parse(buffer.AsSpan(9, 3), CultureInfo.InvariantCulture);
        }
    }
}
