using System.Diagnostics;

namespace Automation.Benchmarks.Mqtt;

/// <summary>One way to load a broker.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Publishers">Clients that publish.</param>
/// <param name="Subscribers">Clients that each get all of it; 0: only the acknowledgements count.</param>
/// <param name="Qos">Of publishes and subscriptions.</param>
/// <param name="Outstanding">Messages that may be under way at a time, all publishers together: nothing is dropped.</param>
/// <param name="IsLasting">The subscribers' sessions outlive their connections, so that their messages are stored.</param>
internal sealed record MqttScenario(string Name, int Publishers, int Subscribers, int Qos, int Outstanding, bool IsLasting = false)
{
    public const int PayloadBytes = 300;

    public static readonly MqttScenario[] All =
    [
        new("fan-in, QoS 0", 100, 1, 0, 800),
        new("fan-in, QoS 1", 100, 1, 1, 800),
        new("fan-in, QoS 1, lasting session", 100, 1, 1, 800, IsLasting: true),
        new("fan-out, QoS 0", 1, 1000, 0, 4),
        new("fan-out, QoS 1", 1, 1000, 1, 4),
    ];

    /// <summary>Publishes arriving at subscribers, or acknowledged where there is none, a second.</summary>
    /// <param name="port">Of the broker.</param>
    /// <param name="seconds">Measured time.</param>
    /// <param name="rate">Messages a second to send; null for as many as come through.</param>
    public async Task<MqttMeasure> RunAsync(int port, int seconds, double? rate)
    {
        var clients = new List<LoadClient>();
        var measure = new MqttMeasure();
        using var room = new SemaphoreSlim(Outstanding);
        var perMessage = Math.Max(1, Subscribers);
        long arrived = 0;
        void Arrived()
        {
            if (Interlocked.Increment(ref arrived) % perMessage == 0) room.Release();
        }

        for (var i = 0; i < Subscribers; i++)
        {
            if (IsLasting) (await LoadClient.ConnectAsync(port, $"sub{i}")).Dispose(); // ends the session of the last run
            var subscriber = await LoadClient.ConnectAsync(port, $"sub{i}", isClean: !IsLasting);
            await subscriber.SubscribeAsync("load/#", Qos);
            subscriber.Received = sent =>
            {
                measure.Count(sent);
                Arrived();
            };
            clients.Add(subscriber);
        }

        var publishers = new List<LoadClient>();
        for (var i = 0; i < Publishers; i++) publishers.Add(await LoadClient.ConnectAsync(port, $"pub{i}"));
        if (Subscribers == 0)
        {
            foreach (var publisher in publishers)
            {
                publisher.Acknowledged = () =>
                {
                    measure.Count(0);
                    Arrived();
                };
            }
        }

        clients.AddRange(publishers);
        var reading = clients.ConvertAll(client => client.ReadAsync());
        using var end = new CancellationTokenSource();
        var sending = publishers.Select((publisher, at) => SendAsync(publisher, $"load/p{at}", room, rate / Publishers, end.Token)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(2, seconds / 3)), TimeProvider.System, CancellationToken.None);
        measure.Begin();
        await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, CancellationToken.None);
        measure.End();
        await end.CancelAsync();
        await Task.WhenAll(sending);
        clients.ForEach(client => client.Dispose());
        await Task.WhenAll(reading);
        return measure;
    }

    private async Task SendAsync(LoadClient publisher, string topic, SemaphoreSlim room, double? rate, CancellationToken end)
    {
        var message = LoadClient.Message(topic, PayloadBytes, Qos);
        var clock = Stopwatch.StartNew();
        try
        {
            for (long sent = 0; ; sent++)
            {
                if (rate is { } wanted && sent / wanted - clock.Elapsed.TotalSeconds is > 0.001 and var early) await Task.Delay(TimeSpan.FromSeconds(early), TimeProvider.System, end);
                await room.WaitAsync(end);
                await publisher.SendAsync(message, Qos);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to end.
        }
    }
}

/// <summary>Arrivals and their ages.</summary>
internal sealed class MqttMeasure
{
    private readonly long[] microseconds = new long[200_000];
    private long count;
    private long began;
    private TimeSpan time;
    private volatile bool measuring;

    public double PerSecond => count / time.TotalSeconds;

    public void Begin()
    {
        began = Stopwatch.GetTimestamp();
        measuring = true;
    }

    public void End()
    {
        measuring = false;
        time = Stopwatch.GetElapsedTime(began);
    }

    /// <param name="sent">When it was sent, in ticks of <see cref="Stopwatch"/>; 0: not known.</param>
    public void Count(long sent)
    {
        if (!measuring) return;
        Interlocked.Increment(ref count);
        if (sent > 0) Interlocked.Increment(ref microseconds[Math.Min((long)Stopwatch.GetElapsedTime(sent).TotalMicroseconds, microseconds.Length - 1)]);
    }

    public double Percentile(double share)
    {
        var wanted = (long)(microseconds.Sum() * share);
        for (var i = 0; i < microseconds.Length; i++)
        {
            wanted -= microseconds[i];
            if (wanted < 0) return i / 1000.0;
        }

        return 0;
    }
}
