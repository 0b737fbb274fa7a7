using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Gathers values of a key and tells what they come to.</summary>
/// <remarks>
/// Input: any. Output: <c>{ count, sum, avg, min, max, p50, p95, first, last, start, end, reason }</c>, or what the script returns, which gets <c>{ items, start, end, reason }</c> as its <c>input</c>. Outcomes: <c>done</c>
/// with that, <c>held</c> for an event that was taken in, <c>late</c> for one whose time is before the window, or more than an hour ahead. <c>tumbling</c>: one window after the other, with <c>for</c> from full multiple to full multiple
/// of it since 1970. <c>sliding</c>: at each event, over the last so long or so many. <c>session</c>: ends when nothing has come for <c>gap</c>, after <c>for</c> at the latest. A window with <c>maxItems</c> ends at once
/// (<c>reason</c> <c>full</c>), a sliding one forgets its oldest. So does one that grows larger than a step may remember; a sliding one forgets its older half then. Totals that are beyond 1.8e308 are null.
/// </remarks>
[StepType("window", Title = "Window", Category = "Devices", Icon = "chart-no-axes-column", Outcomes = ["done", "held", "late"], PerKey = true)]
[Description("Gathers values and tells what they come to: average, largest, percentiles, or what a script makes of them.")]
internal sealed class WindowStep : DeviceStep<WindowStep.Config, WindowStep.Window>
{
    /// <summary>Milliseconds from 1970 to a time that can be meant, some 1,100 years; a window around it stays within the calendar.</summary>
    private const long Farthest = 1L << 45;

    public enum Kinds
    {
        Tumbling,
        Sliding,
        Session,
    }

