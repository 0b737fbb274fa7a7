using System.ComponentModel;

namespace Automation.Server.Steps.Types;

/// <summary>Lets a run go on only when a condition holds.</summary>
/// <remarks>Input: any. Output: the input. Outcomes: <c>done</c> when it holds, <c>rejected</c> when not; without an arrow for it the branch ends there.</remarks>
[StepType("filter", Title = "Filter", Category = "Logic", Icon = "filter", Outcomes = ["done", "rejected"])]
[Description("Goes on only when a condition holds.")]
internal sealed class FilterStep : Step<FilterStep.Config>
{
    public sealed record Config(
        [property: Description("An expression that gives true or false.")] bool Condition);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) =>
        ValueTask.FromResult(StepResult.To(config.Condition ? StepResult.DoneOutcome : "rejected", context.Input));
}
