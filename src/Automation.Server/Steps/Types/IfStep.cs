using System.ComponentModel;

namespace Automation.Server.Steps.Types;

/// <summary>Goes one of two ways.</summary>
/// <remarks>Input: any. Output: the input. Outcomes: <c>true</c>, <c>false</c>. A condition that is neither fails the step with <c>config_invalid</c>.</remarks>
[StepType("if", Title = "If", Category = "Logic", Icon = "split", Outcomes = ["true", "false"])]
[Description("Goes one way when a condition holds and another when it does not.")]
internal sealed class IfStep : Step<IfStep.Config>
{
    public sealed record Config(
        [property: Description("An expression that gives true or false.")] bool Condition);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) =>
        ValueTask.FromResult(StepResult.To(config.Condition ? "true" : "false", context.Input));
}
