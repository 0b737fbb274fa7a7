using System.Text;
using System.Text.Json;
using Automation.Mqtt;
using Automation.Mqtt.Topics;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>What a step says about the message that it publishes.</summary>
internal sealed record OutgoingMessage(string Topic, Json Payload, int Qos, string IdempotencyKey)
{
    private const string IdempotencyName = "idempotency-key";

    public bool Retain { get; init; }

    /// <summary>Null: <c>application/json</c> for what is neither a text nor bytes.</summary>
    public string? ContentType { get; init; }

    /// <summary>Null for no limit.</summary>
    public TimeSpan? Expiry { get; init; }

    public string? ResponseTopic { get; init; }

    public ReadOnlyMemory<byte>? CorrelationData { get; init; }

    public IReadOnlyDictionary<string, string>? UserProperties { get; init; }

    /// <summary>The message for the protocol.</summary>
    /// <exception cref="StepException"><c>invalid_topic</c>, <c>invalid_payload</c>: says what is wrong.</exception>
    public MqttApplicationMessage ToMqtt()
    {
        if (Problem(Topic) is { } problem) throw Refused("invalid_topic", $"{Shown(Topic)} is not a topic name: {problem}", "/topic");
        if (ResponseTopic is { } answer && Problem(answer) is { } wrong) throw Refused("invalid_topic", $"{Shown(answer)} is not a topic name: {wrong}", "/responseTopic");
        var (bytes, isJson) = BytesOf(Payload);
        return new MqttApplicationMessage
        {
            Topic = Topic,
            Payload = bytes,
            QualityOfService = (MqttQualityOfService)Qos,
            Retain = Retain,
            ContentType = ContentType ?? (isJson ? "application/json" : null),
            MessageExpiryInterval = Expiry is { } expiry ? Seconds(expiry) : null,
            ResponseTopic = ResponseTopic,
            CorrelationData = CorrelationData,
            UserProperties = [.. (UserProperties ?? new Dictionary<string, string>()).Where(p => p.Key != IdempotencyName).Select(p => new MqttUserProperty(p.Key, p.Value)), new MqttUserProperty(IdempotencyName, IdempotencyKey)],
        };
    }

    /// <summary>A topic name for errors: not longer than a sentence bears.</summary>
    public static string Shown(string topic) => topic.Length <= 60 ? $"\"{topic}\"" : $"\"{topic[..60]}…\"";

    /// <summary>Correlation data as <c>event.properties.correlationData</c> shows it.</summary>
    /// <exception cref="StepException"><c>invalid_correlation</c>: it is not base64.</exception>
    public static ReadOnlyMemory<byte>? FromBase64(string? text)
    {
        if (text is null) return null;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes.AsMemory(0, length)
            : throw Refused("invalid_correlation", "The correlation data is not base64, as event.properties.correlationData is; for a text write ${btoa(text)}.", "/correlationData");
    }

    /// <summary>The error for what MQTT cannot carry.</summary>
    public static StepException Unsendable(ArgumentException reason) => Refused("invalid_message", $"MQTT cannot carry the message: {reason.Message}", null);

    private static StepException Refused(string code, string message, string? pointer) => new(new StepError(code, message, Pointer: pointer, Retryable: false));

    // Whole seconds, at least one: 0 would be over before it arrives (MQTT 5 §3.3.2.3.3).
    private static uint Seconds(TimeSpan expiry) => (uint)Math.Clamp(Math.Ceiling(expiry.TotalSeconds), 1, uint.MaxValue);

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

    /// <summary>A text as it is, <c>{ "base64": … }</c> as bytes, anything else as JSON.</summary>
    private static (ReadOnlyMemory<byte> Bytes, bool IsJson) BytesOf(Json value)
    {
        if (value.Utf8.Span.TrimStart(" \t\r\n"u8) is not [(byte)'"' or (byte)'{', ..]) return (value.Utf8, true);
        using var document = value.ToDocument();
        var root = document.RootElement;
        try
        {
            if (root.ValueKind is JsonValueKind.String) return (Encoding.UTF8.GetBytes(root.GetString()!), false);
            return root.GetPropertyCount() == 1 && root.TryGetProperty("base64", out var base64) && base64.ValueKind is JsonValueKind.String && base64.TryGetBytesFromBase64(out var bytes)
                ? (bytes, false)
                : (value.Utf8, true);
        }
        catch (InvalidOperationException)
        {
            throw Refused("invalid_payload", "The payload has an escape that is half of a character.", "/payload");
        }
    }
}
