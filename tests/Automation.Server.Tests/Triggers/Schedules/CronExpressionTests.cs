using System.Globalization;
using Automation.Server.Triggers.Schedules;
using FsCheck;
using FsCheck.Fluent;

namespace Automation.Server.Tests.Triggers.Schedules;

public sealed class CronExpressionTests
{
    // A Wednesday.
    private static readonly DateTime Start = new(2026, 7, 1, 10, 7, 30);

    [Theory]
    [InlineData("* * * * *", "2026-07-01 10:08:00, 2026-07-01 10:09:00")]
    [InlineData("*/15 * * * *", "2026-07-01 10:15:00, 2026-07-01 10:30:00, 2026-07-01 10:45:00, 2026-07-01 11:00:00")]
    [InlineData("*/20 * * * * *", "2026-07-01 10:07:40, 2026-07-01 10:08:00")]
    [InlineData("10/20 * * * *", "2026-07-01 10:10:00, 2026-07-01 10:30:00, 2026-07-01 10:50:00, 2026-07-01 11:10:00")]
    [InlineData("0 8 * * MON-FRI", "2026-07-02 08:00:00, 2026-07-03 08:00:00, 2026-07-06 08:00:00")]
    [InlineData("0 8 * * 1-5", "2026-07-02 08:00:00, 2026-07-03 08:00:00, 2026-07-06 08:00:00")]
    [InlineData("0 8 * * 5-7", "2026-07-03 08:00:00, 2026-07-04 08:00:00, 2026-07-05 08:00:00, 2026-07-10 08:00:00")]
    [InlineData("0 8 * * 0", "2026-07-05 08:00:00, 2026-07-12 08:00:00")]
    [InlineData("0 8 * * 7", "2026-07-05 08:00:00, 2026-07-12 08:00:00")]
    [InlineData("0 8 * * 2", "2026-07-07 08:00:00")]
    [InlineData("0 0 8 ? * TUE", "2026-07-07 08:00:00")]
    [InlineData("0 0 8 ? * 2", "2026-07-07 08:00:00")]
    [InlineData("0 0 8 15 * ?", "2026-07-15 08:00:00, 2026-08-15 08:00:00")]
    [InlineData("0 8 * * fri-mon", "2026-07-03 08:00:00, 2026-07-04 08:00:00, 2026-07-05 08:00:00, 2026-07-06 08:00:00, 2026-07-10 08:00:00")]
    [InlineData("0 22-2 * * *", "2026-07-01 22:00:00, 2026-07-01 23:00:00, 2026-07-02 00:00:00, 2026-07-02 01:00:00, 2026-07-02 02:00:00, 2026-07-02 22:00:00")]
    [InlineData("0 12 10 nov,jan *", "2026-11-10 12:00:00, 2027-01-10 12:00:00")]
    [InlineData("0 0 13 * FRI", "2026-07-03 00:00:00, 2026-07-10 00:00:00, 2026-07-13 00:00:00")] // either, as in POSIX
    [InlineData("0 0 */2 * FRI", "2026-07-03 00:00:00, 2026-07-17 00:00:00")] // both, because of the star
    [InlineData("0 0 29 2 *", "2028-02-29 00:00:00, 2032-02-29 00:00:00")]
    [InlineData("0 0 31 * *", "2026-07-31 00:00:00, 2026-08-31 00:00:00, 2026-10-31 00:00:00")]
    [InlineData("0 0 L * *", "2026-07-31 00:00:00, 2026-08-31 00:00:00, 2026-09-30 00:00:00")]
    [InlineData("0 0 L-3 * *", "2026-07-28 00:00:00, 2026-08-28 00:00:00, 2026-09-27 00:00:00")]
    [InlineData("0 0 15W * *", "2026-07-15 00:00:00, 2026-08-14 00:00:00, 2026-09-15 00:00:00, 2026-10-15 00:00:00, 2026-11-16 00:00:00")]
    [InlineData("0 0 1W * *", "2026-08-03 00:00:00")]
    [InlineData("0 0 31W 1,5 *", "2027-01-29 00:00:00, 2027-05-31 00:00:00")]
    [InlineData("0 0 LW * *", "2026-07-31 00:00:00, 2026-08-31 00:00:00, 2026-09-30 00:00:00, 2026-10-30 00:00:00")]
    [InlineData("0 0 * * FRIL", "2026-07-31 00:00:00, 2026-08-28 00:00:00")]
    [InlineData("0 0 * * 5L", "2026-07-31 00:00:00, 2026-08-28 00:00:00")]
    [InlineData("0 0 * * MON#1", "2026-07-06 00:00:00, 2026-08-03 00:00:00")]
    [InlineData("0 0 * * 5#5", "2026-07-31 00:00:00, 2026-10-30 00:00:00")]
    [InlineData("@hourly", "2026-07-01 11:00:00")]
    [InlineData("@Daily", "2026-07-02 00:00:00")]
    [InlineData("@weekly", "2026-07-05 00:00:00")]
    [InlineData("@yearly", "2027-01-01 00:00:00")]
    [InlineData("  0   8\t* * *  ", "2026-07-02 08:00:00")]
    public void Next_IsWhatCronSays(string text, string expected)
    {
        var cron = CronExpression.TryParse(text, out var problem);
        Assert.True(cron is not null, problem);
        var at = Start;
        foreach (var time in expected.Split(", "))
        {
            at = cron.Next(at)!.Value;
            Assert.Equal(time, at.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
            at = at.AddSeconds(1);
        }
    }

    [Theory]
    [InlineData("", "A cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second first; this has 0.")]
    [InlineData("0 0 12 * * ? 2030", "A cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second first; this has 7.")]
    [InlineData("61 * * * *", "\"61\" in the field minute is not a number from 0 to 59.")]
    [InlineData("* 24 * * *", "\"24\" in the field hour is not a number from 0 to 23.")]
    [InlineData("* * 0 * *", "\"0\" in the field day of month is not a number from 1 to 31.")]
    [InlineData("* * * JANUARY *", "\"JANUARY\" in the field month is not a number from 1 to 12 or a name from JAN to DEC.")]
    [InlineData("* * * * 8", "\"8\" in the field day of week is not a number from 0 to 7 or a name from SUN to SAT.")]
    [InlineData("-5 * * * *", "A value is missing in the field minute.")]
    [InlineData("1,,2 * * * *", "A value is missing in the field minute.")]
    [InlineData("*/90 * * * *", "\"*/90\": a step in the field minute is a number from 1 to 59.")]
    [InlineData("*/0 * * * *", "\"*/0\": a step in the field minute is a number from 1 to 59.")]
    [InlineData("? * * * *", "\"?\" in the field minute is not a number from 0 to 59.")]
    [InlineData("0 0 * * L", "\"L\" in the field day of week needs a day before it, as in FRIL, the last Friday of the month.")]
    [InlineData("0 0 * * MON#6", "\"MON#6\": \"#\" is followed by a number from 1 to 5.")]
    [InlineData("0 0 L-31 * *", "\"L-31\": \"L-\" takes a number of days from 1 to 30.")]
    [InlineData("0 0 30 2 *", "No such day ever comes; look at day of month, month and day of week.")]
    [InlineData("0 0 31 4,6,9,11 ?", "No such day ever comes; look at day of month, month and day of week.")]
    [InlineData("@reboot", "\"@reboot\" is not one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.")]
    public void Mistakes_AreNamed(string text, string expected)
    {
        Assert.Null(CronExpression.TryParse(text, out var problem));
        Assert.Equal(expected, problem);
    }

    [Fact]
    public void TheLongestGap_IsBridged()
    {
        // A fifth Sunday in February: once in 28 years, and in 40 where 2100 lies between.
        var cron = CronExpression.TryParse("0 0 * 2 SUN#5", out _);
        Assert.NotNull(cron);
        var at = new DateTime(2000, 1, 1);
        for (var i = 0; i < 8; i++)
        {
            at = cron.Next(at)!.Value;
            Assert.Equal((2, 29, DayOfWeek.Sunday), (at.Month, at.Day, at.DayOfWeek));
            at = at.AddDays(1);
        }
    }

    [Fact]
    public void TheEndOfTheCalendar_IsTheEnd()
    {
        var cron = CronExpression.TryParse("* * * * *", out _)!;
        Assert.Null(cron.Next(DateTime.MaxValue.Date));
        Assert.Null(new CronTimes(cron, TimeZoneInfo.Utc).Next(DateTimeOffset.MaxValue));
        Assert.NotNull(new CronTimes(cron, TimeZoneInfo.Utc).Next(DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void HostileTexts_NeitherThrow_NorTakeLong()
    {
        var pieces = Gen.Elements("*", "?", "0", "7", "59", "60", "31", "99999999999", "-", "/", ",", "#", "L", "W", "LW", "MON", "feb", "@", " ", " ", " ", "  ", "\t", "\0", "é", "٣", "+1", "1-", "5/", "*/59", "30", "2", "29");
        var texts = Gen.OneOf(
            pieces.ListOf().Select(string.Concat),
            ArbMap.Default.GeneratorFor<string>(),
            Gen.ListOf(Gen.Elements("*", "?", "*/2", "1", "0", "30", "31", "29", "2", "L", "LW", "31W", "MON#5", "5L", "2-1", "L-30", "7"), 6).Select(fields => string.Join(' ', fields)));
        var zone = ZoneNames.Find("Europe/Berlin")!;
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var started = TimeProvider.System.GetTimestamp();
            var cron = CronExpression.TryParse(text ?? "", out var problem);
            if (cron is null) Assert.NotEmpty(problem);
            if (cron is not null)
            {
                var at = new DateTimeOffset(2026, 3, 28, 23, 0, 0, TimeSpan.Zero);
                for (var i = 0; i < 10 && new CronTimes(cron, zone).Next(at) is { } next; i++)
                {
                    Assert.True(next > at);
                    at = next;
                }
            }

            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(2));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }
}
