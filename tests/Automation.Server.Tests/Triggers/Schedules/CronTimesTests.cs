using System.Globalization;
using Automation.Server.Triggers.Schedules;

namespace Automation.Server.Tests.Triggers.Schedules;

/// <summary>Clocks that are put forward and back. Times are written as the zone's clocks show them, with their offset.</summary>
public sealed class CronTimesTests
{
    // Berlin: forward 2026-03-29 02:00 -> 03:00, back 2026-10-25 03:00 -> 02:00.
    // New York: forward 2026-03-08 02:00 -> 03:00, back 2026-11-01 02:00 -> 01:00.
    // Lord Howe: forward 2026-10-04 02:00 -> 02:30, back 2026-04-05 02:00 -> 01:30.
    [Theory]
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-03-28 00:00 +1", "03-28 02:30 +1, 03-29 03:00 +2, 03-30 02:30 +2")] // passed over: at the change
    [InlineData("Europe/Berlin", "0,30 2 * * *", "2026-03-28 12:00 +1", "03-29 03:00 +2, 03-30 02:00 +2, 03-30 02:30 +2")] // both at the change: once
    [InlineData("Europe/Berlin", "30 2,3 * * *", "2026-03-28 12:00 +1", "03-29 03:00 +2, 03-29 03:30 +2, 03-30 02:30 +2")]
    [InlineData("Europe/Berlin", "0 3 * * *", "2026-03-28 12:00 +1", "03-29 03:00 +2, 03-30 03:00 +2")]
    [InlineData("Europe/Berlin", "*/30 * * * *", "2026-03-29 01:00 +1", "03-29 01:30 +1, 03-29 03:00 +2, 03-29 03:30 +2")]
    [InlineData("Europe/Berlin", "*/30 2 * * *", "2026-03-28 12:00 +1", "03-30 02:00 +2, 03-30 02:30 +2")] // says how often: passed over
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-10-24 12:00 +2", "10-25 02:30 +2, 10-26 02:30 +1")] // shown twice: the first time
    [InlineData("Europe/Berlin", "30 2 * * *", "2026-10-25 02:15 +1", "10-26 02:30 +1")] // begun while it is shown the second time
    [InlineData("Europe/Berlin", "0 3 * * *", "2026-10-25 02:15 +1", "10-25 03:00 +1, 10-26 03:00 +1")]
    [InlineData("Europe/Berlin", "*/30 * * * *", "2026-10-25 01:30 +2", "10-25 02:00 +2, 10-25 02:30 +2, 10-25 02:00 +1, 10-25 02:30 +1, 10-25 03:00 +1")]
    [InlineData("Europe/Berlin", "*/30 2 * * *", "2026-10-25 01:30 +2", "10-25 02:00 +2, 10-25 02:30 +2, 10-25 02:00 +1, 10-25 02:30 +1, 10-26 02:00 +1")]
    [InlineData("Europe/Berlin", "0 8 * * *", "2026-03-28 00:00 +1", "03-28 08:00 +1, 03-29 08:00 +2")]
    [InlineData("Europe/Berlin", "30 2 29 3 *", "2026-03-01 00:00 +1", "03-29 03:00 +2, 03-29 02:30 +2")] // a year later there is a 02:30
    [InlineData("Europe/Berlin", "0 0 29 2 *", "2026-03-01 00:00 +1", "02-29 00:00 +1, 02-29 00:00 +1")]
    [InlineData("America/New_York", "30 2 * * *", "2026-03-07 00:00 -5", "03-07 02:30 -5, 03-08 03:00 -4, 03-09 02:30 -4")]
    [InlineData("America/New_York", "0 * * * *", "2026-03-08 00:30 -5", "03-08 01:00 -5, 03-08 03:00 -4, 03-08 04:00 -4")]
    [InlineData("America/New_York", "30 1 * * *", "2026-10-31 12:00 -4", "11-01 01:30 -4, 11-02 01:30 -5")]
    [InlineData("America/New_York", "0 * * * *", "2026-11-01 00:30 -4", "11-01 01:00 -4, 11-01 01:00 -5, 11-01 02:00 -5")]
    [InlineData("America/New_York", "0 0 1 * *", "2026-10-15 00:00 -4", "11-01 00:00 -4, 12-01 00:00 -5")]
    [InlineData("Australia/Lord_Howe", "15 2 * * *", "2026-10-03 00:00 +10:30", "10-03 02:15 +10:30, 10-04 02:30 +11, 10-05 02:15 +11")]
    [InlineData("Australia/Lord_Howe", "0 2 * * *", "2026-10-03 12:00 +10:30", "10-04 02:30 +11, 10-05 02:00 +11")]
    [InlineData("Australia/Lord_Howe", "*/15 * * * *", "2026-10-04 01:30 +10:30", "10-04 01:45 +10:30, 10-04 02:30 +11, 10-04 02:45 +11")]
    [InlineData("Australia/Lord_Howe", "45 1 * * *", "2026-04-04 12:00 +11", "04-05 01:45 +11, 04-06 01:45 +10:30")]
    [InlineData("Australia/Lord_Howe", "*/15 * * * *", "2026-04-05 01:30 +11", "04-05 01:45 +11, 04-05 01:30 +10:30, 04-05 01:45 +10:30, 04-05 02:00 +10:30")]
    [InlineData("Africa/Casablanca", "0 12 * * *", "2026-02-14 00:00 +1", "02-14 12:00 +1, 02-15 12:00 +0, 02-16 12:00 +0")]
    [InlineData("Pacific/Apia", "0 12 * * *", "2011-12-29 00:00 -10", "12-29 12:00 -10, 12-31 00:00 +14, 12-31 12:00 +14")] // a day that was left out
    public void Clocks_ThatAreChanged(string zone, string cron, string after, string expected)
    {
        var times = new CronTimes(CronExpression.TryParse(cron, out _)!, ZoneNames.Find(zone)!);
        var at = Time(after);
        foreach (var time in expected.Split(", "))
        {
            at = times.Next(at)!.Value;
            var shown = TimeZoneInfo.ConvertTime(at, ZoneNames.Find(zone)!);
            Assert.Equal(time, shown.ToString("MM-dd HH:mm ", CultureInfo.InvariantCulture) + Offset(shown.Offset));
        }
    }

