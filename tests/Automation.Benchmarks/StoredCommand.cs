using System.Diagnostics;

namespace Automation.Benchmarks;

/// <summary>Loads one warm server again and again, with 10 thousand, 100 thousand and 1 million runs in its database.</summary>
internal static class StoredCommand
{
    private const int Rounds = 2, Least = 10_000;
    private static readonly int[] Times = [1, 10, 100];

    public static async Task<int> RunAsync(LoadOptions options)
    {
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync("automation", options, receiver.Port);
        await using var usage = new ProcessUsage(target.Pid);
        var generator = new LoadGenerator(target.Port, options.Connections, options.Scenario.Body);
        await IdleAsync(receiver, await generator.RunAsync(options.WarmUp));
        Console.WriteLine($"Scenario {options.Scenario.Name}, {options.Seconds} s each.");
        Console.WriteLine("| stored runs, before | after | events/s | p50 ms | p99 ms | CPU µs/event | file MB | WAL MB |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|--:|");
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var times in Times)
            {
                long before;
                using (var stored = new StoredRuns(target.Database))
                {
                    stored.Clear();
                    await IdleAsync(receiver, await generator.RunAsync(Least));
                    stored.Multiply(times);
                    before = stored.Count;
                }

                var (cpu, clock) = (usage.Cpu, Stopwatch.StartNew());
                var answers = await generator.RunAsync(TimeSpan.FromSeconds(options.Seconds));
                await IdleAsync(receiver, answers);
                var (seconds, events) = (clock.Elapsed.TotalSeconds, answers.Accepted.Count);
                Console.WriteLine(
                    $"| {before} | {before + events} | {events / seconds:0} | {answers.Percentile(0.50).TotalMilliseconds:0.0} | {answers.Percentile(0.99).TotalMilliseconds:0.0} | " +
                    $"{(usage.Cpu - cpu).TotalMicroseconds / events:0} | {Megabytes(target.Database):0} | {Megabytes(target.Database + "-wal"):0} |");
            }
        }

        return 0;
    }

    internal static double Megabytes(string file) => new FileInfo(file).Length / 1e6;

    /// <summary>Waits until all that was accepted has been delivered, and its outcome is stored.</summary>
    internal static async Task IdleAsync(CountingReceiver receiver, Answers answers)
    {
        var clock = Stopwatch.StartNew();
        while (!answers.Accepted.TrueForAll(receiver.Received) && clock.Elapsed < TimeSpan.FromSeconds(60)) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
    }
}
