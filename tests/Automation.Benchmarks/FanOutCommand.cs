using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Automation.Benchmarks;

/// <summary>Registers many endpoints for one type of event, emits some, and tells how long it takes until each endpoint has each, and what memory that takes.</summary>
internal static class FanOutCommand
{
    private const int Endpoints = 10_000, Rounds = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5), Look = TimeSpan.FromMilliseconds(20), Settling = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var endpoints = options.Runs ?? Endpoints;
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync("automation", options, receiver.Port);
        await using var usage = new ProcessUsage(target.Pid);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{target.Port}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-the-benchmark");
        for (var number = 0; number < endpoints; number++)
        {
            using var registered = await http.PutAsJsonAsync($"/api/endpoints/e{number}", new { url = $"http://127.0.0.1:{receiver.Port}/e{number}", events = new[] { "bench.tick" } });
            registered.EnsureSuccessStatusCode();
        }

        await Task.Delay(Settling, TimeProvider.System, CancellationToken.None);
        Console.WriteLine($"{endpoints} endpoints registered: {usage.Resident / 1e6:0} MB");
        Console.WriteLine("| emit | first after ms | all after s | deliveries/s | more than one | resident MB | peak MB |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|");
        for (var round = 1; round <= Rounds; round++) await MeasureAsync(round);
        return 0;

        async Task MeasureAsync(int round)
        {
            var before = receiver.All;
            var clock = Stopwatch.StartNew();
            using var emitted = await http.PostAsJsonAsync("/api/emissions", new { type = "bench.tick", data = new { n = round } });
            emitted.EnsureSuccessStatusCode();
            var first = TimeSpan.Zero;
            while (receiver.All - before < endpoints && clock.Elapsed < Patience)
            {
                if (first == TimeSpan.Zero && receiver.All > before) first = clock.Elapsed;
                await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
            }

            var all = clock.Elapsed;
            await Task.Delay(Settling, TimeProvider.System, CancellationToken.None); // what would come twice comes now
            Console.WriteLine($"| {round} | {first.TotalMilliseconds:0} | {all.TotalSeconds:0.0} | {endpoints / all.TotalSeconds:0} | {receiver.All - before - endpoints} | {usage.Resident / 1e6:0} | {usage.PeakBytes / 1e6:0} |");
        }
    }
}
