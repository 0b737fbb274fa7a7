using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Server.Steps;
using Automation.Server.Triggers.Mqtt.Connections;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Starts a run for each MQTT message on a topic.</summary>
[TriggerType("mqtt", Title = "MQTT message", Icon = "radio")]
internal sealed class MqttTrigger(IOptions<MqttOptions> options) : TriggerType<MqttTrigger.Config>
{
    public sealed record Config(
        [property: Description("Topic filter. + takes one level, # the rest, {name} one level that events show as params.name: plants/{plant}/rooms/{room}/temperature."), Literal, Required]
        string Topic,
        [property: Description("Highest QoS that events show; a message published with a higher one shows this. An acknowledgement waits for the commit whatever this says."), Literal, Range(0, 2)]
        int Qos = 2,
        [property: Description("Name of the connection whose broker is listened to, from the setting Mqtt:Connections. Left out: the server's own broker."), Literal]
        string? Connection = null,
        [property: Description("Messages that the broker retains. new: those that are there when the trigger begins to listen. all: again whenever the server or the connection starts. none: never."), Literal]
        RetainedUse Retained = RetainedUse.New,
        [property: Description("How payloads become event.data. auto: by the declared content type, else JSON, text or bytes, whichever fits. sparkplug: Sparkplug B as an object with metrics. A payload of another form is text or bytes, and event.payloadProblem says why."), Literal]
        PayloadForm Payload = PayloadForm.Auto);

    public override void Check(TriggerCheck check)
    {
        MqttConnectionName.Check(TriggerCheck.Text(check.Config, "connection"), options, check.Missing);
        if (TriggerCheck.Text(check.Config, "topic") is not { Length: > 0 } topic || TopicPattern.TryParse(topic, out _, out var mistake)) return;
        check.Problem("/topic", mistake);
    }
}

/// <summary>How a trigger takes the messages that a broker retains.</summary>
internal enum RetainedUse
{
    /// <summary>Those that are there when it begins to listen, or when the broker has lost the subscription.</summary>
    New,

    /// <summary>The same, and again whenever the server starts or the connection is made.</summary>
    All,

    /// <summary>None.</summary>
    None,
}
