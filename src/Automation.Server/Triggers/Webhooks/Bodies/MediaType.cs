using Automation.Server.Triggers.Mqtt.Sparkplug;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>How the bytes of a body are read.</summary>
internal enum BodyKind
{
    /// <summary>No content type was sent: JSON if it is JSON, else text, else bytes.</summary>
    Unnamed,
    Json,
    CloudEvent,
    CloudEventBatch,
    Form,
    Multipart,
    Xml,
    Text,
    Sparkplug,
    Bytes,
}

/// <summary>What a <c>Content-Type</c> says about its body. <c>Content-Type: type/subtype *( ; name=value )</c> — RFC 9110 §8.3.</summary>
/// <param name="Kind">How the body is read.</param>
/// <param name="Charset">The <c>charset</c> parameter without quotes; null when not sent.</param>
/// <param name="Boundary">The <c>boundary</c> parameter without quotes; null when not sent.</param>
internal readonly record struct MediaType(BodyKind Kind, string? Charset = null, string? Boundary = null)
{
    /// <summary>False when the text is not a media type at all.</summary>
    public static bool TryParse(string? contentType, out MediaType mediaType)
    {
        mediaType = new MediaType(string.IsNullOrEmpty(contentType) ? BodyKind.Unnamed : BodyKind.Json);

        // What nearly every sender writes needs no parser.
        if (contentType is null or "" or "application/json" or "application/json; charset=utf-8") return true;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var parsed)) return false;
        mediaType = From(parsed);
        return true;
    }

    private static MediaType From(MediaTypeHeaderValue parsed) => new(
        KindOf(parsed.MediaType.Value!.ToLowerInvariant()),
        parsed.Charset.HasValue ? HeaderUtilities.RemoveQuotes(parsed.Charset).Value : null,
        parsed.Boundary.HasValue ? HeaderUtilities.RemoveQuotes(parsed.Boundary).Value : null);

    private static BodyKind KindOf(string type) => type switch
    {
        "application/cloudevents+json" => BodyKind.CloudEvent,
        "application/cloudevents-batch+json" => BodyKind.CloudEventBatch,
        "application/json" or "text/json" => BodyKind.Json,
        "application/x-www-form-urlencoded" => BodyKind.Form,
        "multipart/form-data" => BodyKind.Multipart,
        "application/xml" or "text/xml" => BodyKind.Xml,
        SparkplugBody.ContentType => BodyKind.Sparkplug,
        _ when type.EndsWith("+json", StringComparison.Ordinal) => BodyKind.Json,
        _ when type.EndsWith("+xml", StringComparison.Ordinal) => BodyKind.Xml,
        _ when type.StartsWith("text/", StringComparison.Ordinal) => BodyKind.Text,
        _ => BodyKind.Bytes,
    };
}
