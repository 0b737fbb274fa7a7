using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Automation.Benchmarks;

/// <summary>Has many runs wait until a time each, and tells how late what they send arrives: the wait's end, the rest of the run, its commits and the request.</summary>
internal static class TimersCommand
{
    private const int Runs = 10_000;

    // Long enough for all to be stored before the first is due.
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(15), Spread = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var runs = options.Runs ?? Runs;
        Func<int, DateTimeOffset> until = _ => DateTimeOffset.UnixEpoch;
        var scenario = LoadScenario.Waiting(number => until(number));
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync("automation", options with { Scenario = scenario }, receiver.Port);
        var generator = new LoadGenerator(target.Port, options.Connections, scenario.Body);
        var warm = await generator.RunAsync(options.WarmUp);
        await LoadCommand.DrainAsync(receiver, warm.Accepted.Count);
        Console.WriteLine("| due | p50 ms | p99 ms | max ms | early |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        for (var round = 1; round <= 2; round++)
        {
            await MeasureAsync($"{runs / Spread.TotalSeconds:0} a second", first => number => first + (Spread * (number % runs / (double)runs)));
            await MeasureAsync("all at once", first => _ => first);
        }

        return 0;

        async Task MeasureAsync(string name, Func<DateTimeOffset, Func<int, DateTimeOffset>> due)
        {
            var late = new ConcurrentBag<double>();
            var before = receiver.Distinct;
            receiver.Arrived = (_, body) => late.Add(Lateness(body));
            until = due(TimeProvider.System.GetUtcNow() + Ahead);
            await generator.RunAsync(runs);
            await LoadCommand.DrainAsync(receiver, before + runs);
            receiver.Arrived = null;
            var sorted = late.Order().ToList();
            Console.WriteLine($"| {name} | {At(0.50):0.0} | {At(0.99):0.0} | {sorted[^1]:0.0} | {sorted.Count(one => one < -1)} |");

            double At(double share) => sorted[(int)(share * (sorted.Count - 1))];
        }
    }

    private static double Lateness(ReadOnlySpan<byte> body)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var document = JsonDocument.Parse(body.ToArray());
        return (now - DateTimeOffset.Parse(document.RootElement.GetProperty("until").GetString()!, CultureInfo.InvariantCulture)).TotalMilliseconds;
    }
}
