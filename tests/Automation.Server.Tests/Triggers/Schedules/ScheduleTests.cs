using Automation.Server.Triggers.Schedules;
using Automation.Server.Values;

namespace Automation.Server.Tests.Triggers.Schedules;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Now = new(2026, 7, 1, 10, 7, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("15m", "2026-07-01T10:15:00Z")]
    [InlineData("1s", "2026-07-01T10:07:31Z")]
    [InlineData("1500ms", "2026-07-01T10:07:31.5Z")]
    [InlineData("1d", "2026-07-02T00:00:00Z")]
    [InlineData("7d", "2026-07-02T00:00:00Z")] // 1970-01-01 was a Thursday
    public void Every_CountsFrom1970(string every, string expected)
    {
        var schedule = Every(every);
        var next = schedule.Next(Now);
        Assert.Equal(DateTimeOffset.Parse(expected, null), next);
        Assert.Equal(Duration.Parse(every).Value, schedule.Next(next!.Value) - next);
        Assert.Equal(next, schedule.Next(next.Value.AddTicks(-1)));
        Assert.Equal(TimeSpan.Zero, TimeSpan.FromTicks((DateTimeOffset.UnixEpoch - schedule.Next(DateTimeOffset.UnixEpoch.AddYears(-1).AddTicks(7))!.Value).Ticks % Duration.Parse(every).Value.Ticks));
    }

    [Theory]
    [InlineData("15m", "2026-07-01T08:00:00Z", nameof(MissedTimes.Once), "2026-07-01T10:00:00Z")]
    [InlineData("15m", "2026-07-01T08:00:00Z", nameof(MissedTimes.Skip), "2026-07-01T10:15:00Z")]
    [InlineData("15m", "2026-07-01T08:00:00Z", nameof(MissedTimes.All), "2026-07-01T08:00:00Z")]
    [InlineData("1s", "2025-07-01T10:00:00Z", nameof(MissedTimes.All), "2026-07-01T09:50:51Z")] // the latest thousand
    [InlineData("1s", "2025-07-01T10:00:00Z", nameof(MissedTimes.Once), "2026-07-01T10:07:30Z")]
    [InlineData("1s", "2025-07-01T10:00:00Z", nameof(MissedTimes.Skip), "2026-07-01T10:07:30Z")] // less than a minute ago
    [InlineData("7m", "2026-07-01T08:03:00Z", nameof(MissedTimes.Skip), "2026-07-01T10:07:00Z")]
    [InlineData("0 8 * * *", "2026-06-20T08:00:00Z", nameof(MissedTimes.Once), "2026-07-01T08:00:00Z")]
    [InlineData("0 8 * * *", "2026-06-20T08:00:00Z", nameof(MissedTimes.Skip), "2026-07-02T08:00:00Z")]
    [InlineData("0 8 * * *", "2026-06-20T08:00:00Z", nameof(MissedTimes.All), "2026-06-20T08:00:00Z")]
    [InlineData("0 8 * * *", "2000-01-01T08:00:00Z", nameof(MissedTimes.All), "2023-10-06T08:00:00Z")]
    [InlineData("* * * * * *", "1980-01-01T00:00:00Z", nameof(MissedTimes.All), "2026-07-01T09:50:51Z")]
    [InlineData("* * * 1 1 *", "2000-01-01T00:00:00Z", nameof(MissedTimes.Once), "2026-01-01T23:59:59Z")]
    [InlineData("0 0 29 2 *", "2004-02-29T00:00:00Z", nameof(MissedTimes.Once), "2024-02-29T00:00:00Z")]
    [InlineData("0 9 * * *", "2026-07-01T08:00:00Z", nameof(MissedTimes.Skip), "2026-07-02T09:00:00Z")] // 8 o'clock was none of its times
    public void Missed_SaysWhereItGoesOn(string spec, string due, string missed, string expected)
    {
        var schedule = spec.Contains(' ', StringComparison.Ordinal) ? Cron(spec) : Every(spec);
        var started = TimeProvider.System.GetTimestamp();
        Assert.Equal(DateTimeOffset.Parse(expected, null), schedule.Resume(DateTimeOffset.Parse(due, null), Now, Enum.Parse<MissedTimes>(missed)));
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("UTC", true)]
    [InlineData("Europe/Berlin", true)]
    [InlineData("Etc/GMT+5", true)]
    [InlineData("Europe/Berln", false)]
    [InlineData("../zoneinfo/Europe/Berlin", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("Europe/../Europe/Berlin", false)]
    [InlineData("", false)]
    [InlineData("Europe/Berlin\0", false)]
    [InlineData("posix", false)]
    [InlineData("tzdata.zi", false)]
    public void ZoneNames_FindZonesOnly(string name, bool found) => Assert.Equal(found, ZoneNames.Find(name) is not null);

    [Fact]
    public void ZoneNames_Suggest() => Assert.EndsWith("Did you mean \"Europe/Berlin\"?", ZoneNames.Mistake("europe/Berln"), StringComparison.Ordinal);

    private static Schedule Every(string text) => Schedule.TryOf(new ScheduleTrigger.Config(Every: Duration.Parse(text)))!;

    private static Schedule Cron(string text) => Schedule.TryOf(new ScheduleTrigger.Config(text))!;
}
