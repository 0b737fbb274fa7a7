using System.Globalization;
using System.Net;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Benchmarks.Mqtt;

/// <summary>
/// What it costs that somebody looks: the same messages through a broker that nobody looks into, one whose tree of topics is filled, and one with a
/// listener to live messages as well, in turn. Broker and clients share the process, so the processor's time is of both.
/// </summary>
internal static class MqttWatchCommand
{
    private const int Rounds = 5;
    private const int Seconds = 3;
    private static readonly MqttScenario Scenario = new("fan-in, QoS 0", 100, 1, 0, 800);
    private static readonly string[] Looks = ["nobody", "tree", "tree and listener"];

    public static async Task<int> RunAsync()
    {
        var measured = Looks.ToDictionary(look => look, _ => new List<(double PerSecond, double Cpu)>());
        await MeasureAsync(Looks[0]); // warm-up: the runtime compiles
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var look in Looks) measured[look].Add(await MeasureAsync(look));
        }

        Console.WriteLine($"{Scenario.Name}, {Rounds} rounds of {Seconds} s in turn, medians");
        Console.WriteLine();
        Console.WriteLine("| looks | messages/s | to nobody | CPU µs/message |");
        Console.WriteLine("|---|--:|--:|--:|");
        var nobody = Median(measured[Looks[0]].Select(run => run.PerSecond));
        foreach (var (look, runs) in measured)
        {
            var perSecond = Median(runs.Select(run => run.PerSecond));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {look} | {perSecond:0} | {perSecond / nobody:0.000} | {Median(runs.Select(run => run.Cpu)):0.00} |"));
        }

        return 0;
    }

    private static async Task<(double PerSecond, double Cpu)> MeasureAsync(string look)
    {
        await using var broker = new MqttBroker(new MqttBrokerOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0), MaxQueuedMessages = 10_000 });
        await broker.StartAsync();
        if (look != Looks[0]) broker.Topics.List(null, 1);
        using var listener = look == Looks[2] ? broker.TryListen(TopicFilter.Everything) : null;
        var before = Environment.CpuUsage.TotalTime;
        var measure = await Scenario.RunAsync(broker.EndPoint.Port, Seconds, rate: null);
        return (measure.PerSecond, (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / broker.Metrics.MessagesReceived);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
}
