using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Lets an event through when a value of it has changed since the last one that went through.</summary>
/// <remarks>
/// Input: any. Output: the input. Outcomes: <c>done</c>, <c>dropped</c>. Values are equal as JSON. With a deadband numbers count only when they differ by more than that from the last that went through, so that a
/// slow drift is seen too. The first event of a key goes through.
/// </remarks>
[StepType("changed", Title = "Changed", Category = "Devices", Icon = "diff", Outcomes = ["done", "dropped"], PerKey = true)]
[Description("Goes on only when a value has changed.")]
internal sealed class ChangedStep : DeviceStep<ChangedStep.Config, ChangedStep.Last>
{
    public sealed record Config(
        [property: Description("What is compared, an expression.")] Json Value,
        [property: Description("A number counts as changed when it differs by more than this."), Range(0, 1_000_000_000_000)] double? Deadband = null,
        [property: Description("A number counts as changed when it differs by more than so many percent of the last one."), Range(0, 1_000_000)] double? DeadbandPercent = null,
        [property: Description("Go on with an unchanged value too when the last one is older than this."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00"), Literal] Duration? Forget = null);

    public sealed record Last(Json Value);

    protected override Decision OnEvent(Config config, Last? memory, DateTimeOffset at, StepContext context) =>
        memory is null || ValueChange.IsOne(memory.Value, config.Value, config.Deadband, config.DeadbandPercent)
            ? To(Pass(context), new Last(config.Value)) with { ForgetAt = at + config.Forget?.Value }
            : Keep(Drop(context));
}
