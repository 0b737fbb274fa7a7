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
/// Input: any JSON value, the payload unless <c>payload</c> is given. Output: the input. At least once: after a crash the message may be published again, with the
/// same user property <c>idempotency-key</c>, which the events of <c>mqtt</c> triggers show too. <c>mqtt_no_room</c>: the broker can retain no further message.
/// Workflows that listen to the topic are triggered before the step is done; their events are committed by then. When the server has no room for those events
/// within the step's <c>timeout</c>, ten seconds if it has none, the step fails with <c>mqtt_busy</c>: a run that waited on would keep the place that others need.
/// </remarks>
[StepType("mqtt.publish", Title = "Publish MQTT message", Category = "Actions", Icon = "radio-tower", Effect = true)]
internal sealed class MqttPublishStep(Func<EmbeddedBroker> broker, TimeProvider time) : Step<MqttPublishStep.Config>
{
    private const string IdempotencyKey = "idempotency-key";

    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    public sealed record Config(
        [property: Description("Topic name to publish to, without wildcards."), Required] string Topic,
        [property: Description("What to publish: a text as it is, any other value as JSON. The input when left out.")] Json? Payload = null,
        [property: Description("Quality of service towards subscribers."), Range(0, 2)] int Qos = 1,
        [property: Description("Keep the message for later subscribers.")] bool Retain = false);

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (Problem(config.Topic) is { } problem) throw Refused("invalid_topic", $"{Shown(config.Topic)} is not a topic name: {problem}");
        if (!broker().Enabled) throw new StepException(new StepError("mqtt_off", "The MQTT broker is switched off (Mqtt:Enabled).", Retryable: false));
        using var timer = new CancellationTokenSource(context.Step.Timeout is null ? DefaultTimeout : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, context.Cancelled);
        try
        {
            if (!await broker().PublishAsync(Message(config, config.Payload ?? context.Input, context.IdempotencyKey), either.Token))
            {
                throw new StepException("mqtt_no_room", $"The broker has no room to retain a message on {Shown(config.Topic)}. Publish without \"retain\", or free room: an empty payload with \"retain\" removes what a topic holds.");
            }
        }
        catch (ArgumentException unsendable)
        {
            throw Refused("invalid_message", $"MQTT cannot carry the message: {unsendable.Message}");
        }
        catch (OperationCanceledException) when (!context.Cancelled.IsCancellationRequested)
        {
            throw new StepException("mqtt_busy", $"The workflows that listen to {Shown(config.Topic)} could not take the message within {DefaultTimeout.TotalSeconds:0} s: too many events are waiting.");
        }

        return StepResult.Done(context.Input);
    }

    private static StepException Refused(string code, string message) => new(new StepError(code, message, Pointer: code == "invalid_topic" ? "/topic" : null, Retryable: false));

    /// <summary>What keeps a text from being a topic name; null when nothing does.</summary>
    private static string? Problem(string topic)
    {
        if (TopicName.IsValid(topic)) return null;
        if (topic.Length == 0) return "it is empty.";
        if (topic.AsSpan().ContainsAny('+', '#')) return "it holds + or #, which only topic filters may.";
        if (topic.Contains('\0')) return "it holds a null character.";
        return Encoding.UTF8.GetByteCount(topic) > TopicName.MaximumBytes
            ? $"it has more than {TopicName.MaximumBytes} bytes, which is the most that MQTT can carry."
            : $"it has more than {TopicName.MaximumLevels} levels.";
    }

    private static string Shown(string topic) => topic.Length <= 60 ? $"\"{topic}\"" : $"\"{topic[..60]}…\"";

    private static MqttApplicationMessage Message(Config config, Json payload, string idempotencyKey)
    {
        var text = Text(payload);
        return new MqttApplicationMessage
        {
            Topic = config.Topic,
            Payload = text ?? payload.Utf8,
            QualityOfService = (MqttQualityOfService)config.Qos,
            Retain = config.Retain,
            ContentType = text is null ? "application/json" : null,
            UserProperties = [new MqttUserProperty(IdempotencyKey, idempotencyKey)],
        };
    }

    /// <summary>The UTF-8 bytes of a JSON text; null for any other value.</summary>
    private static byte[]? Text(Json value)
    {
        if (value.Utf8.Span.TrimStart(" \t\r\n"u8) is not [(byte)'"', ..]) return null;
        using var text = value.ToDocument();
        try
        {
            return Encoding.UTF8.GetBytes(text.RootElement.GetString()!);
        }
        catch (InvalidOperationException)
        {
            throw new StepException(new StepError("invalid_payload", "The payload has an escape that is half of a character.", Pointer: "/payload", Retryable: false));
        }
    }
}
