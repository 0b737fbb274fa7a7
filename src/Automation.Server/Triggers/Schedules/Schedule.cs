using System.Globalization;

namespace Automation.Server.Triggers.Schedules;

/// <summary>The times of one <c>schedule</c> trigger.</summary>
internal sealed class Schedule
{
    /// <summary>How many missed times are made up for at the most, the latest ones.</summary>
    public const int MostMissed = 1000;

    /// <summary>A time that is up to this late counts as on time: as long as a server takes to start again.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly Func<DateTimeOffset, DateTimeOffset?> next;

    private Schedule(Func<DateTimeOffset, DateTimeOffset?> next) => this.next = next;

    /// <summary>Null when the config names a time zone that this server does not know.</summary>
    public static Schedule? TryOf(ScheduleTrigger.Config config)
    {
        if (config.Every is { } every) return new Schedule(after => NextMultiple(every.Value, after));
        if (CronExpression.TryParse(config.Cron!, out _) is not { } cron || ZoneNames.Find(config.TimeZone) is not { } zone) return null;
        return new Schedule(new CronTimes(cron, zone).Next);
    }

    /// <summary>What the times follow from, as a text: two schedules with the same have the same times.</summary>
    public static string SpecOf(ScheduleTrigger.Config config) => config.Every is { } every
        ? string.Create(CultureInfo.InvariantCulture, $"every {every.Value.TotalMilliseconds}ms")
        : $"cron {string.Join(' ', config.Cron!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))} {config.TimeZone ?? ZoneNames.Default}";

    /// <summary>The first time after <paramref name="after"/>; null when none comes.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => next(after);

    /// <summary>Where a schedule goes on that was not looked after for a while.</summary>
    /// <param name="due">The time that came first.</param>
    /// <param name="now">Not before <paramref name="due"/>.</param>
    /// <param name="missed">What becomes of those up to now.</param>
    public DateTimeOffset? Resume(DateTimeOffset due, DateTimeOffset now, MissedTimes missed)
    {
        if (Latest(due, now) is not { } latest) return Next(now);
        return missed switch
        {
            MissedTimes.All => LatestOf(MostMissed, due, latest),
            MissedTimes.Skip when now - latest > Grace => Next(now),
            _ => latest,
        };
    }

    private static DateTimeOffset? NextMultiple(TimeSpan every, DateTimeOffset after)
    {
        var since = (after - DateTimeOffset.UnixEpoch).Ticks;
        var past = since % every.Ticks; // negative before 1970
        var pause = every.Ticks - (past < 0 ? past + every.Ticks : past);
        return pause <= (DateTimeOffset.MaxValue - after).Ticks ? after.AddTicks(pause).ToUniversalTime() : null;
    }

    private DateTimeOffset LatestOf(int count, DateTimeOffset due, DateTimeOffset latest)
    {
        var time = due;
        for (var i = 1; i < count && time < latest; i++) time = Next(time)!.Value;
        if (time == latest) return due;
        time = latest;
        for (var i = 1; i < count; i++) time = Latest(due, time - Millisecond)!.Value;
        return time;
    }

    /// <summary>The last time in [due, until]; null when there is none. Looks back by steps that double, then halves the step that found one: as quick for a time each second as for one a year.</summary>
    private DateTimeOffset? Latest(DateTimeOffset due, DateTimeOffset until)
    {
        var first = due - Millisecond;
        var (low, high) = (until, until); // none comes after high
        for (var back = Millisecond; low > first && !IsSoon(low); back *= 2) (low, high) = (until - first > back ? until - back : first, low);
        if (!IsSoon(low)) return null;
        while (high - low > Millisecond)
        {
            var middle = low + TimeSpan.FromTicks((high - low).Ticks / 2);
            if (IsSoon(middle)) low = middle;
            else high = middle;
        }

        return Next(low);

        bool IsSoon(DateTimeOffset after) => Next(after) <= until;
    }
}
