using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Lets one event through in each interval: the first at once, or the last at the interval's end.</summary>
/// <remarks>Input: any. Output: the input of the event that goes on. Outcomes: <c>done</c>, <c>held</c>, <c>dropped</c>. An interval begins with the first event after the one before.</remarks>
[StepType("throttle", Title = "Throttle", Category = "Devices", Icon = "gauge", Outcomes = ["done", "held", "dropped"], PerKey = true)]
[Description("Lets one event through in each interval.")]
internal sealed class ThrottleStep : DeviceStep<ThrottleStep.Config, ThrottleStep.Interval>
{
    public enum Emits
    {
        First,
        Last,
    }

    public sealed record Config(
        [property: Description("Length of the interval."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration Per,
        [property: Description("Which event of an interval goes on. first: at once. last: at its end."), Literal] Emits Emit = Emits.First);

    /// <param name="Until">When it ends, in milliseconds since 1970.</param>
    public sealed record Interval(long Until);

    protected override Decision OnEvent(Config config, Interval? memory, DateTimeOffset at, StepContext context)
    {
        var isFirst = memory is null || at.ToUnixTimeMilliseconds() >= memory.Until;
        var interval = isFirst ? new Interval((at + config.Per.Value).ToUnixTimeMilliseconds()) : memory!;
        if (config.Emit is Emits.Last) return To(Hold(context), interval) with { Timer = new(Time(interval.Until)) };
        return isFirst ? To(Pass(context), interval) with { ForgetAt = Time(interval.Until) } : Keep(Drop(context));
    }

    protected override Decision OnTimer(Config config, Interval memory, DateTimeOffset at, StepContext context) => To(Pass(context), null);
}
