using System.Buffers;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Mqtt;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Mqtt;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Values;
using Microsoft.Extensions.Options;

namespace Automation.Server.Steps.Types;

/// <summary>Publishes a request and goes on with its answer — MQTT 5 §4.10.</summary>
/// <remarks>
/// Input: any JSON value, the payload unless <c>payload</c> is given. Output: <c>{ "data", "topic", "contentType", "qos", "properties" }</c>, as in events. The request carries a response
/// topic and correlation data, and after a crash is made again with the same user property <c>idempotency-key</c>. The first message on the response topic
/// that has the same correlation data, or none, is the answer. The limit is the step's <c>timeout</c>, ten seconds if it has none; then <c>mqtt_timeout</c>, or
/// <c>mqtt_not_connected</c> where there was no connection.
/// </remarks>
[StepType("mqtt.request", Title = "Ask by MQTT", Category = "Actions", Icon = "message-circle-question-mark", Effect = true)]
[Description("Publishes an MQTT message to a device and goes on with its answer.")]
internal sealed class MqttRequestStep(Func<EmbeddedBroker> broker, Func<MqttConnections> connections, IOptions<MqttOptions> options, TimeProvider time) : Step<MqttRequestStep.Config>
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public sealed record Config(
        [property: Description("Topic name of the request, without wildcards."), Required] string Topic,
        [property: Description("What to publish: a text as it is, { \"base64\": … } as bytes, any other value as JSON. The input when left out.")] Json? Payload = null,
        [property: Description("Quality of service of the request."), Range(0, 2)] int Qos = 1,
        [property: Description("Name of the connection to ask by, from the setting Mqtt:Connections. Left out: the server's own broker."), Literal] string? Connection = null,
        [property: Description("Topic name that the answer comes on, one for each request; with MQTT 3.1.1 it is needed. Left out: one of the server's own.")] string? ResponseTopic = null,
        [property: Description("What the payload is, as application/json, which is said of values that are neither text nor bytes. MQTT 5.")] string? ContentType = null,
        [property: Description("Further user properties. idempotency-key is always sent. MQTT 5.")] IReadOnlyDictionary<string, string>? UserProperties = null);

    public override void Check(StepCheck check) => MqttConnectionName.Check(TriggerCheck.Text(check.Config, "connection"), options, check.Missing);

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        using var limit = new StepLimit(context, DefaultTimeout, time);
        var id = Guid.NewGuid();
        // The embedded broker's requests always have a topic of their own: some devices answer without the correlation data.
        var responseTopic = config.ResponseTopic ?? (config.Connection is null ? $"responses/{MqttEvents.Embedded}/{id:n}" : null);
        var request = new OutgoingMessage(config.Topic, config.Payload ?? context.Input, config.Qos, context.IdempotencyKey)
        {
            ContentType = config.ContentType,
            Expiry = limit.Length, // an answer that comes later is of no use
            ResponseTopic = responseTopic,
            CorrelationData = id.ToByteArray(),
            UserProperties = config.UserProperties,
        }.ToMqtt();
        try
        {
            return StepResult.Done(Answer(config.Connection is { } name
                ? await ByConnectionAsync(MqttSending.Connection(connections(), name), request, limit)
                : await EmbeddedAsync(request, limit)));
        }
        catch (ArgumentException unsendable)
        {
            throw OutgoingMessage.Unsendable(unsendable);
        }
    }

    private static async Task<MqttApplicationMessage> ByConnectionAsync(MqttConnection connection, MqttApplicationMessage request, StepLimit limit)
    {
        try
        {
            return await connection.RequestAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (limit.HasPassed)
        {
            throw MqttSending.TooLate(connection, $"brought no answer to the request on {OutgoingMessage.Shown(request.Topic)}", limit.Length);
        }
    }

    private async Task<MqttApplicationMessage> EmbeddedAsync(MqttApplicationMessage request, StepLimit limit)
    {
        MqttSending.RequireEnabled(broker());
        try
        {
            return await broker().RequestAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (limit.HasPassed)
        {
            throw new StepException("mqtt_timeout", $"No answer came to the request on {OutgoingMessage.Shown(request.Topic)} within {limit.Length.TotalSeconds:0.###} s.");
        }
    }

    private static Json Answer(MqttApplicationMessage message)
    {
        var contentType = PayloadForm.Auto.ContentTypeOf(message);
        var buffer = new ArrayBufferWriter<byte>(message.Payload.Length + 256);
        using var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter);
        writer.WriteStartObject();
        writer.WritePropertyName("data"u8);
        writer.WriteRawValue(EventData.Parse(contentType, message.Payload).Utf8.Span, skipInputValidation: true);
        writer.WriteString("topic"u8, message.Topic);
        writer.WriteString("contentType"u8, contentType);
        writer.WriteNumber("qos"u8, (int)message.QualityOfService);
        MqttEvents.WriteProperties(writer, message);
        writer.WriteEndObject();
        writer.Flush();
        return new Json(buffer.WrittenMemory);
    }
}
