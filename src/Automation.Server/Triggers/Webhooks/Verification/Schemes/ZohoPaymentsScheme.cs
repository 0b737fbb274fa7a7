using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Zoho-Webhook-Signature: t=&lt;milliseconds&gt;,v=&lt;hex HMAC-SHA256&gt;</c> over <c>{t}.{raw body}</c> — zoho.com/payments, webhook signature.</summary>
internal sealed class ZohoPaymentsScheme : VerificationScheme
{
    private const string Header = "X-Zoho-Webhook-Signature";

    public override string Name => "zoho-payments";

    public override string SecretsAre => "the signing key";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) =>
        [(Header, $"t={input.Milliseconds},v={Convert.ToHexStringLower(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8(input.Milliseconds + "."), input.Body))}")];

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (!SignatureHeader.TryRead(input.Request, Header, out var value, out var rejected)) return rejected;
        var timestamps = SignatureHeader.Entries(value, "t");
        if (timestamps.Count != 1) return VerificationResult.Rejected($"header {Header} has {(timestamps.Count == 0 ? "no" : "several")} \"t=\"");
        var given = MacText.DecodeAll(SignatureHeader.Entries(value, "v"), MacEncoding.Hex, HMACSHA256.HashSizeInBytes);
        if (given.Count == 0) return VerificationResult.Rejected($"header {Header} has no \"v=\" with a 256-bit code in hexadecimal");
        if (!Freshness.IsFresh(input, $"\"t=\" of header {Header}", timestamps[0], unitsPerSecond: 1000, out rejected)) return rejected;
        return MacCheck.Hmac(input, HashAlgorithmName.SHA256, given, MacCheck.Utf8(timestamps[0] + "."), input.Request.Body);
    }
}
