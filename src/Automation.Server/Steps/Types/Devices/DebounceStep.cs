using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Makes one of a burst of events: the last one when it is quiet again, the first one at once, or both.</summary>
/// <remarks>
/// Input: any. Output: the input of the event that goes on. Outcomes: <c>done</c>; <c>held</c> for an event that goes on if none follows it; <c>dropped</c>. A burst is over when the key has been
/// quiet for <c>for</c>. With <c>maxWait</c>, one that does not end lets an event through each <c>maxWait</c>.
/// </remarks>
[StepType("debounce", Title = "Debounce", Category = "Devices", Icon = "hourglass", Outcomes = ["done", "held", "dropped"], PerKey = true)]
[Description("Makes one event of a burst: the last when it is quiet again, the first at once, or both.")]
internal sealed class DebounceStep : DeviceStep<DebounceStep.Config, DebounceStep.Burst>
{
    public enum Edges
    {
        Trailing,
        Leading,
        Both,
    }

    public sealed record Config(
        [property: Description("How long it has to be quiet for the burst to be over."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration For,
        [property: Description("Which events of a burst go on. trailing: the last. leading: the first. both: the first, and the last if there is another."), Literal] Edges Edge = Edges.Trailing,
        [property: Description("Longest time for which a burst that does not end holds everything back."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration? MaxWait = null);

    /// <summary>A burst under way. Times are milliseconds since 1970.</summary>
    /// <param name="Since">When it began, or let an event through.</param>
    /// <param name="Until">When it is over.</param>
    public sealed record Burst(long Since, long Until);

    public override void Check(StepCheck check)
    {
        if (Length(check, "for") is { } quiet && Length(check, "maxWait") is { } longest && longest < quiet) check.Problem("/maxWait", $"A burst lasts {new Duration(quiet)} at least (\"for\"); make \"maxWait\" longer.");
    }

    protected override Decision OnEvent(Config config, Burst? memory, DateTimeOffset at, StepContext context)
    {
        var now = at.ToUnixTimeMilliseconds();
        var quiet = (long)config.For.Value.TotalMilliseconds;
        var longest = (long?)config.MaxWait?.Value.TotalMilliseconds;
        var isFirst = memory is null || now >= memory.Until;
        var burst = isFirst ? new Burst(now, now + quiet) : memory! with { Until = Math.Max(memory!.Until, now + quiet) };
        if (config.Edge is Edges.Leading && !isFirst && now - burst.Since >= longest) (isFirst, burst) = (true, burst with { Since = now });
        if (config.Edge is not Edges.Trailing && isFirst) return To(Pass(context), burst) with { ForgetAt = Time(burst.Until) };
        if (config.Edge is Edges.Leading) return To(Drop(context), burst) with { ForgetAt = Time(burst.Until) };
        return To(Hold(context), burst) with { Timer = new(Time(Math.Min(burst.Until, burst.Since + longest ?? long.MaxValue))) };
    }

    protected override Decision OnTimer(Config config, Burst memory, DateTimeOffset at, StepContext context)
    {
        var now = at.ToUnixTimeMilliseconds();
        if (config.Edge is not Edges.Both || now >= memory.Until) return To(Pass(context), null);
        return To(Pass(context), memory with { Since = now }) with { ForgetAt = Time(memory.Until) }; // the burst goes on: what follows is not its first
    }

    private static TimeSpan? Length(StepCheck check, string name) =>
        check.Config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String && Duration.TryParse(value.GetString(), out var length) ? length.Value : null;
}
