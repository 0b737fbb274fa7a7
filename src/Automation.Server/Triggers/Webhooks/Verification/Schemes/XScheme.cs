using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>X (Twitter): <c>x-twitter-webhooks-signature: sha256=&lt;base64 HMAC-SHA256 of the raw body&gt;</c> under the consumer secret — docs.x.com, webhooks.</summary>
internal sealed class XScheme : BodyHmacScheme
{
    public override string Name => "x";

    public override string SecretsAre => "the consumer secret";

    public override IHandshake Handshake { get; } = new XHandshake();

    protected override string Header => "x-twitter-webhooks-signature";

    protected override MacEncoding Encoding => MacEncoding.Base64;

    protected override string Prefix => "sha256=";

    // Anybody can have a short text signed, by the handshake: an event is a JSON object.
    protected override VerificationResult Verify(VerificationInput input) =>
        input.Request.Body.Span.StartsWith("{"u8) ? base.Verify(input) : VerificationResult.Rejected("the body is not a JSON object");
}
