using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Deliveries;
using Automation.Server.Endpoints;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Emits an event, for triggers of type <c>event</c> and for each endpoint that subscribes to its type.</summary>
/// <remarks>
/// Input: any, the event's data unless <c>data</c> is set. Output: <c>{ "emission": string }</c>, at once. The event is saved in the same transaction as this step's result, once for each step run; runs and
/// deliveries come of it afterwards, one for each trigger and endpoint. Fails with <c>emit_too_deep</c> when events have led to events too often, with <c>event_too_large</c> when the data are larger than the setting.
/// </remarks>
[StepType("event.emit", Title = "Emit event", Category = "Actions", Icon = "radio")]
[Description("Emits an event: it starts workflows with a trigger of type event, and goes to every endpoint that subscribes to its type.")]
internal sealed class EmitEventStep(DeliveryOptions options) : Step<EmitEventStep.Config>
{
    public sealed record Config(
        [property: Description("The event's type, as order.created."), Required] string Event,
        [property: Description("What endpoints with strict order go by; the event's subject. Left out: none.")] string? Key = null,
        [property: Description("An id of the event: a second one of the same type with it is not emitted, for as long as the first is kept. Left out: each is another.")] string? Id = null)
    {
        private readonly Json? given;

        [Description("The event's data; the step's input when left out.")]
        public Json Data
        {
            get => given ?? Json.Null;
            init => given = value;
        }

        /// <summary>Null when left out, and not when it is a null.</summary>
        [JsonIgnore]
        public Json? Given => given;
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (EmissionCheck.Problem(config.Event, config.Key, config.Id) is var (field, problem)) throw new StepException(new StepError("config_invalid", problem, Pointer: field == "type" ? "/event" : "/" + field, Retryable: false));
        var data = config.Given ?? context.Input;
        if (EmissionCheck.TooLarge(data, options) is { } tooLarge) throw new StepException(new StepError("event_too_large", tooLarge, Pointer: "/data", Retryable: false));
        var id = context.Emit(config.Event, data, config.Key, config.Id);
        return ValueTask.FromResult(StepResult.Done(new { emission = PublicId.Format(PublicId.Emission, id) }));
    }
}
