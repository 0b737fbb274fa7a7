namespace Automation.Benchmarks;

/// <summary>Loads a server with many stored runs before, during and after a round of retention that deletes most of them: a line each few seconds.</summary>
internal static class RetentionCommand
{
    private const int Kept = 10_000, Stored = 300_000;
    private static readonly TimeSpan Line = TimeSpan.FromSeconds(4), All = TimeSpan.FromSeconds(140);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync("automation", options with { MaxEvents = Kept }, receiver.Port);
        var generator = new LoadGenerator(target.Port, 8, options.Scenario.Body);
        await StoredCommand.IdleAsync(receiver, await generator.RunAsync(options.WarmUp));
        using var stored = new StoredRuns(target.Database);
        stored.Clear();
        await StoredCommand.IdleAsync(receiver, await generator.RunAsync(Kept));
        stored.Multiply(Stored / Kept);
        Console.WriteLine("| stored runs | events/s | p50 ms | p99 ms | p99.9 ms | file MB | WAL MB |");
        Console.WriteLine("|--:|--:|--:|--:|--:|--:|--:|");
        for (var rest = All; rest > TimeSpan.Zero; rest -= Line)
        {
            var answers = await generator.RunAsync(Line);
            Console.WriteLine(
                $"| {stored.Count} | {answers.Accepted.Count / Line.TotalSeconds:0} | {answers.Percentile(0.5).TotalMilliseconds:0.0} | {answers.Percentile(0.99).TotalMilliseconds:0.0} | " +
                $"{answers.Percentile(0.999).TotalMilliseconds:0.0} | {StoredCommand.Megabytes(target.Database):0} | {StoredCommand.Megabytes(target.Database + "-wal"):0} |");
        }

        return 0;
    }
}
