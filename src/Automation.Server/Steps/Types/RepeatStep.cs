using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Steps.Types;

/// <summary>Runs the steps behind <c>again</c> for as long as a condition holds.</summary>
/// <remarks>
/// Input: any; after a round, what its last step put out. The condition is asked before each round and sees that as <c>input</c>, and the number of rounds made as <c>index</c>.
/// Outcomes: <c>again</c>; <c>done</c> with the last input when the condition does not hold; <c>limit</c>, with the same, after as many rounds as <c>limit</c> allows.
/// </remarks>
[StepType("repeat", Title = "Repeat", Category = "Logic", Icon = "repeat", Outcomes = ["again", "done", "limit"], Body = "again")]
[Description("Runs steps again and again while a condition holds.")]
internal sealed class RepeatStep : Step<RepeatStep.Config>
{
    public sealed record Config(
        [property: Description("An expression that gives true or false; ${index < 3} for three rounds.")] bool While,
        [property: Description("Most rounds."), Range(1, 1_000_000)] int Limit = 1000);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => ValueTask.FromResult(
        !config.While ? StepResult.Done(context.Input)
        : context.Round >= config.Limit ? StepResult.To("limit", context.Input)
        : StepResult.Again("again", context.Input));
}
