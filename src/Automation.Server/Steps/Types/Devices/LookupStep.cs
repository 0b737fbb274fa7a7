using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types.Devices;

/// <summary>Reads the state of another key, of this workflow or another one.</summary>
/// <remarks>
/// Input: any. Output: the state, an object; null when the key keeps none. Outcomes: <c>found</c>, <c>missing</c>. It is what was stored last: a run of that key that is under way is not waited for.
/// </remarks>
[StepType("lookup", Title = "Look up", Category = "Devices", Icon = "search", Outcomes = ["found", "missing"])]
[Description("Reads the state of another key.")]
internal sealed class LookupStep : Step<LookupStep.Config>
{
    public sealed record Config(
        [property: Description("The key."), StringLength(512, MinimumLength = 1)] string Key,
        [property: Description("Id of the workflow whose key it is; this one when left out.")] string? Workflow = null);

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context) =>
        await context.LookUpAsync(config.Workflow ?? context.WorkflowId, config.Key) is { } state ? StepResult.To("found", state) : StepResult.To("missing", Json.Null);
}
