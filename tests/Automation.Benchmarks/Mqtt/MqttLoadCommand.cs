using System.Diagnostics;

namespace Automation.Benchmarks.Mqtt;

/// <summary>Loads the embedded broker and mosquitto in turn with the same messages, on the same cores.</summary>
internal static class MqttLoadCommand
{
    private static readonly MqttScenario Durable = new("into workflow events, QoS 1", 100, 0, 1, 2000);

    public static async Task<int> RunAsync(MqttLoadOptions options)
    {
        Console.WriteLine($"{MqttScenario.PayloadBytes} bytes a message, {options.Seconds} s a scenario, {Environment.ProcessorCount} cores shared with the generator. Latency is at half of the measured rate.");
        Console.WriteLine();
        Console.WriteLine("| scenario | broker | messages/s | p50 ms | p99 ms | CPU µs/message | peak MB |");
        Console.WriteLine("|---|---|--:|--:|--:|--:|--:|");
        foreach (var scenario in MqttScenario.All)
        {
            await MeasureAsync(scenario, "automation", options);
            await MeasureAsync(scenario, scenario.IsLasting ? "mosquitto, persistent" : "mosquitto", options);
        }

        await MeasureAsync(Durable, "automation, events", options);
        return 0;
    }

    private static async Task MeasureAsync(MqttScenario scenario, string broker, MqttLoadOptions options)
    {
        if (!$"{scenario.Name} | {broker}".Contains(options.Only, StringComparison.Ordinal)) return;
        using var target = await MqttTarget.StartAsync(broker, options.Server);
        await using var usage = new ProcessUsage(target.Pid);
        await scenario.RunAsync(target.Port, 3, rate: null); // warm-up: the runtime compiles
        var (cpu, clock) = (usage.Cpu, Stopwatch.StartNew());
        var full = await scenario.RunAsync(target.Port, options.Seconds, rate: null);
        var cost = (usage.Cpu - cpu).TotalMicroseconds / (full.PerSecond * clock.Elapsed.TotalSeconds);
        var half = scenario.Subscribers == 0 ? null : await scenario.RunAsync(target.Port, options.Seconds, full.PerSecond / 2 / scenario.Subscribers);
        Console.WriteLine($"| {scenario.Name} | {broker} | {full.PerSecond:0} | {half?.Percentile(0.5):0.0} | {half?.Percentile(0.99):0.0} | {cost:0.0} | {usage.PeakBytes / 1e6:0} |");
    }
}
