using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>Senders that sign <c>v0:{timestamp}:{raw body}</c> with HMAC-SHA256 and send <c>v0=&lt;hex&gt;</c>: Slack, and Zoom after it.</summary>
internal abstract class TimedHmacScheme(string signatureHeader, string timestampHeader) : VerificationScheme
{
    private const string Prefix = "v0=";

    public sealed override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    /// <summary>The same time and body are the same message.</summary>
    public override string? MessageId(WebhookRequest request, VerifyConfig config) => MacCheck.Digest(MacCheck.Utf8($"{request.Headers[timestampHeader]}:"), request.Body);

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) =>
    [
        (timestampHeader, input.Seconds),
        (signatureHeader, Prefix + Convert.ToHexStringLower(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8($"v0:{input.Seconds}:"), input.Body))),
    ];

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (!SignatureHeader.TryRead(input.Request, timestampHeader, out var timestamp, out var rejected)) return rejected;
        if (!SignatureHeader.TryRead(input.Request, signatureHeader, out var value, out rejected)) return rejected;
        if (!Freshness.IsFresh(input, "header " + timestampHeader, timestamp, unitsPerSecond: 1, out rejected)) return rejected;
        if (!value.StartsWith(Prefix, StringComparison.Ordinal)) return VerificationResult.Rejected($"header {signatureHeader} does not start with \"{Prefix}\"");
        var given = MacText.Decode(value.AsSpan(Prefix.Length), MacEncoding.Hex, HMACSHA256.HashSizeInBytes, "header " + signatureHeader, out rejected);
        return given is null ? rejected : MacCheck.Hmac(input, HashAlgorithmName.SHA256, [given], MacCheck.Utf8($"v0:{timestamp}:"), input.Request.Body);
    }
}
