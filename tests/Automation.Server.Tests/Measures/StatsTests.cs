using Automation.Server.Measures;
using Automation.Server.Tests.Storage;

namespace Automation.Server.Tests.Measures;

public sealed class StatsTests
{
    private readonly ManualTime time = new();

    [Fact]
    public void Point_TellsWhatRunsTook_Within15Percent()
    {
        var point = new StatsPoint(time.GetUtcNow());
        for (var milliseconds = 1; milliseconds <= 1000; milliseconds++) point.AddRun(milliseconds, milliseconds % 10 == 0 ? "failed" : "succeeded");
        Assert.Equal((900, 100), (point.RunsSucceeded, point.RunsFailed));
        Assert.InRange(point.Percentile(0.5)!.Value, 500 * 0.85, 500 * 1.15);
        Assert.InRange(point.Percentile(0.99)!.Value, 990 * 0.85, 990 * 1.15);
    }

    [Fact]
    public void Point_WithoutRuns_HasNoPercentile()
    {
        var point = new StatsPoint(time.GetUtcNow());
        point.AddRun(5, "cancelled");
        Assert.Null(point.Percentile(0.5));
    }

    [Fact]
    public void History_HasAPointAMinute_ForAnHour_AndOneAQuarterForADay()
    {
        using var history = new StatsHistory(time, () => (3, 4));
        for (var minute = 0; minute < 70; minute++)
        {
            ServerMeter.EventsAccepted.Add(2);
            time.Advance(TimeSpan.FromMinutes(1));
        }

        var (step, minutes) = history.Of(day: false, point => point.Accepted);
        Assert.Equal((TimeSpan.FromMinutes(1), 60), (step, minutes.Count));
        Assert.All(minutes.SkipLast(1), accepted => Assert.True(accepted >= 2)); // other tests of this process count too
        var (_, quarters) = history.Of(day: true, point => (point.Accepted, point.OpenRuns, point.WaitingDeliveries));
        Assert.InRange(quarters.Count, 5, 6);
        Assert.True(quarters.Sum(quarter => quarter.Accepted) >= 140);
        Assert.Equal((3, 4), (quarters[^1].OpenRuns, quarters[^1].WaitingDeliveries));
    }

    [Fact]
    public void History_LeavesOutWhatIsOlderThanItsSpan_HoweverFewPointsThereAre()
    {
        using var history = new StatsHistory(time, () => (0, 0));
        var began = time.GetUtcNow();
        for (var hour = 0; hour < 30; hour++)
        {
            ServerMeter.EventsAccepted.Add(1);
            time.Advance(TimeSpan.FromMinutes(50));
        }

        var (_, minutes) = history.Of(day: false, point => point.At);
        Assert.All(minutes, at => Assert.True(at > time.GetUtcNow() - TimeSpan.FromHours(1)));
        var (_, quarters) = history.Of(day: true, point => point.At);
        Assert.All(quarters, at => Assert.True(at > time.GetUtcNow() - TimeSpan.FromDays(1)));
        Assert.Equal(began, history.Since);
    }
}
