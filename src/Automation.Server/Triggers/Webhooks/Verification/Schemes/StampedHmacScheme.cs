using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>Senders that put time and codes into one header, <c>t=…,v1=…</c>: hexadecimal HMAC-SHA256 over <c>{t}.{raw body}</c>. Any of the codes may match.</summary>
/// <param name="header">Its name.</param>
/// <param name="entry">What the codes that count are called: <c>v1</c>.</param>
/// <param name="unitsPerSecond">Of the time: 1, or 1000 for milliseconds.</param>
internal abstract class StampedHmacScheme(string header, string entry, int unitsPerSecond) : VerificationScheme
{
    // A sender has one for each secret, or each pair of secret and version; more is an attempt to make us work.
    private const int MostCodes = 36;

    public sealed override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => MessageId(request, header);

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var time = unitsPerSecond == 1 ? input.Seconds : input.Milliseconds;
        return [(header, $"t={time},{entry}={Convert.ToHexStringLower(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8(time + "."), input.Body))}")];
    }

    protected override VerificationResult Verify(VerificationInput input) => Verify(input, header, [entry], unitsPerSecond, ".");

    /// <summary>The same time and body are the same message.</summary>
    internal static string? MessageId(WebhookRequest request, string header) =>
        SignatureHeader.Entries(request.Headers[header].ToString(), "t") is [var time, ..] ? MacCheck.Digest(MacCheck.Utf8(time + "."), request.Body) : null;

    /// <param name="input">Whose request and secrets.</param>
    /// <param name="header">What holds time and codes.</param>
    /// <param name="entries">The names of the codes that count.</param>
    /// <param name="unitsPerSecond">Of the time.</param>
    /// <param name="separator">Between the time and the body, in what is signed.</param>
    /// <param name="algorithm">Null for SHA-256.</param>
    /// <param name="encoding">Of the codes.</param>
    internal static VerificationResult Verify(
        VerificationInput input, string header, IEnumerable<string> entries, int unitsPerSecond, string separator, HmacAlgorithm? algorithm = null, MacEncoding encoding = MacEncoding.Hex)
    {
        if (!SignatureHeader.TryRead(input.Request, header, out var value, out var rejected)) return rejected;
        var times = SignatureHeader.Entries(value, "t");
        if (times.Count != 1) return VerificationResult.Rejected($"header {header} has {(times.Count == 0 ? "no" : "several")} \"t=\"");
        var (hash, size) = algorithm.Hash();
        var given = MacText.DecodeAll(entries.SelectMany(entry => SignatureHeader.Entries(value, entry)).Take(MostCodes), encoding, size);
        if (given.Count == 0) return VerificationResult.Rejected($"header {header} has no \"{entries.First()}=\" with a {size * 8}-bit code in {(encoding is MacEncoding.Hex ? "hexadecimal" : "base64")}");
        if (!Freshness.IsFresh(input, $"\"t=\" of header {header}", times[0], unitsPerSecond, out rejected)) return rejected;
        return MacCheck.Hmac(input, hash, given, MacCheck.Utf8(times[0] + separator), input.Request.Body);
    }
}
