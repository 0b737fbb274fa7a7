using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Schedules;

/// <summary>Starts a run at times: those of a cron expression, or again and again.</summary>
[TriggerType("schedule", Title = "Schedule", Icon = "calendar-clock")]
[Description("Starts runs at the times of a cron expression, or again and again.")]
internal sealed class ScheduleTrigger : TriggerType<ScheduleTrigger.Config>
{
    public const string TypeName = "schedule";

    public sealed record Config(
        [property: Description("When, as cron has it: minute, hour, day of month, month, day of week, with the second before them if there are six. 0 8 * * MON-FRI is 8 o'clock on working days."), Literal]
        string? Cron = null,
        [property: Description("IANA name of the time zone whose clocks cron means, as Europe/Berlin. UTC by default."), Literal]
        string? TimeZone = null,
        [property: Description("How often, instead of cron: 15m is at each full quarter of an hour, counted from 1970-01-01T00:00:00Z. 1s at least."), Range(typeof(TimeSpan), "00:00:01", "366.00:00:00")]
        Duration? Every = null,
        [property: Description("What becomes of times while the server was not running. once: the latest of them is made up for. all: each of them, the latest 1000 at the most. skip: none.")]
        MissedTimes Missed = MissedTimes.Once,
        [property: Description("What event.data is. Left out: { \"scheduledAt\", \"previousAt\" }.")] Json? Data = null);

    public override void Check(TriggerCheck check)
    {
        var (hasCron, hasEvery) = (check.Config.TryGetProperty("cron", out _), check.Config.TryGetProperty("every", out var every));
        if (hasCron == hasEvery) check.Problem("", "A schedule has either \"cron\", as \"0 8 * * MON-FRI\", or \"every\", as \"15m\".");
        if (TriggerCheck.Text(check.Config, "cron") is { } cron && CronExpression.TryParse(cron, out var problem) is null) check.Problem("/cron", problem);
        if (every.ValueKind is JsonValueKind.String && Duration.TryParse(every.GetString(), out var pause) && pause.Value.Ticks % TimeSpan.TicksPerMillisecond != 0) check.Problem("/every", "every must be whole milliseconds.");
        if (TriggerCheck.Text(check.Config, "timeZone") is not { } zone) return;
        if (hasEvery && !hasCron) check.Problem("/timeZone", "A time zone goes with \"cron\"; \"every\" counts from 1970-01-01T00:00:00Z. Leave it out.");
        else if (ZoneNames.Find(zone) is null) check.Missing("/timeZone", ZoneNames.Mistake(zone));
    }
}

/// <summary>What becomes of times that came while the server was not running.</summary>
internal enum MissedTimes
{
    /// <summary>None is made up for, unless it is less than <see cref="Schedule.Grace"/> ago.</summary>
    Skip,

    /// <summary>The latest is made up for.</summary>
    Once,

    /// <summary>Each is made up for, the latest <see cref="Schedule.MostMissed"/> of them.</summary>
    All,
}
