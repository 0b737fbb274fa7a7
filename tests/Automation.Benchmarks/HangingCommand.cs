using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Automation.Benchmarks;

/// <summary>Emits events at a steady rate to one endpoint that is well and to others, which are not there, answer, or hang; tells how long it takes from the emission to the arrival at the one that is well.</summary>
internal static class HangingCommand
{
    private const int Others = 4, Rounds = 3, PerSecond = 200;

    public static async Task<int> RunAsync(LoadOptions options)
    {
        Console.WriteLine("| round | the others | events | p50 ms | p95 ms | p99 ms | p99, of \"answer\" | begun at the others |");
        Console.WriteLine("|--:|---|--:|--:|--:|--:|--:|--:|");
        for (var round = 1; round <= Rounds; round++)
        {
            var alone = await MeasureAsync(options, others: 0, hang: false);
            var answering = await MeasureAsync(options, Others, hang: false);
            var hanging = await MeasureAsync(options, Others, hang: true);
            Print(round, "none", alone, answering);
            Print(round, "answer", answering, answering);
            Print(round, "hang", hanging, answering);
        }

        return 0;
    }

    private static void Print(int round, string others, Result result, Result of) => Console.WriteLine(
        $"| {round} | {others} | {result.Sorted.Length} | {result.At(0.5):0.0} | {result.At(0.95):0.0} | {result.At(0.99):0.0} | {result.At(0.99) / of.At(0.99):0.00} | {result.AtOthers} |");

    private static async Task<Result> MeasureAsync(LoadOptions options, int others, bool hang)
    {
        var (warmUp, all) = ((int)options.WarmUp.TotalSeconds * PerSecond, ((int)options.WarmUp.TotalSeconds + options.Seconds) * PerSecond);
        var (sent, took) = (new long[all], new double[all]);
        var left = all;
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var other = new CountingReceiver { Hangs = hang };
        using var well = new CountingReceiver();
        well.Arrived = (number, _) =>
        {
            took[number] = Stopwatch.GetElapsedTime(sent[number]).TotalMilliseconds;
            if (Interlocked.Decrement(ref left) == 0) arrived.TrySetResult();
        };
        using var target = await LoadTarget.StartAsync("automation", options, well.Port);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{target.Port}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-the-benchmark");
        await RegisterAsync("well", well.Port);
        for (var number = 0; number < others; number++) await RegisterAsync($"other{number}", other.Port);

        var clock = Stopwatch.StartNew();
        var emissions = new List<Task>(all);
        for (var number = 0; number < all; number++)
        {
            var due = TimeSpan.FromSeconds((double)number / PerSecond) - clock.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due, TimeProvider.System, CancellationToken.None);
            emissions.Add(EmitAsync(number));
        }

        await Task.WhenAll(emissions);
        await arrived.Task.WaitAsync(TimeSpan.FromMinutes(1));
        return new Result([.. took[warmUp..].Order()], other.All);

        async Task RegisterAsync(string id, int port)
        {
            using var registered = await http.PutAsJsonAsync($"/api/endpoints/{id}", new { url = $"http://127.0.0.1:{port}/{id}", events = new[] { "bench.tick" } });
            registered.EnsureSuccessStatusCode();
        }

        async Task EmitAsync(int number)
        {
            sent[number] = Stopwatch.GetTimestamp();
            using var emitted = await http.PostAsJsonAsync("/api/emissions", new { type = "bench.tick", data = new { n = number } });
            emitted.EnsureSuccessStatusCode();
        }
    }

    /// <param name="Sorted">Milliseconds from the emission to the arrival.</param>
    /// <param name="AtOthers">Requests that the others got.</param>
    private sealed record Result(double[] Sorted, long AtOthers)
    {
        public double At(double share) => Sorted[(int)(share * (Sorted.Length - 1))];
    }
}
