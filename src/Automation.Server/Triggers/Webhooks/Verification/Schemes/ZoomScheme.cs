using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>x-zm-signature: v0=&lt;hex HMAC-SHA256&gt;</c> over <c>v0:{x-zm-request-timestamp}:{raw body}</c> — developers.zoom.us, using webhooks.</summary>
internal sealed class ZoomScheme() : TimedHmacScheme("x-zm-signature", "x-zm-request-timestamp")
{
    public override string Name => "zoom";

    public override string SecretsAre => "the secret token";

    public override IHandshake Handshake { get; } = new ZoomHandshake();
}