    /// <summary>Compared with another way to say the same, which looks at every minute of the days around a change.</summary>
    [Theory]
    [InlineData("Europe/Berlin", 2026, 3, 28)]
    [InlineData("Europe/Berlin", 2026, 10, 24)]
    [InlineData("America/New_York", 2026, 3, 7)]
    [InlineData("America/New_York", 2026, 10, 31)]
    [InlineData("Australia/Lord_Howe", 2026, 4, 4)]
    [InlineData("Australia/Lord_Howe", 2026, 10, 3)]
    [InlineData("America/Sao_Paulo", 2018, 11, 3)] // midnight itself is passed over
    [InlineData("Africa/Cairo", 2026, 10, 29)] // put back at midnight: into the day before
    public void EveryMinuteAroundAChange_IsAsSpecified(string zoneName, int year, int month, int day)
    {
        var zone = ZoneNames.Find(zoneName)!;
        var (from, to) = (new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).AddHours(-12), new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).AddDays(3));
        foreach (var text in new[] { "* * * * *", "*/7 * * * *", "0 * * * *", "*/15 0-3 * * *", "30 2 * * *", "0 0 * * *", "0,15,30,45 0,1,2,3,23 * * *", "45 1 * * *", "0 0 1,8 * *", "59 23 * * SAT" })
        {
            var cron = CronExpression.TryParse(text, out _)!;
            var expected = Reference(cron, zone, from, to);
            var times = new CronTimes(cron, zone);
            for (var start = from; start < to; start = start.AddMinutes(1))
            {
                var next = times.Next(new DateTimeOffset(start))!.Value.UtcDateTime;
                var wanted = expected.FirstOrDefault(time => time > start);
                if (wanted == default) Assert.True(next >= to, $"{text} after {start:u}: {next:u}");
                else Assert.True(wanted == next, $"{text} after {start:u}: {next:u}, not {wanted:u}");
            }
        }
    }

    private static SortedSet<DateTime> Reference(CronExpression cron, TimeZoneInfo zone, DateTime from, DateTime to)
    {
        var found = new SortedSet<DateTime>();
        if (!cron.IsTimeOfDay)
        {
            for (var at = from; at < to; at = at.AddMinutes(1))
            {
                var wall = at + zone.GetUtcOffset(at);
                if (cron.Next(wall) == wall) found.Add(at);
            }

            return found;
        }

        for (var wall = from.AddDays(-1); wall < to.AddDays(1); wall = wall.AddMinutes(1))
        {
            if (cron.Next(wall) != wall) continue;
            // The first minute at which the clock shows this time, or has passed it.
            var at = wall.AddDays(-1);
            while (at + zone.GetUtcOffset(at) < wall) at = at.AddMinutes(1);
            if (at >= from && at < to) found.Add(at);
        }

        return found;
    }

    private static DateTimeOffset Time(string text)
    {
        var at = text.LastIndexOf(' ');
        var offset = text[(at + 1)..];
        var size = TimeSpan.ParseExact(offset.AsSpan(1), ["%h", "hh", @"h\:mm", @"hh\:mm"], CultureInfo.InvariantCulture);
        return new DateTimeOffset(DateTime.Parse(text[..at], CultureInfo.InvariantCulture), offset[0] == '-' ? -size : size);
    }

    private static string Offset(TimeSpan offset) => (offset < TimeSpan.Zero ? "-" : "+") + offset.ToString(offset.Minutes == 0 ? "%h" : @"h\:mm", CultureInfo.InvariantCulture);
}
