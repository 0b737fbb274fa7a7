using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Automation.Mqtt;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Values;
using Microsoft.Extensions.Options;

namespace Automation.Server.Steps.Types;

/// <summary>Publishes one MQTT message, on the embedded broker or by a named connection.</summary>
/// <remarks>
/// Input: any JSON value, the payload unless <c>payload</c> is given. Output: the input. At least once: after a crash the message may be published again, with the
/// same user property <c>idempotency-key</c>, which the events of <c>mqtt</c> triggers show too. The limit is the step's <c>timeout</c>, ten seconds if it has none.
/// <para>
/// Embedded broker: workflows that listen to the topic are triggered before the step is done; their events are committed by then. When the server has no room
/// for those events in time, the step fails with <c>mqtt_busy</c>: a run that waited on would keep the place that others need. <c>mqtt_no_room</c>: the broker can
/// retain no further message.
/// </para>
/// <para>
/// Named connection: done when the other broker has acknowledged the message (QoS 1 PUBACK, QoS 2 PUBCOMP; with QoS 0, when it was sent). <c>mqtt_refused</c>: the broker's
/// reason in words. <c>mqtt_not_connected</c>: the connection was not there in time. <c>mqtt_timeout</c>: it was, and the acknowledgement did not come.
/// </para>
/// </remarks>
[StepType("mqtt.publish", Title = "Publish MQTT message", Category = "Actions", Icon = "radio-tower", Effect = true)]
internal sealed class MqttPublishStep(Func<EmbeddedBroker> broker, Func<MqttConnections> connections, IOptions<MqttOptions> options, TimeProvider time) : Step<MqttPublishStep.Config>
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public sealed record Config(
        [property: Description("Topic name to publish to, without wildcards."), Required] string Topic,
        [property: Description("What to publish: a text as it is, { \"base64\": … } as bytes, any other value as JSON. The input when left out.")] Json? Payload = null,
        [property: Description("Quality of service: 0 at most once, 1 at least once, 2 exactly once."), Range(0, 2)] int Qos = 1,
        [property: Description("Keep the message for later subscribers.")] bool Retain = false,
        [property: Description("Name of the connection to publish by, from the setting Mqtt:Connections. Left out: the server's own broker."), Literal] string? Connection = null,
        [property: Description("What the payload is, as application/json, which is said of values that are neither text nor bytes. MQTT 5.")] string? ContentType = null,
        [property: Description("The message is dropped when it was not delivered within this time. MQTT 5.")] Duration? Expiry = null,
        [property: Description("Topic name for an answer. MQTT 5.")] string? ResponseTopic = null,
        [property: Description("In base64, as event.properties.correlationData: what the asker recognizes the answer by. MQTT 5.")] string? CorrelationData = null,
        [property: Description("Further user properties. idempotency-key is always sent. MQTT 5.")] IReadOnlyDictionary<string, string>? UserProperties = null);

    public override void Check(StepCheck check) => MqttConnectionName.Check(TriggerCheck.Text(check.Config, "connection"), options, check.Missing);

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var message = new OutgoingMessage(config.Topic, config.Payload ?? context.Input, config.Qos, context.IdempotencyKey)
        {
            Retain = config.Retain,
            ContentType = config.ContentType,
            Expiry = config.Expiry?.Value,
            ResponseTopic = config.ResponseTopic,
            CorrelationData = OutgoingMessage.FromBase64(config.CorrelationData),
            UserProperties = config.UserProperties,
        }.ToMqtt();
        using var limit = new StepLimit(context, DefaultTimeout, time);
        try
        {
            if (config.Connection is { } name) await ByConnectionAsync(MqttSending.Connection(connections(), name), message, limit);
            else await EmbeddedAsync(message, limit);
        }
        catch (ArgumentException unsendable)
        {
            throw OutgoingMessage.Unsendable(unsendable);
        }

        return StepResult.Done(context.Input);
    }

    private static async Task ByConnectionAsync(MqttConnection connection, MqttApplicationMessage message, StepLimit limit)
    {
        try
        {
            await connection.PublishAsync(message, limit.Token);
        }
        catch (OperationCanceledException) when (limit.HasPassed)
        {
            throw MqttSending.TooLate(connection, $"did not acknowledge the message on {OutgoingMessage.Shown(message.Topic)}", limit.Length);
        }
    }

    private async Task EmbeddedAsync(MqttApplicationMessage message, StepLimit limit)
    {
        MqttSending.RequireEnabled(broker());
        try
        {
            if (!await broker().PublishAsync(message, limit.Token)) throw MqttSending.NoRoomToRetain(message.Topic);
        }
        catch (OperationCanceledException) when (limit.HasPassed)
        {
            throw new StepException("mqtt_busy", $"The workflows that listen to {OutgoingMessage.Shown(message.Topic)} could not take the message within {limit.Length.TotalSeconds:0.###} s: too many events are waiting.");
        }
    }
}
