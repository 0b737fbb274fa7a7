using System.Globalization;
using Automation.EndToEnd.Tests.Processes;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// The real server under constant load, with a retention that deletes all the time: what it keeps on disk finds a size and stays there. The long form: <c>AUTOMATION_SOAK_SECONDS=600 ./test EndToEnd</c>.
/// </summary>
public class SoakTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Database_FindsItsSize_UnderConstantLoad()
    {
        var time = int.TryParse(Environment.GetEnvironmentVariable("AUTOMATION_SOAK_SECONDS"), CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : Shortest;
        var events = new NumberedEvents { Padding = new string('x', 2000) };
        var tiny = new Dictionary<string, string?> { ["Retention__MaxEvents"] = "300", ["Retention__Interval"] = "00:00:01", ["Retention__Pause"] = "00:00:00.005" };
        await using var installation = await Installation.StartAsync(NumberedEvents.Workflow, tiny, events.CountAsync);
        using var end = new CancellationTokenSource();
        var sending = events.SendAsync(installation.Server, 12, 2, 1, end.Token);

        var (early, late) = (0L, 0L);
        const int Looks = 30;
        for (var look = 1; look <= Looks; look++)
        {
            await Task.Delay(time / Looks, TimeProvider.System, TestContext.Current.CancellationToken);
            var size = Size(installation.Server);
            if (look <= Looks / 2) early = Math.Max(early, size);
            else late = Math.Max(late, size);
        }

        await end.CancelAsync();
        await sending;
        await Eventually.HoldsAsync(() => Task.FromResult(events.AllArrived), "every acknowledged number is delivered", TimeSpan.FromMinutes(2));
        output.WriteLine($"{events.Acknowledged.Count} events in {time.TotalSeconds:0} s; database and log at most {early / 1e6:0.0} MB in the first half, {late / 1e6:0.0} MB in the second");
        Assert.True(events.Acknowledged.Count > 1000, $"Only {events.Acknowledged.Count} events were acknowledged.");
        Assert.InRange(late, 0, (early * 3 / 2) + (4 << 20)); // 64 MB and more came in
        await Eventually.HoldsAsync(() => Task.FromResult(JournalFile.Count(installation.Server, "SELECT count(*) FROM events") <= 300), "only the newest events are kept");
    }

    private static long Size(ServerProcess server) => new[] { "", "-wal" }.Sum(suffix => new FileInfo(server.DatabaseFile + suffix) is { Exists: true } file ? file.Length : 0);
}
