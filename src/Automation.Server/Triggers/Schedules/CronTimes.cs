namespace Automation.Server.Triggers.Schedules;

/// <summary>When the clocks of a time zone show the times of a cron expression.</summary>
/// <remarks>
/// Clocks that are put forward pass over times, and clocks that are put back show times twice. An expression that says at what time of day (<see cref="CronExpression.IsTimeOfDay"/>) comes once
/// each day all the same: a time that is passed over comes at the moment of the change, one that is shown twice comes the first time. An expression that says how often comes whenever the clock
/// shows it: not at times that are passed over, and twice at those shown twice.
/// </remarks>
internal sealed class CronTimes(CronExpression cron, TimeZoneInfo zone)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    // Clocks are changed by less than a day, and not twice in a day.
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // Each change of the clock may take a step. A time that falls into a change each year for ever is not looked for any longer.
    private const int MostSteps = 500;

    /// <summary>The first time after <paramref name="after"/>; null when none comes in this calendar.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (after.Year >= DateTime.MaxValue.Year - 1 || after.Year < 2) return null;
        var from = after.UtcDateTime.AddTicks(-(after.UtcTicks % TimeSpan.TicksPerSecond)) + Second;
        if (cron.IsTimeOfDay && Change(from - Day, from) is { } before)
        {
            if (before.At == from && PassesOver(before)) return Utc(from);
            if (from < before.At + before.Back) from = before.At + before.Back;
        }

        for (var step = 0; step < MostSteps && from.Year < DateTime.MaxValue.Year - 1; step++)
        {
            var offset = zone.GetUtcOffset(from);
            if (cron.Next(from + offset) is not { } wall) return null;
            var at = DateTime.SpecifyKind(wall - offset, DateTimeKind.Utc);
            var end = from + Day;
            var change = Change(from, end);
            if (at < (change?.At ?? end)) return Utc(at);
            if (change is not { } clock)
            {
                // Nothing until a day before it: clocks that are put back in between show only times that come after this one.
                from = at - Day > end ? at - Day : end;
                continue;
            }

            if (cron.IsTimeOfDay && PassesOver(clock)) return Utc(clock.At);
            from = cron.IsTimeOfDay ? clock.At + clock.Back : clock.At;
        }

        return null;
    }

    private static DateTimeOffset Utc(DateTime time) => new(time.Ticks, TimeSpan.Zero);

    private bool PassesOver(ClockChange change) => change.After > change.Before && cron.Next(change.At + change.Before) < change.At + change.After;

    /// <summary>The change of the clocks in (from, to]; null when there is none.</summary>
    private ClockChange? Change(DateTime from, DateTime to)
    {
        var offset = zone.GetUtcOffset(from);
        if (zone.GetUtcOffset(to) == offset) return null;
        while (to - from > Second)
        {
            var middle = from + (Second * Math.Floor((to - from) / Second / 2));
            if (zone.GetUtcOffset(middle) == offset) from = middle;
            else to = middle;
        }

        return new ClockChange(to, offset, zone.GetUtcOffset(to));
    }

    private readonly record struct ClockChange(DateTime At, TimeSpan Before, TimeSpan After)
    {
        /// <summary>How long after it the clocks show times that they have shown before.</summary>
        public TimeSpan Back => Before > After ? Before - After : TimeSpan.Zero;
    }
}
