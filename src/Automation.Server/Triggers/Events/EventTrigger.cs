using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Endpoints;
using Automation.Server.Steps;

namespace Automation.Server.Triggers.Events;

/// <summary>Starts a run for each event of a type that a workflow, the API or the server itself emits.</summary>
[TriggerType(TypeName, Title = "Event", Icon = "radio")]
[Description("Starts a run for events that workflows emit (event.emit), that come through the API, or that the server tells of, as automation.endpoint.disabled.")]
internal sealed class EventTrigger : TriggerType<EventTrigger.Config>
{
    public const string TypeName = "event";

    public sealed record Config(
        [property: Description("Event types: names, order.* for all that begin so, * for all."), Required, Literal] IReadOnlyList<string> Types);

    public override void Check(TriggerCheck check)
    {
        foreach (var (index, text) in TriggerCheck.Texts(check.Config, "types") ?? [])
        {
            if (!EventTypes.IsPattern(text)) check.Problem($"/types/{index}", $"\"{text}\" is no event type: write {EventTypes.Expected}, or \"order.*\" or \"*\".");
        }
    }
}
