using System.ComponentModel;

namespace Automation.Server.Steps.Types;

/// <summary>Ends the run in success.</summary>
/// <remarks>Input: any. Output: the input, which is the run's. Other branches end the step they are at. Nothing follows.</remarks>
[StepType("stop", Title = "Stop", Category = "Logic", Icon = "circle-stop", Outcomes = [])]
[Description("Ends the run here, in success.")]
internal sealed class StopStep : Step<StopStep.Config>
{
    public sealed record Config;

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => ValueTask.FromResult(StepResult.EndRun(context.Input));
}
