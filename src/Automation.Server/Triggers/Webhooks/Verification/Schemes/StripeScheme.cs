using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>Stripe-Signature: t=&lt;seconds&gt;,v1=&lt;hex HMAC-SHA256&gt;[,v1=…]</c> over <c>{t}.{raw body}</c>, under the whole <c>whsec_…</c> text — docs.stripe.com, webhooks,
/// verify manually. Any <c>v1</c> may match; <c>v0</c> is ignored.
/// </summary>
internal sealed class StripeScheme : VerificationScheme
{
    private const string Header = "Stripe-Signature";

    public override string Name => "stripe";

    public override string SecretsAre => "the endpoint's signing secret, whsec_…";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => BodyProperty.Read(request.Body, "id");

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) =>
        [(Header, $"t={input.Seconds},v1={Convert.ToHexStringLower(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8(input.Seconds + "."), input.Body))}")];

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (!SignatureHeader.TryRead(input.Request, Header, out var value, out var rejected)) return rejected;
        var timestamps = SignatureHeader.Entries(value, "t");
        if (timestamps.Count != 1) return VerificationResult.Rejected($"header {Header} has {(timestamps.Count == 0 ? "no" : "several")} \"t=\"");
        var given = MacText.DecodeAll(SignatureHeader.Entries(value, "v1"), MacEncoding.Hex, HMACSHA256.HashSizeInBytes);
        if (given.Count == 0) return VerificationResult.Rejected($"header {Header} has no \"v1=\" with a 256-bit code in hexadecimal");
        if (!Freshness.IsFresh(input, $"\"t=\" of header {Header}", timestamps[0], unitsPerSecond: 1, out rejected)) return rejected;
        return MacCheck.Hmac(input, HashAlgorithmName.SHA256, given, MacCheck.Utf8(timestamps[0] + "."), input.Request.Body);
    }
}
