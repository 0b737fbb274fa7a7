using System.Diagnostics;

namespace Automation.Benchmarks.Mqtt;

/// <summary>Opens connections as fast as they come and holds them, at the embedded broker and at mosquitto in turn.</summary>
internal static class MqttIdleCommand
{
    private const int Openers = 32, WarmUp = 5000;

    public static async Task<int> RunAsync(MqttLoadOptions options)
    {
        Console.WriteLine($"{options.Idle} connections with a keep alive of a minute, opened {Openers} at a time; memory after {options.Seconds} s, a connection's share.");
        Console.WriteLine();
        Console.WriteLine("| broker | connections/s | CPU µs/connection | managed bytes | resident bytes |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (var broker in (string[])["automation, broker alone", "automation", "mosquitto"]) await MeasureAsync(broker, options);
        return 0;
    }

    private static async Task MeasureAsync(string broker, MqttLoadOptions options)
    {
        using var target = await MqttTarget.StartAsync(broker, options.Server);
        await using var usage = new ProcessUsage(target.Pid);
        var tellsBytes = broker.EndsWith("alone", StringComparison.Ordinal);
        var clients = new List<LoadClient>();
        for (var i = 0; i < WarmUp; i++) (await LoadClient.ConnectAsync(target.Port, "first")).Dispose(); // the runtime compiles
        var managed = tellsBytes ? await target.ManagedBytesAsync() : 0;
        var resident = usage.Resident;
        var (cpu, clock) = (usage.Cpu, Stopwatch.StartNew());
        await Parallel.ForAsync(0, options.Idle, new ParallelOptions { MaxDegreeOfParallelism = Openers }, async (at, _) =>
        {
            var client = await LoadClient.ConnectAsync(target.Port, $"idle{at}", keepAlive: 60);
            lock (clients) clients.Add(client);
        });
        var perSecond = options.Idle / clock.Elapsed.TotalSeconds;
        var cost = (usage.Cpu - cpu).TotalMicroseconds / options.Idle;
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), TimeProvider.System, CancellationToken.None);
        var each = tellsBytes ? $"{(await target.ManagedBytesAsync() - managed) / options.Idle}" : "";
        Console.WriteLine($"| {broker} | {perSecond:0} | {cost:0} | {each} | {(usage.Resident - resident) / options.Idle} |");
        clients.ForEach(client => client.Dispose());
    }
}
