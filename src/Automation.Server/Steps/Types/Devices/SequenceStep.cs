using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Puts events in the order of their own numbers or times: drops those that come too late, or holds those that come too early.</summary>
/// <remarks>
/// Input: any. Output: the input. Outcomes: <c>done</c>, <c>held</c>, <c>stale</c> for an event at or before the last that went on, and for one whose time is more than an hour ahead. With <c>hold</c>, events wait so long for earlier ones and go on in
/// order, each as a run of its own; with <c>consecutive</c> an event whose number is the next goes on at once, and those that it makes the next follow it. When <c>max</c> are held, the first goes on.
/// </remarks>
[StepType("sequence", Title = "Sequence", Category = "Devices", Icon = "arrow-down-1-0", Outcomes = ["done", "held", "stale"], PerKey = true)]
[Description("Drops events that come out of order, or holds them until they are in order.")]
internal sealed class SequenceStep : DeviceStep<SequenceStep.Config, SequenceStep.Line>
{
    public sealed record Config(
        [property: Description("What the order follows: a number, or a time with its offset from UTC; an expression.")] Json By,
        [property: Description("How long an event waits for those before it; when left out, late events are dropped and none waits."), Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00"), Literal] Duration? Hold = null,
        [property: Description("True when numbers count up by one, so that a gap is seen."), Literal] bool Consecutive = false,
        [property: Description("Most events held of a key."), Range(1, 1000), Literal] int Max = 100,
        [property: Description("Begin anew, at any number, when nothing has gone on for this long."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00"), Literal] Duration? Forget = null);

    /// <param name="Last">What went on last; null when nothing has.</param>
    /// <param name="Waiting">Held events, in order.</param>
    public sealed record Line(double? Last, List<Place> Waiting);

    /// <param name="By">Its number.</param>
    /// <param name="Until">When it waits no more, in milliseconds since 1970.</param>
    /// <param name="Event">Id of the event.</param>
    /// <param name="Input">What the step got with it.</param>
    public sealed record Place(double By, long Until, long Event, Json Input);

    public override void Check(StepCheck check)
    {
        if (check.Config.TryGetProperty("consecutive", out _) && !check.Config.TryGetProperty("hold", out _)) check.Problem("/consecutive", "Only with \"hold\" does a gap matter; add it, or leave \"consecutive\" out.");
    }

    protected override Decision OnEvent(Config config, Line? memory, DateTimeOffset at, StepContext context)
    {
        if (!TryPosition(config.By, at, context, out var by)) return Keep(StepResult.To("stale", context.Input));
        var line = memory ?? new Line(null, []);
        if (by <= line.Last || line.Waiting.Exists(place => place.By.Equals(by))) return Keep(StepResult.To("stale", context.Input));
        if (config.Hold is not { } hold || (config.Consecutive && (line.Last is null || by.Equals(line.Last + 1)))) return Next(config, new Line(by, line.Waiting), at, Pass(context));
        var place = new Place(by, (at + hold.Value).ToUnixTimeMilliseconds(), context.Event.Id, context.Input);
        return Next(config, new Line(line.Last, [.. line.Waiting.Append(place).OrderBy(p => p.By)]), at, Hold(context));
    }

    protected override Decision OnTimer(Config config, Line memory, DateTimeOffset at, StepContext context) =>
        memory.Waiting is [var first, .. var others] ? Next(config, new Line(first.By, others), at, Pass(context)) : To(Drop(context), memory);

    /// <summary>Has the first of those that wait go on when it is the next, when there are too many, or when any has waited long enough.</summary>
    private static Decision Next(Config config, Line line, DateTimeOffset at, StepResult result)
    {
        if (line.Waiting is not [var first, ..]) return To(result, line) with { ForgetAt = at + config.Forget?.Value };
        var isNext = config.Consecutive && first.By.Equals(line.Last + 1);
        var until = Time(line.Waiting.Min(place => place.Until));
        var due = isNext || line.Waiting.Count > config.Max || until < at ? at : until;
        return To(result, line) with { Timer = new(due) { Held = new(first.Event, first.Input) } };
    }

    private static bool TryPosition(Json by, DateTimeOffset at, StepContext context, out double position)
    {
        using var document = by.ToDocument();
        var value = document.RootElement;
        if (value.ValueKind is JsonValueKind.String && DateTimeOffset.TryParse(value.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            position = time.ToUnixTimeMilliseconds();
            return !IsAhead(time, at);
        }

        position = Number(by, "by", context);
        return true;
    }
}
