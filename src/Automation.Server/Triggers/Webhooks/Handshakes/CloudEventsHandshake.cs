using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>
/// <c>OPTIONS</c> with <c>WebHook-Request-Origin</c>: allowed for that origin, at any rate — CloudEvents HTTP 1.1 Web Hooks §4. Event Grid's own schema asks with a
/// <c>SubscriptionValidationEvent</c> and is answered with its code — learn.microsoft.com, Event Grid, endpoint validation.
/// </summary>
internal sealed class CloudEventsHandshake : IHandshake
{
    private const int LargestBody = 64 << 10, LongestOrigin = 255;

    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        var headers = request.Request.Headers;
        if (HttpMethods.IsOptions(request.Request.Method))
        {
            if (headers["WebHook-Request-Origin"] is not [{ Length: > 0 and <= LongestOrigin } origin] || origin.AsSpan().ContainsAnyExceptInRange('!', '~')) return null;
            return new HandshakeAnswer(StatusCodes.Status200OK, null, default) { Headers = [("WebHook-Allowed-Origin", origin), ("WebHook-Allowed-Rate", "*"), ("Allow", "POST, OPTIONS")] };
        }

        if (headers["aeg-event-type"] is not ["SubscriptionValidation"] || request.Request.Body.Length is 0 or > LargestBody) return null;
        return ValidationEvent.Code(request.Request.Body) is { } code
            ? HandshakeAnswer.Json(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["validationResponse"] = code }))
            : null;
    }
}
