using System.Numerics;

namespace Automation.Server.Triggers.Schedules;

/// <summary>A cron expression: the times of day, on the days of a calendar, that a clock on the wall shows. It knows no time zone; <see cref="CronTimes"/> does.</summary>
/// <remarks>
/// Five fields, <c>minute hour day-of-month month day-of-week</c>, or six with the second before them, or one of <c>@hourly @daily @midnight @weekly @monthly @yearly @annually</c>. A field is a
/// list of numbers, names, ranges and steps; days: <see cref="CronDays"/>.
/// </remarks>
internal sealed class CronExpression
{
    public const int LongestText = 256;

    // A 29 February on a given weekday comes after 40 years at the latest, where 2100 lies between.
    private const int LongestGapYears = 41;

    private static readonly Dictionary<string, string> Words = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private readonly ulong seconds;
    private readonly ulong minutes;
    private readonly ulong hours;
    private readonly ulong months;
    private readonly CronDays days;

    private CronExpression(ulong seconds, ulong minutes, ulong hours, ulong months, CronDays days, bool isTimeOfDay) =>
        (this.seconds, this.minutes, this.hours, this.months, this.days, IsTimeOfDay) = (seconds, minutes, hours, months, days, isTimeOfDay);

    /// <summary>True when second, minute and hour are numbers or lists of numbers: it says at what time of day. False when it says how often, with <c>*</c>, <c>-</c> or <c>/</c>.</summary>
    public bool IsTimeOfDay { get; }

    /// <summary>Null when the text is no cron expression, or one whose time never comes; <paramref name="problem"/> is a sentence that says why.</summary>
    public static CronExpression? TryParse(string text, out string problem)
    {
        problem = $"A cron expression has at most {LongestText} characters.";
        if (text.Length > LongestText) return null;
        var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (fields is [['@', ..] word])
        {
            problem = $"\"{word}\" is not one of {string.Join(", ", Words.Keys)}.";
            if (!Words.TryGetValue(word, out var meant)) return null;
            fields = meant.Split(' ');
        }

        problem = $"A cron expression has five fields (minute, hour, day of month, month, day of week), or six with the second first; this has {fields.Length}.";
        if (fields.Length is not (5 or 6)) return null;
        if (fields.Length == 5) fields = ["0", .. fields];
        if (Read(CronField.Second, fields[0], out problem) is not { } seconds
            || Read(CronField.Minute, fields[1], out problem) is not { } minutes
            || Read(CronField.Hour, fields[2], out problem) is not { } hours
            || CronDays.TryParse(fields[3], fields[5], out problem) is not { } days
            || Read(CronField.Month, fields[4], out problem) is not { } months) return null;
        var expression = new CronExpression(seconds, minutes, hours, months, days, !fields.Take(3).Any(field => field.AsSpan().ContainsAny('*', '-', '/')));
        problem = "No such day ever comes; look at day of month, month and day of week.";
        return expression.Next(new DateTime(2000, 1, 1)) is null ? null : expression;
    }

    /// <summary>The first time on the wall at or after <paramref name="from"/>, which has no fraction of a second; null when none comes in this calendar.</summary>
    public DateTime? Next(DateTime from)
    {
        var (day, time) = (from.Date, from.TimeOfDay);
        var end = Math.Min(from.Year + LongestGapYears, DateTime.MaxValue.Year);
        while (day.Year < end)
        {
            if ((months >> day.Month & 1) == 0)
            {
                (day, time) = (new DateTime(day.Year, day.Month, 1).AddMonths(1), default);
                continue;
            }

            if (days.Has(day) && NextInDay(time) is { } found) return day + found;
            (day, time) = (day.AddDays(1), default);
        }

        return null;
    }

    private static ulong? Read(CronField field, string text, out string problem)
    {
        ulong bits = 0;
        foreach (var part in text.Split(','))
        {
            problem = field.Read(part, ref bits) ?? "";
            if (problem.Length > 0) return null;
        }

        problem = "";
        return bits;
    }

    private TimeSpan? NextInDay(TimeSpan from)
    {
        var hour = At(hours, from.Hours);
        if (hour == from.Hours)
        {
            var minute = At(minutes, from.Minutes);
            if (minute == from.Minutes)
            {
                var second = At(seconds, from.Seconds);
                if (second < 60) return new TimeSpan(hour, minute, second);
                minute = At(minutes, minute + 1);
            }

            if (minute < 60) return new TimeSpan(hour, minute, At(seconds, 0));
            hour = At(hours, hour + 1);
        }

        return hour < 24 ? new TimeSpan(hour, At(minutes, 0), At(seconds, 0)) : null;
    }

    /// <summary>The lowest bit at or above a place; 64 when none is.</summary>
    private static int At(ulong bits, int from) => from + (from < 64 && bits >> from is var rest and not 0 ? BitOperations.TrailingZeroCount(rest) : 64 - from);
}