    public sealed record Config(
        [property: Description("tumbling: one after the other. sliding: over the last ones, at each event. session: until nothing comes for a while."), Literal] Kinds Kind = Kinds.Tumbling,
        [property: Description("Length of the window; of a session the longest."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration? For = null,
        [property: Description("So many values, instead of a length."), Range(1, 10_000), Literal] int? Count = null,
        [property: Description("A session ends when nothing has come for this long."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration? Gap = null,
        [property: Description("What is gathered; the input when left out. Without a script it has to be a number.")] Json? Value = null,
        [property: Description("When the value is from, as a time with its offset from UTC or milliseconds since 1970; when left out, the time at which its event was accepted.")] Json? Time = null,
        [property: Description("Most values in a window."), Range(1, 10_000), Literal] int MaxItems = 1000,
        [property: Description("A function body that makes the output of input.items, as a text or a list of lines."), Literal] ScriptStep.Code? Code = null,
        [property: Description("A .js or .ts file next to the workflow file that does so, with a default export."), Literal] string? File = null);

    /// <summary>A window under way. Times are milliseconds since 1970.</summary>
    /// <param name="Start">When it began.</param>
    /// <param name="End">When it ends, as far as is known; of one that counts, the time of the last value.</param>
    /// <param name="Times">Of the values.</param>
    /// <param name="Values">In the order in which they came.</param>
    public sealed record Window(long Start, long End, List<long> Times, List<Json> Values);

    public override void Check(StepCheck check)
    {
        var (hasFor, hasCount, hasGap) = (check.Config.TryGetProperty("for", out _), check.Config.TryGetProperty("count", out _), check.Config.TryGetProperty("gap", out _));
        var isSession = check.Config.TryGetProperty("kind", out var kind) && kind.ValueKind is JsonValueKind.String && kind.GetString() == "session";
        if (isSession && !hasGap) check.Problem("", "A session window needs \"gap\": it ends when nothing has come for so long.");
        if (isSession && hasCount) check.Problem("/count", "A session window ends by \"gap\"; leave \"count\" out.");
        if (!isSession && hasFor == hasCount) check.Problem("", "A window has either \"for\", as \"1m\", or \"count\".");
        if (!isSession && hasGap) check.Problem("/gap", "Only a session window has \"gap\"; add \"kind\": \"session\", or leave it out.");
        if (check.Config.TryGetProperty("code", out _) || check.Config.TryGetProperty("file", out _)) ScriptStep.CheckScript(check);
    }

    protected override Decision OnEvent(Config config, Window? memory, DateTimeOffset at, StepContext context)
    {
        var value = config.Value ?? (IsGiven("value", context) ? Json.Null : context.Input);
        if (config is { Code: null, File: null }) Number(value, "value", context);
        var own = TimeOf(config, at, context);
        if (IsAhead(own, at)) return Keep(StepResult.To("late", context.Input));
        var time = own.ToUnixTimeMilliseconds();
        return config.Kind switch
        {
            Kinds.Sliding => Slide(config, memory, value, time, at, context),
            Kinds.Session => Session(config, memory, value, time, at, context),
            _ when config.Count is { } count => Counted(config, memory, value, time, count, context),
            _ => Tumble(config, memory, value, time, at, context),
        };
    }

    protected override Decision OnTimer(Config config, Window memory, DateTimeOffset at, StepContext context) => To(Close(memory, config.Kind is Kinds.Session ? "gap" : "time"), null);

    protected override async ValueTask<StepResult> FinishAsync(Config config, StepResult result, StepContext context)
    {
        if (result.Outcome != StepResult.DoneOutcome) return result;
        if (config.Code is not null || config.File is not null) return StepResult.Done(await context.CallScriptAsync(result.Output));
        return StepResult.Done(Totals.Of(result.Output));
    }

    private static Decision Tumble(Config config, Window? open, Json value, long time, DateTimeOffset at, StepContext context)
    {
        var length = (long)config.For!.Value.Value.TotalMilliseconds;
        var start = time - (((time % length) + length) % length);
        if (open is not null && start < open.Start) return Keep(StepResult.To("late", context.Input));
        if (open is null || start > open.Start)
        {
            var begun = new Window(start, start + length, [time], [value]);
            return Took(config, begun, open is null ? null : Close(open, "time"), TimerOf(config, begun, at, length), context);
        }

        var grown = With(open, time, value);
        return Took(config, grown, null, TimerOf(config, grown, at, length), context);
    }

    private static Decision Session(Config config, Window? open, Json value, long time, DateTimeOffset at, StepContext context)
    {
        var gap = (long)config.Gap!.Value.Value.TotalMilliseconds;
        var longest = (long?)config.For?.Value.TotalMilliseconds;
        if (open is not null && time < open.Start) return Keep(StepResult.To("late", context.Input));
        var isOver = open is null || time >= open.End;
        var session = isOver ? new Window(time, 0, [time], [value]) : With(open!, time, value);
        session = session with { End = Math.Min(Math.Max(open is null || isOver ? 0 : open.End, time + gap), session.Start + longest ?? long.MaxValue) };
        return Took(config, session, isOver && open is not null ? Close(open, "gap") : null, TimerOf(config, session, at, gap), context);
    }

    private static Decision Counted(Config config, Window? open, Json value, long time, int count, StepContext context)
    {
        var window = open is null ? new Window(time, time, [time], [value]) : With(open, time, value) with { End = Math.Max(open.End, time) };
        return window.Values.Count >= count ? To(Close(window, "count"), null) : Took(config, window, null, null, context);
    }

    private static Decision Slide(Config config, Window? open, Json value, long time, DateTimeOffset at, StepContext context)
    {
        if (time <= open?.End - (long?)config.For?.Value.TotalMilliseconds) return Keep(StepResult.To("late", context.Input));
        var (times, values) = open is null ? ([time], [value]) : (new List<long>([.. open.Times, time]), new List<Json>([.. open.Values, value]));
        var length = (long?)config.For?.Value.TotalMilliseconds;
        var latest = times.Max();
        for (var i = times.Count - 1; i >= 0; i--)
        {
            if (times[i] > latest - length || length is null) continue;
            times.RemoveAt(i);
            values.RemoveAt(i);
        }

        var surplus = Math.Max(0, times.Count - Math.Min(config.Count ?? int.MaxValue, config.MaxItems));
        var window = Last(times.Count - surplus);
        var decision = To(Close(window, "event"), window) with { ForgetAt = at + config.For?.Value };
        return decision with { WhenTooLarge = decision with { Memory = Last(window.Values.Count - (window.Values.Count / 2)) } };

        Window Last(int count) => new(times[^count..].Min(), latest, times[^count..], values[^count..]);
    }

    /// <summary>The event is in the window, which may be full; or in a new one, after another that ended.</summary>
    private static Decision Took(Config config, Window window, StepResult? ended, TimerRequest? timer, StepContext context)
    {
        if (ended is null && window.Values.Count >= config.MaxItems) return To(Close(window, "full"), null);
        return To(ended ?? Hold(context), window) with { Timer = timer, WhenTooLarge = ended is null ? To(Close(window, "full"), null) : null };
    }

    /// <summary>By the times of events, nothing says that a window is over but a later event; or that none has come for as long as a window is.</summary>
    private static TimerRequest TimerOf(Config config, Window window, DateTimeOffset at, long quiet) => new(config.Time is null ? Time(window.End) : at.AddMilliseconds(quiet));

    private static Window With(Window window, long time, Json value) => window with { Times = [.. window.Times, time], Values = [.. window.Values, value] };

    private static StepResult Close(Window window, string reason) =>
        StepResult.Done(new { items = window.Values, start = Time(window.Start).UtcDateTime, end = Time(window.End).UtcDateTime, reason });

    /// <summary>Whether a property is written, though it may come to null.</summary>
    private static bool IsGiven(string property, StepContext context) =>
        context.Step.Config.Expressions?.Expressions.Any(e => e.Pointer.EndsWith("/" + property, StringComparison.Ordinal)) ?? false;

    private static DateTimeOffset TimeOf(Config config, DateTimeOffset at, StepContext context)
    {
        if (config.Time is not { } time) return at;
        using var document = time.ToDocument();
        var isTime = DateTimeOffset.TryParse(document.RootElement.ValueKind is JsonValueKind.String ? document.RootElement.GetString() : null, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed);
        if (document.RootElement.ValueKind is JsonValueKind.Number && document.RootElement.TryGetInt64(out var milliseconds) && Math.Abs(milliseconds) <= Farthest) (isTime, parsed) = (true, Time(milliseconds));
        return isTime && parsed.ToUnixTimeMilliseconds() >= -Farthest
            ? parsed
            : throw Invalid("time", "Expected a time with its offset from UTC, or milliseconds since 1970.", context);
    }
}

/// <summary>What the numbers of a window come to.</summary>
internal static class Totals
{
    /// <param name="window"><c>{ items, start, end, reason }</c></param>
    public static Json Of(Json window)
    {
        using var document = window.ToDocument();
        var numbers = document.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetDouble()).ToList();
        var sorted = numbers.Order().ToList();
        return Json.From(new
        {
            count = numbers.Count,
            sum = Finite(numbers.Sum()),
            avg = Finite(numbers.Average()),
            min = sorted[0],
            max = sorted[^1],
            p50 = Percentile(sorted, 50),
            p95 = Percentile(sorted, 95),
            first = numbers[0],
            last = numbers[^1],
            start = Json.Of(document.RootElement.GetProperty("start")),
            end = Json.Of(document.RootElement.GetProperty("end")),
            reason = Json.Of(document.RootElement.GetProperty("reason")),
        });
    }

    private static Json Finite(double total) => double.IsFinite(total) ? Json.From(total) : Json.Null;

    /// <summary>The nearest rank: the smallest of the numbers that so many percent of them are not above.</summary>
    private static double Percentile(List<double> sorted, int percent) => sorted[((sorted.Count * percent) + 99) / 100 - 1];
}
