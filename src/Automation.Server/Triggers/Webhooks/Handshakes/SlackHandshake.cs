using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>
/// A signed <c>{"type":"url_verification","challenge":…}</c>, answered with the challenge as text within 3 s; and the form <c>ssl_check=1</c>, unsigned, which Slack sends to see whether
/// TLS works — api.slack.com, url_verification and slash commands.
/// </summary>
internal sealed class SlackHandshake : IHandshake
{
    private const int LargestBody = 8192;

    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        var body = request.Request.Body;
        if (body.Length is 0 or > LargestBody || !MediaType.TryParse(request.Request.Headers.ContentType, out var type)) return null;
        if (type.Kind is BodyKind.Form) return IsSslCheck(body.Span) ? new HandshakeAnswer(StatusCodes.Status200OK, null, default) : null;
        return BodyProperty.Read(body, "type") is "url_verification" && BodyProperty.Read(body, "challenge") is { } challenge ? HandshakeAnswer.Text(challenge, isSigned: true) : null;
    }

    private static bool IsSslCheck(ReadOnlySpan<byte> form) => form.StartsWith("ssl_check=1"u8) || form.IndexOf("&ssl_check=1"u8) >= 0;
}
