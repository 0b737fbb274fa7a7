using Automation.Server.Triggers.Mqtt.Sparkplug;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.CloudEvents;
using Automation.Server.Values;

namespace Automation.Server.Triggers;

/// <summary>What a body says, as JSON.</summary>
/// <remarks>
/// <c>application/json</c> and <c>…+json</c>: the value itself, its text as sent. <c>application/cloudevents+json</c>: the CloudEvent's data.
/// Forms: an object (<see cref="FormBody"/>, <see cref="MultipartBody"/>). XML: an object (<see cref="XmlBody"/>). <c>text/*</c>: a string.
/// <c>application/x-sparkplug-b</c>: an object (<see cref="SparkplugBody"/>).
/// Without a content type: JSON if it is JSON, else text, else bytes. Anything else: <c>{ "base64": … }</c>. An empty body is <c>null</c>, whatever its type.
/// </remarks>
internal static class EventData
{
    /// <summary>Never fails: a body that is not what its content type says becomes text, or <c>{ "base64": … }</c> when it is not text either.</summary>
    /// <param name="contentType">What the body is; null when nobody said.</param>
    /// <param name="body">The body.</param>
    /// <param name="attributes">Of its event: what a Sparkplug payload leaves to earlier messages is there.</param>
    public static Json Parse(string? contentType, ReadOnlyMemory<byte> body, Json attributes = default) =>
        TryParse(contentType, body, attributes, out var data, out _) ? data : TextBody.Guess(body);

    /// <summary>For the door, before an event is accepted: whether the body is what its content type says; if not, a sentence for the sender.</summary>
    public static bool TryCheck(string? contentType, ReadOnlyMemory<byte> body, out string reason) => TryParse(contentType, body, Json.Null, out _, out reason);

    private static bool TryParse(string? contentType, ReadOnlyMemory<byte> body, Json attributes, out Json data, out string reason)
    {
        data = default;
        reason = "";
        if (body.IsEmpty) return true;
        if (!MediaType.TryParse(contentType, out var type))
        {
            reason = "The Content-Type header is not a media type.";
            return false;
        }

        switch (type.Kind)
        {
            case BodyKind.Json or BodyKind.CloudEventBatch: return JsonBody.TryParse(type.Charset, body, out data, out reason);
            case BodyKind.CloudEvent: return CloudEventJson.TryReadData(type.Charset, body, out data, out reason);
            case BodyKind.Form: return FormBody.TryParse(type.Charset, body, out data, out reason);
            case BodyKind.Multipart: return MultipartBody.TryParse(type.Boundary, body, out data, out reason);
            case BodyKind.Xml: return XmlBody.TryParse(type.Charset, body, out data, out reason);
            case BodyKind.Text: return TextBody.TryParse(type.Charset, body, out data, out reason);
            case BodyKind.Sparkplug: return SparkplugBody.TryParse(body, SparkplugNames.Of(attributes), out data, out reason);
            case BodyKind.Unnamed:
                if (!JsonBody.TryParse(null, body, out data, out reason)) data = TextBody.Guess(body);
                return true;
            default:
                data = TextBody.Bytes(body.Span);
                return true;
        }
    }
}
