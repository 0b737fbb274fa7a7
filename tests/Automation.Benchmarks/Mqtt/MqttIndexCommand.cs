using System.Diagnostics;
using System.Globalization;
using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Mqtt.Topics;

namespace Automation.Benchmarks.Mqtt;

/// <summary>
/// Matches topics against 1, 1,000 and 1,000,000 filters: of ten filters six are exact, three have a <c>+</c> and one ends with
/// <c>#</c>, each of another device, so that a topic has one match however many filters there are.
/// </summary>
internal static class MqttIndexCommand
{
    private const int Topics = 4096;
    private const int FiltersPerSession = 10;
    private const int Rounds = 5;
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);

    public static int Run()
    {
        Console.WriteLine("| filters | a match | allocated a match | index a filter | with its text and subscription |");
        Console.WriteLine("|---:|---:|---:|---:|---:|");
        foreach (var filters in (int[])[1, 1_000, 1_000_000])
            Console.WriteLine(Measure(filters));
        return 0;
    }

    private static string Measure(int count)
    {
        using var broker = new BrokerContext(new MqttBrokerOptions());
        var empty = GC.GetTotalMemory(forceFullCollection: true);
        var subscriptions = Subscriptions(broker, count);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var tree = new SubscriptionTree();
        foreach (var subscription in subscriptions)
            tree.Set(subscription);
        var after = GC.GetTotalMemory(forceFullCollection: true);

        var topics = TopicsOf(count);
        var matches = new Matches();
        Match(tree, topics, matches); // warms up
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var rounds = Enumerable.Range(0, Rounds).Select(_ => Match(tree, topics, matches)).ToList();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        GC.KeepAlive(subscriptions);
        var index = count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(after - before) / count:N0} B");
        var all = count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"{(after - empty) / count:N0} B");
        return string.Create(CultureInfo.InvariantCulture,
            $"| {count:N0} | {rounds.Min(round => round.Nanoseconds):F0} ns ({rounds.Max(round => round.Nanoseconds):F0}) | {(double)allocated / rounds.Sum(round => round.Times):F1} B | {index} | {all} |");
    }

    // Processor time, not the clock's: other programs may run.
    private static (long Times, double Nanoseconds) Match(SubscriptionTree tree, string[] topics, Matches matches)
    {
        var watch = Stopwatch.StartNew();
        var before = Environment.CpuUsage.TotalTime;
        long times = 0;
        while (watch.Elapsed < Round)
        {
            foreach (var topic in topics)
            {
                tree.Collect(topic, matches);
                if (matches.Subscriptions.Count != 1)
                    throw new InvalidOperationException($"{topic} has {matches.Subscriptions.Count} matches.");
                matches.Clear();
            }

            times += topics.Length;
        }

        return (times, (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / times);
    }

    private static Subscription[] Subscriptions(BrokerContext broker, int count)
    {
        var subscriptions = new Subscription[count];
        Session? session = null;
        for (var number = 0; number < count; number++)
        {
            if (number % FiltersPerSession == 0)
                session = new Session($"client-{number}", broker);
            if (!TopicFilter.TryParse(FilterOf(number), out var filter))
                throw new InvalidOperationException("The filter is none.");
            subscriptions[number] = new Subscription(session!, filter, MqttQualityOfService.AtLeastOnce);
        }

        return subscriptions;
    }

    private static string[] TopicsOf(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, Topics).Select(_ => DeviceOf(random.Next(count)) + "/temperature")];
    }

    private static string FilterOf(int number) => (number % 10) switch
    {
        < 6 => DeviceOf(number) + "/temperature",
        < 9 => DeviceOf(number) + "/+",
        _ => DeviceOf(number) + "/#",
    };

    private static string DeviceOf(int number) => string.Create(CultureInfo.InvariantCulture, $"plants/p{number / 1000}/devices/d{number}");
}
