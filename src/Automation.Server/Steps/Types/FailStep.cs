using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Automation.Server.Steps.Types;

/// <summary>Fails on purpose.</summary>
/// <remarks>Input: any. No output: the step ends in <c>error</c> with the given code and message, and is not tried again.</remarks>
[StepType("fail", Title = "Fail", Category = "Logic", Icon = "octagon-x", Outcomes = [])]
[Description("Fails the run, or goes to the error handler, with a message.")]
internal sealed class FailStep : Step<FailStep.Config>
{
    public sealed record Config(
        [property: Description("Why, as a sentence for people.")] string Message,
        [property: Description("A stable lower-case word for error branches."), RegularExpression("^[a-z][a-z0-9_]*$")] string Code = "failed");

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) =>
        throw new StepException(new StepError(config.Code, config.Message, Retryable: false));
}
