namespace Automation.Server.Triggers.Schedules;

/// <summary>The days of a cron expression: its day of month and day of week together.</summary>
/// <remarks>
/// When both fields name days, a day that either names is meant, as in POSIX cron. When one of them begins with <c>*</c> or is <c>?</c>, a day has to fit both. Besides numbers there are, of the
/// month: <c>L</c> the last day, <c>L-3</c> three days before it, <c>15W</c> the weekday (Monday to Friday) that is nearest to the 15th in the same month, <c>LW</c> the last weekday; of the
/// week: <c>FRIL</c> or <c>5L</c> the last Friday of the month, <c>MON#1</c> its first Monday.
/// </remarks>
internal sealed class CronDays
{
    private readonly List<int> beforeLast = [];
    private readonly List<int> nearestWeekdays = []; // 0 for the last
    private readonly List<int> lastOfWeek = [];
    private readonly List<(int Day, int Which)> whichOfWeek = [];
    private ulong ofMonth;
    private ulong ofWeek;
    private bool needsBoth;

    /// <returns>Null when a field has a mistake; <paramref name="problem"/> says which.</returns>
    public static CronDays? TryParse(string ofMonth, string ofWeek, out string problem)
    {
        var days = new CronDays { needsBoth = IsStar(ofMonth) || IsStar(ofWeek) };
        problem = "";
        foreach (var part in Parts(ofMonth)) problem = problem.Length > 0 ? problem : days.ReadOfMonth(part) ?? "";
        foreach (var part in Parts(ofWeek)) problem = problem.Length > 0 ? problem : days.ReadOfWeek(part) ?? "";
        return problem.Length == 0 ? days : null;
    }

    public bool Has(DateTime day)
    {
        var last = DateTime.DaysInMonth(day.Year, day.Month);
        return needsBoth ? IsOfMonth(day, last) && IsOfWeek(day, last) : IsOfMonth(day, last) || IsOfWeek(day, last);
    }

    private static bool IsStar(string field) => field.StartsWith('*') || field == "?";

    private static string[] Parts(string field) => field == "?" ? ["*"] : field.Split(',');

    private string? ReadOfMonth(string part)
    {
        var field = CronField.DayOfMonth;
        if (part.Equals("L", StringComparison.OrdinalIgnoreCase))
        {
            beforeLast.Add(0);
        }
        else if (part.StartsWith("L-", StringComparison.OrdinalIgnoreCase))
        {
            if (!field.TryValue(part.AsSpan(2), out var before) || before > 30) return $"\"{part}\": \"L-\" takes a number of days from 1 to 30.";
            beforeLast.Add(before);
        }
        else if (part.EndsWith('W') || part.EndsWith('w'))
        {
            var day = 0;
            if (!part.Equals("LW", StringComparison.OrdinalIgnoreCase) && !field.TryValue(part.AsSpan(..^1), out day)) return field.Unknown(part.AsSpan(..^1));
            nearestWeekdays.Add(day);
        }
        else
        {
            return field.Read(part, ref ofMonth);
        }

        return null;
    }

    private string? ReadOfWeek(string part)
    {
        var field = CronField.DayOfWeek;
        var hash = part.IndexOf('#', StringComparison.Ordinal);
        if (hash >= 0)
        {
            if (!field.TryValue(part.AsSpan(..hash), out var day)) return field.Unknown(part.AsSpan(..hash));
            if (part.Length != hash + 2 || part[^1] is < '1' or > '5') return $"\"{part}\": \"#\" is followed by a number from 1 to 5.";
            whichOfWeek.Add((day, part[^1] - '0'));
        }
        else if (part.EndsWith('L') || part.EndsWith('l'))
        {
            if (part.Length == 1) return "\"L\" in the field day of week needs a day before it, as in FRIL, the last Friday of the month.";
            if (!field.TryValue(part.AsSpan(..^1), out var day)) return field.Unknown(part.AsSpan(..^1));
            lastOfWeek.Add(day);
        }
        else
        {
            return field.Read(part, ref ofWeek);
        }

        return null;
    }

    private bool IsOfMonth(DateTime day, int last)
    {
        if ((ofMonth >> day.Day & 1) != 0) return true;
        foreach (var before in beforeLast)
        {
            if (day.Day == last - before) return true;
        }

        foreach (var wanted in nearestWeekdays)
        {
            if (wanted <= last && day.Day == NearestWeekday(day, wanted, last)) return true;
        }

        return false;
    }

    private bool IsOfWeek(DateTime day, int last)
    {
        var weekday = (int)day.DayOfWeek;
        if ((ofWeek >> weekday & 1) != 0) return true;
        foreach (var wanted in lastOfWeek)
        {
            if (wanted == weekday && day.Day > last - 7) return true;
        }

        foreach (var (wanted, which) in whichOfWeek)
        {
            if (wanted == weekday && (day.Day + 6) / 7 == which) return true;
        }

        return false;
    }

    private static int NearestWeekday(DateTime inMonth, int wanted, int last)
    {
        var day = wanted == 0 ? last : wanted;
        return new DateTime(inMonth.Year, inMonth.Month, day).DayOfWeek switch
        {
            DayOfWeek.Saturday => day == 1 ? 3 : day - 1,
            DayOfWeek.Sunday => day == last ? day - 2 : day + 1,
            _ => day,
        };
    }
}
