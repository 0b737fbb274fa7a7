using System.Diagnostics;
using System.Text.Json;

namespace Automation.Benchmarks;

/// <summary>What one target did.</summary>
/// <param name="AcceptedPerSecond">Events answered with success, over the time of sending.</param>
/// <param name="DeliveredPerSecond">Different events that reached the receiver, over the time from the first send to the last arrival.</param>
/// <param name="CpuMicrosecondsPerEvent">User and system time of the target's processes, over the accepted events.</param>
/// <param name="Lost">Accepted and not received within the time for draining.</param>
/// <param name="GeneratorCpuMicrosecondsPerEvent">Of the generator and receiver, which share the cores.</param>
internal sealed record LoadResult(
    string Target,
    double AcceptedPerSecond,
    double DeliveredPerSecond,
    double P50Milliseconds,
    double P99Milliseconds,
    double CpuMicrosecondsPerEvent,
    double PeakMegabytes,
    int Processes,
    long Refused,
    long Lost,
    long Duplicates,
    double DrainSeconds,
    double GeneratorCpuMicrosecondsPerEvent);

/// <summary>Loads each target in turn with the same events and prints what came of it.</summary>
internal static class LoadCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> RunAsync(LoadOptions options)
    {
        Console.WriteLine($"Scenario {options.Scenario.Name}: {options.Connections} connections in a closed loop, {options.Seconds} s after {options.WarmUp.TotalSeconds:0} s of warm-up, {Environment.ProcessorCount} cores.");
        Console.WriteLine("Generator and receiver are this one process and share the cores with the target.");
        Console.WriteLine();
        var results = new List<LoadResult>();
        foreach (var target in LoadTarget.Names.Where(name => (options.Only is null || options.Only == name) && (options.Database is not null || name != "automation-postgres"))) results.Add(await MeasureAsync(target, options));
        Print(results);
        var json = JsonSerializer.Serialize(results, Json);
        Console.WriteLine(json);
        if (options.JsonFile is { } file) await File.WriteAllTextAsync(file, json + "\n");
        return results.All(r => r.Lost == 0) ? 0 : 1;
    }

    private static async Task<LoadResult> MeasureAsync(string name, LoadOptions options)
    {
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync(name, options, receiver.Port);
        await using var usage = new ProcessUsage(target.Pid);
        // The forwarders pass on all they get.
        Func<int, bool> reaches = name.StartsWith(LoadTarget.Names[0], StringComparison.Ordinal) ? options.Scenario.Reaches : _ => true;
        var generator = new LoadGenerator(target.Port, options.Connections, options.Scenario.Body);
        var warm = await generator.RunAsync(options.WarmUp);
        await DrainAsync(receiver, warm.Accepted.Count(reaches));

        var (deliveredBefore, cpuBefore, ownBefore) = (receiver.Distinct, usage.Cpu, Own());
        var clock = Stopwatch.StartNew();
        var answers = await generator.RunAsync(TimeSpan.FromSeconds(options.Seconds));
        var sending = clock.Elapsed;
        await DrainAsync(receiver, deliveredBefore + answers.Accepted.Count(reaches));
        var draining = clock.Elapsed - sending;
        var count = Math.Max(1, answers.Accepted.Count);
        return new LoadResult(
            name,
            answers.Accepted.Count / sending.TotalSeconds,
            (receiver.Distinct - deliveredBefore) / clock.Elapsed.TotalSeconds,
            answers.Percentile(0.50).TotalMilliseconds,
            answers.Percentile(0.99).TotalMilliseconds,
            (usage.Cpu - cpuBefore).TotalMicroseconds / count,
            usage.PeakBytes / 1e6,
            usage.Processes,
            answers.Refused,
            warm.Accepted.Concat(answers.Accepted).Count(number => reaches(number) && !receiver.Received(number)),
            receiver.Duplicates,
            draining.TotalSeconds,
            (Own() - ownBefore).TotalMicroseconds / count);
    }

    // An event that was refused or not answered may still arrive, so what counts is that enough arrived, or nothing does any more.
    internal static async Task DrainAsync(CountingReceiver receiver, long expected)
    {
        var clock = Stopwatch.StartNew();
        while (receiver.Distinct < expected && clock.Elapsed < Patience) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
    }

    private static TimeSpan Own()
    {
        using var own = Process.GetCurrentProcess();
        return own.TotalProcessorTime;
    }

    private static void Print(List<LoadResult> results)
    {
        Console.WriteLine("| target | accepted/s | delivered/s | of the floor | p50 ms | p99 ms | CPU µs/event | peak MB (processes) | refused | lost | duplicates |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        var floor = results.FirstOrDefault(r => r.Target == "durable-floor")?.DeliveredPerSecond;
        foreach (var r in results)
        {
            var share = floor is { } reached ? $"{r.DeliveredPerSecond / reached:0.00}" : "–";
            Console.WriteLine($"| {r.Target} | {r.AcceptedPerSecond:0} | {r.DeliveredPerSecond:0} | {share} | {r.P50Milliseconds:0.0} | {r.P99Milliseconds:0.0} | {r.CpuMicrosecondsPerEvent:0} | {r.PeakMegabytes:0} ({r.Processes}) | {r.Refused} | {r.Lost} | {r.Duplicates} |");
        }

        Console.WriteLine();
    }
}
