using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// Facebook, Instagram, WhatsApp: <c>X-Hub-Signature-256: sha256=&lt;hex HMAC-SHA256 of the raw body&gt;</c> under the app secret, over the body as it was sent, with its
/// <c>\u00e4</c> escapes — developers.facebook.com, Graph API webhooks.
/// </summary>
internal sealed class MetaScheme : BodyHmacScheme
{
    public override string Name => "meta";

    public override string SecretsAre => "the app secret";

    public override VerifyOptions Takes => VerifyOptions.ChallengeSecret;

    public override IHandshake Handshake { get; } = new MetaHandshake();

    protected override string Header => "X-Hub-Signature-256";

    protected override MacEncoding Encoding => MacEncoding.Hex;

    protected override string Prefix => "sha256=";
}
