using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Sets run variables.</summary>
/// <remarks>Input: any. Output: the values set, an object. Later steps see them as <c>vars</c>; a variable set again is replaced.</remarks>
[StepType("set", Title = "Set variables", Category = "Data", Icon = "variable")]
[Description("Sets variables that later steps see as vars.")]
internal sealed class SetStep : Step<SetStep.Config>
{
    public sealed record Config(
        [property: Description("Variable name to value."), MinLength(1)] OrderedDictionary<string, Json> Values);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var values = Json.From(config.Values);
        context.SetVariables(values);
        return ValueTask.FromResult(StepResult.Done(values));
    }
}
