using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Runs the steps behind <c>item</c> once for each item of a list.</summary>
/// <remarks>
/// Input: any. A round's first step gets the item as its input; expressions see <c>item</c> and <c>index</c>. A round ends where its branches end, and its result is
/// the output of the step that ended last. Outcome <c>done</c>: an array of the results in the order of the items. A failed round's result is <c>{ error, item }</c>.
/// Fails with <c>item_failed</c> when an item fails and <c>onItemError</c> is <c>fail</c>.
/// </remarks>
[StepType("forEach", Title = "For each", Category = "Logic", Icon = "repeat-2", Outcomes = ["item", "done"], Body = "item")]
[Description("Runs steps once for each item of a list.")]
internal sealed class ForEachStep : Step<ForEachStep.Config>
{
    public sealed record Config(
        [property: Description("The list, as ${input.lines}.")] Json Items,
        [property: Description("Most items at a time."), Range(1, 1000)] int Concurrency = 1,
        [property: Description("When an item fails: fail the loop, collect the error as the item's result, or stop with the results that there are.")] ItemErrorPolicy OnItemError = ItemErrorPolicy.Fail);

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        using var list = config.Items.ToDocument();
        if (list.RootElement.ValueKind is not JsonValueKind.Array)
            throw new StepException(new StepError("config_invalid", "items: Expected a list; write an expression that gives an array, as ${Object.entries(input)}.", Pointer: $"/steps/{context.Step.Id}/items", Retryable: false));
        IReadOnlyList<Json> items = [.. list.RootElement.EnumerateArray().Select(Json.Of)];
        return ValueTask.FromResult(StepResult.Each("item", config.Items, new LoopPlan(items, config.Concurrency, config.OnItemError)));
    }
}
