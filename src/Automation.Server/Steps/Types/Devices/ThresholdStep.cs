using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Tells once when a value goes beyond a limit, and once when it is back.</summary>
/// <remarks>
/// Input: any. Output: the input of the event that tells it: with <c>for</c> the last one while it held. Outcomes: <c>raised</c>, <c>cleared</c>; <c>held</c> while it has not lasted long enough;
/// <c>dropped</c> for what tells nothing new. Beyond is more than <c>above</c>, or less than <c>below</c>. It is back below <c>clearBelow</c> and above <c>clearAbove</c>; left out, within the limits.
/// </remarks>
[StepType("threshold", Title = "Threshold", Category = "Devices", Icon = "thermometer", Outcomes = ["raised", "cleared", "held", "dropped"], PerKey = true)]
[Description("Tells once when a value goes beyond a limit, and once when it is back.")]
internal sealed class ThresholdStep : DeviceStep<ThresholdStep.Config, ThresholdStep.Level>
{
    private const string Raised = "raised", Cleared = "cleared";

    public sealed record Config(
        [property: Description("The number, an expression.")] Json Value,
        [property: Description("Raised above this.")] double? Above = null,
        [property: Description("Raised below this.")] double? Below = null,
        [property: Description("Cleared below this, where it was above; at \"above\" when left out.")] double? ClearBelow = null,
        [property: Description("Cleared above this, where it was below; at \"below\" when left out.")] double? ClearAbove = null,
        [property: Description("How long it has to last to be raised; at once when left out."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration? For = null,
        [property: Description("How long it has to last to be cleared; at once when left out."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration? ClearFor = null);

    /// <param name="Raised">Whether it is.</param>
    /// <param name="Since">When what may change that began, in milliseconds since 1970; null when nothing may.</param>
    public sealed record Level(bool Raised, long? Since);

    public override void Check(StepCheck check)
    {
        var config = check.Config;
        if (!config.TryGetProperty("above", out _) && !config.TryGetProperty("below", out _)) check.Problem("", "A threshold needs \"above\" or \"below\".");
        if (config.TryGetProperty("clearBelow", out _) && !config.TryGetProperty("above", out _)) check.Problem("/clearBelow", "\"clearBelow\" goes with \"above\"; add it, or say \"clearAbove\".");
        if (config.TryGetProperty("clearAbove", out _) && !config.TryGetProperty("below", out _)) check.Problem("/clearAbove", "\"clearAbove\" goes with \"below\"; add it, or say \"clearBelow\".");
        if (Value(config, "clearBelow") > Value(config, "above")) check.Problem("/clearBelow", "It has to clear at or below \"above\"; lower it.");
        if (Value(config, "clearAbove") < Value(config, "below")) check.Problem("/clearAbove", "It has to clear at or above \"below\"; raise it.");
    }

    protected override Decision OnEvent(Config config, Level? memory, DateTimeOffset at, StepContext context)
    {
        var value = Number(config.Value, "value", context);
        var isRaised = memory?.Raised ?? false;
        var turns = isRaised ? IsBack(config, value) : value > config.Above || value < config.Below;
        if (!turns) return memory?.Since is null ? Keep(Drop(context)) : To(Drop(context), isRaised ? new Level(true, null) : null);
        var lasts = (isRaised ? config.ClearFor : config.For)?.Value ?? TimeSpan.Zero;
        var since = memory?.Since is { } before ? Time(before) : at;
        return at - since >= lasts
            ? Turn(isRaised, context)
            : To(Hold(context), new Level(isRaised, since.ToUnixTimeMilliseconds())) with { Timer = new(since + lasts) };
    }

    protected override Decision OnTimer(Config config, Level memory, DateTimeOffset at, StepContext context) => Turn(memory.Raised, context);

    private static Decision Turn(bool isRaised, StepContext context) =>
        isRaised ? To(StepResult.To(Cleared, context.Input), null) : To(StepResult.To(Raised, context.Input), new Level(true, null));

    private static bool IsBack(Config config, double value) =>
        (config.ClearBelow is { } low ? value < low : config.Above is null || value <= config.Above) &&
        (config.ClearAbove is { } high ? value > high : config.Below is null || value >= config.Below);

    private static double? Value(JsonElement config, string name) => config.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetDouble() : null;
}
