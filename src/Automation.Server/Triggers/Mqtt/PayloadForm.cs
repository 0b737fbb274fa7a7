using System.Text.Json;
using System.Text.Unicode;
using Automation.Mqtt;
using Automation.Server.Triggers.Mqtt.Sparkplug;
using Automation.Server.Triggers.Webhooks.Bodies;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>How a trigger reads the payloads of its messages.</summary>
internal enum PayloadForm
{
    /// <summary>By the content type that the message declares; without one, JSON if it is JSON, else text if it is UTF-8, else bytes.</summary>
    Auto,
    Json,
    Text,

    /// <summary><c>{ "base64": string }</c>.</summary>
    Bytes,

    /// <summary>Sparkplug B (<see cref="SparkplugBody"/>), but the JSON in which a host application tells of its state.</summary>
    Sparkplug,
}

/// <summary>Names the media type of a payload: what an event's data follows from.</summary>
internal static class PayloadForms
{
    /// <summary>The declared content type where it is of the form, else the form's own.</summary>
    public static string ContentTypeOf(this PayloadForm form, MqttApplicationMessage message) => form switch
    {
        PayloadForm.Json => Declared(message, BodyKind.Json) ?? "application/json",
        PayloadForm.Text => Declared(message, BodyKind.Text) ?? "text/plain; charset=utf-8",
        PayloadForm.Bytes => Declared(message, BodyKind.Bytes) ?? "application/octet-stream",
        PayloadForm.Sparkplug when !SparkplugTopic.IsHostState(message.Topic) => SparkplugBody.ContentType,
        _ => message.ContentType ?? Detect(message.Payload.Span),
    };

    /// <summary>Why a payload is not of the form that the trigger asks for; null when it is. <see cref="PayloadForm.Auto"/> asks for none.</summary>
    public static string? ProblemOf(this PayloadForm form, string contentType, ReadOnlyMemory<byte> payload) =>
        form is PayloadForm.Auto || EventData.TryCheck(contentType, payload, out var reason) ? null : reason;

    private static string? Declared(MqttApplicationMessage message, BodyKind kind) =>
        message.ContentType is { Length: > 0 } declared && MediaType.TryParse(declared, out var type) && type.Kind == kind ? declared : null;

    private static string Detect(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return "text/plain";
        var reader = new Utf8JsonReader(payload);
        try
        {
            while (reader.Read())
            {
            }

            return "application/json";
        }
        catch (JsonException)
        {
            return Utf8.IsValid(payload) ? "text/plain; charset=utf-8" : "application/octet-stream";
        }
    }
}
