using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>What is sent of an emission in each format. Written once for all endpoints that get it as it is. Thread-safe.</summary>
internal sealed class EmissionBodies(Emission emission)
{
    public const string JsonType = MediaTypeNames.Application.Json;

    private static readonly Dictionary<string, SecretText> NoHeaders = [];

    private readonly Lock gate = new();
    private readonly Dictionary<EndpointFormat, (ReadOnlyMemory<byte> Body, string ContentType, Dictionary<string, SecretText> Headers)> known = [];
    private Json? scope;

    /// <summary>The event's data.</summary>
    public Json Data => emission.Data;

    /// <summary>The <c>event</c> that filters and transforms see.</summary>
    public Json Scope
    {
        get
        {
            lock (gate) return scope ??= WriteScope();
        }
    }

    public (ReadOnlyMemory<byte> Body, string ContentType, Dictionary<string, SecretText> Headers) Of(EndpointFormat format)
    {
        lock (gate)
        {
            if (!known.TryGetValue(format, out var body)) known.Add(format, body = Write(format, emission.Data, isTransformed: false));
            return body;
        }
    }

    /// <summary>With what a transform made of the event.</summary>
    public (ReadOnlyMemory<byte> Body, string ContentType, Dictionary<string, SecretText> Headers) Of(EndpointFormat format, Json transformed) => Write(format, transformed, isTransformed: true);

    private (ReadOnlyMemory<byte> Body, string ContentType, Dictionary<string, SecretText> Headers) Write(EndpointFormat format, Json data, bool isTransformed)
    {
        var timestamp = emission.CreatedAt.UtcDateTime;
        if (format is EndpointFormat.CloudEventsBinary)
        {
            var headers = new Dictionary<string, SecretText>
            {
                ["ce-specversion"] = new("1.0"),
                ["ce-id"] = new(IdOf(emission)),
                ["ce-type"] = new(emission.Type),
                ["ce-source"] = SecretText.Of(emission.Source),
                ["ce-time"] = new(timestamp.ToString("O", CultureInfo.InvariantCulture)),
            };
            if (emission.Key is { } subject) headers["ce-subject"] = new(Uri.EscapeDataString(subject));
            return (Escaped(data.Utf8.ToArray()), JsonType, headers);
        }

        if (isTransformed && format is EndpointFormat.Plain) return (Escaped(data.Utf8.ToArray()), JsonType, NoHeaders);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            if (format is EndpointFormat.CloudEvents)
            {
                writer.WriteString("specversion", "1.0");
                writer.WriteString("id", IdOf(emission));
                writer.WriteString("source", emission.Source);
                if (emission.Key is { } subject) writer.WriteString("subject", subject);
            }

            writer.WriteString("type", emission.Type);
            writer.WriteString(format is EndpointFormat.CloudEvents ? "time" : "timestamp", timestamp);
            if (format is EndpointFormat.CloudEvents) writer.WriteString("datacontenttype", JsonType);
            writer.WritePropertyName("data");
            writer.WriteRawValue(data.Utf8.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return (Escaped(buffer.WrittenSpan.ToArray()), format is EndpointFormat.CloudEvents ? "application/cloudevents+json" : JsonType, NoHeaders);
    }

    private Json WriteScope()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteString("id", IdOf(emission));
            writer.WriteString("type", emission.Type);
            writer.WriteString("source", emission.Source);
            writer.WriteString("subject", emission.Key);
            writer.WriteString("time", emission.CreatedAt.UtcDateTime);
            writer.WritePropertyName("data");
            writer.WriteRawValue(emission.Data.Utf8.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }

    private static ReadOnlyMemory<byte> Escaped(byte[] body) => SecretTemplate.EscapeUtf8(body);

    private static string IdOf(Emission emission) => PublicId.Format(PublicId.Emission, emission.Id);
}
