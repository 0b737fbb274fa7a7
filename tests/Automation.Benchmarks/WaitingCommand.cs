using Microsoft.Data.Sqlite;

namespace Automation.Benchmarks;

/// <summary>Has many runs wait for an hour, and tells what memory the server takes for them: in the process that took them in, and in one that starts on them.</summary>
internal static class WaitingCommand
{
    private const int Runs = 100_000;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(LoadOptions options)
    {
        var runs = options.Runs ?? Runs;
        var until = DateTimeOffset.UnixEpoch; // over at once
        var scenario = LoadScenario.Waiting(_ => until);
        using var receiver = new CountingReceiver();
        using var target = await LoadTarget.StartAsync("automation", options with { Scenario = scenario }, receiver.Port);
        Console.WriteLine($"just started on an empty database: {await ResidentAsync(target):0} MB");
        var generator = new LoadGenerator(target.Port, options.Connections, scenario.Body);
        var warm = await generator.RunAsync(options.WarmUp);
        await LoadCommand.DrainAsync(receiver, warm.Accepted.Count);
        Console.WriteLine($"after {warm.Accepted.Count} runs that did not wait: {await ResidentAsync(target):0} MB");
        until = TimeProvider.System.GetUtcNow().AddHours(1);
        await generator.RunAsync(runs);
        Console.WriteLine($"with {CountWaiting(target)} waiting runs more: {await ResidentAsync(target):0} MB, {await IdleAsync(target):0.0} % of a processor");
        await target.RestartAsync();
        Console.WriteLine($"just started on them: {await ResidentAsync(target):0} MB, {await IdleAsync(target):0.0} % of a processor");
        return 0;
    }

    private static async Task<double> ResidentAsync(LoadTarget target)
    {
        await using var usage = new ProcessUsage(target.Pid);
        await Task.Delay(Settling, TimeProvider.System, CancellationToken.None);
        return usage.Resident / 1e6;
    }

    private static async Task<double> IdleAsync(LoadTarget target)
    {
        await using var usage = new ProcessUsage(target.Pid);
        var before = usage.Cpu;
        await Task.Delay(Settling, TimeProvider.System, CancellationToken.None);
        return (usage.Cpu - before) / Settling * 100;
    }

    private static long CountWaiting(LoadTarget target)
    {
        using var connection = new SqliteConnection($"Data Source={target.Database};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM runs WHERE state = 'waiting'";
        return (long)command.ExecuteScalar()!;
    }
}
