using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>Senders that put time and codes into one header, <c>t=…,v1=…</c>: hexadecimal HMAC-SHA256 over <c>{t}.{raw body}</c>. Any of the codes may match.</summary>
/// <param name="header">Its name.</param>
/// <param name="entry">What the codes that count are called: <c>v1</c>.</param>
/// <param name="unitsPerSecond">Of the time: 1, or 1000 for milliseconds.</param>
internal abstract class StampedHmacScheme(string header, string entry, int unitsPerSecond) : VerificationScheme
{
    public sealed override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    /// <summary>A signature is over its time: the same one is the same message.</summary>
    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers[header];

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var time = unitsPerSecond == 1 ? input.Seconds : input.Milliseconds;
        return [(header, $"t={time},{entry}={Convert.ToHexStringLower(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8(time + "."), input.Body))}")];
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        if (!SignatureHeader.TryRead(input.Request, header, out var value, out var rejected)) return rejected;
        var times = SignatureHeader.Entries(value, "t");
        if (times.Count != 1) return VerificationResult.Rejected($"header {header} has {(times.Count == 0 ? "no" : "several")} \"t=\"");
        var given = MacText.DecodeAll(SignatureHeader.Entries(value, entry), MacEncoding.Hex, HMACSHA256.HashSizeInBytes);
        if (given.Count == 0) return VerificationResult.Rejected($"header {header} has no \"{entry}=\" with a 256-bit code in hexadecimal");
        if (!Freshness.IsFresh(input, $"\"t=\" of header {header}", times[0], unitsPerSecond, out rejected)) return rejected;
        return MacCheck.Hmac(input, HashAlgorithmName.SHA256, given, MacCheck.Utf8(times[0] + "."), input.Request.Body);
    }
}
