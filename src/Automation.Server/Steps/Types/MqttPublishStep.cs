using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text;
using Automation.Mqtt;
using Automation.Mqtt.Topics;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Publishes one MQTT message on the embedded broker.</summary>
/// <remarks>
/// Input: any JSON value, the payload unless <c>payload</c> is given. Output: the input. At least once: after a crash the message may be published again.
/// Workflows that listen to the topic are triggered before the step is done; their events are committed by then.
/// </remarks>
[StepType("mqtt.publish", Title = "Publish MQTT message", Category = "Actions", Icon = "radio-tower", Effect = true)]
internal sealed class MqttPublishStep(Func<EmbeddedBroker> broker) : Step<MqttPublishStep.Config>
{
    public sealed record Config(
        [property: Description("Topic name to publish to, without wildcards."), Required] string Topic,
        [property: Description("What to publish: a text as it is, any other value as JSON. The input when left out.")] Json? Payload = null,
        [property: Description("Quality of service towards subscribers."), Range(0, 2)] int Qos = 1,
        [property: Description("Keep the message for later subscribers.")] bool Retain = false);

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (!TopicName.IsValid(config.Topic))
        {
            throw new StepException(new StepError("invalid_topic", $"'{config.Topic}' is not a topic name: it must not be empty nor hold +, # or a null character.", Pointer: "/topic", Retryable: false));
        }

        var value = config.Payload ?? context.Input;
        var isText = value.Utf8.Span[0] == '"';
        await broker().PublishAsync(new MqttApplicationMessage
        {
            Topic = config.Topic,
            Payload = isText ? Encoding.UTF8.GetBytes(value.To<string>()!) : value.Utf8,
            QualityOfService = (MqttQualityOfService)config.Qos,
            Retain = config.Retain,
            ContentType = isText ? null : "application/json",
        });
        return StepResult.Done(context.Input);
    }
}
