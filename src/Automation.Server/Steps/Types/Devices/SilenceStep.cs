using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Tells once when nothing has come for a while, and once when something comes again.</summary>
/// <remarks>Input: any. Output: the input; with <c>silent</c> that of the last event before. Outcomes: <c>silent</c>, <c>back</c> for the first event after it, <c>heard</c> for all others.</remarks>
[StepType("silence", Title = "Silence", Category = "Devices", Icon = "volume-x", Outcomes = ["silent", "back", "heard"], PerKey = true)]
[Description("Tells when nothing has come for a while, and when something comes again.")]
internal sealed class SilenceStep : DeviceStep<SilenceStep.Config, SilenceStep.Ear>
{
    public sealed record Config(
        [property: Description("How long nothing has to come."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00"), Literal] Duration For);

    public sealed record Ear(bool IsSilent);

    protected override Decision OnEvent(Config config, Ear? memory, DateTimeOffset at, StepContext context) =>
        To(StepResult.To(memory is { IsSilent: true } ? "back" : "heard", context.Input), new Ear(false)) with { Timer = new(at + config.For.Value) };

    protected override Decision OnTimer(Config config, Ear memory, DateTimeOffset at, StepContext context) => To(StepResult.To("silent", context.Input), new Ear(true));
}
