using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Steps;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Starts a run for each MQTT message on a topic.</summary>
[TriggerType("mqtt", Title = "MQTT message", Icon = "radio")]
internal sealed class MqttTrigger : TriggerType<MqttTrigger.Config>
{
    public sealed record Config(
        [property: Description("Topic filter. + takes one level, # the rest, {name} one level that events show as params.name: plants/{plant}/rooms/{room}/temperature."), Literal, Required]
        string Topic,
        [property: Description("Highest QoS that events show; a message published with a higher one shows this. An acknowledgement waits for the commit whatever this says."), Literal, Range(0, 2)]
        int Qos = 2,
        [property: Description("How payloads become event.data. auto: by the declared content type, else JSON, text or bytes, whichever fits. sparkplug: Sparkplug B as an object with metrics. A payload of another form is text or bytes, and event.payloadProblem says why."), Literal]
        PayloadForm Payload = PayloadForm.Auto);

    public override void Check(TriggerCheck check)
    {
        if (TriggerCheck.Text(check.Config, "topic") is not { Length: > 0 } topic || TopicPattern.TryParse(topic, out _, out var mistake)) return;
        check.Problem("/topic", mistake);
    }
}
