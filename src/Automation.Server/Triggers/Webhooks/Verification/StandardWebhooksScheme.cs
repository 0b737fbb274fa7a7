using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>
/// <c>webhook-id</c>, <c>webhook-timestamp</c> (seconds), <c>webhook-signature</c> (a list of <c>v1,&lt;base64&gt;</c> parted by spaces): HMAC-SHA256 over
/// <c>{id}.{timestamp}.{raw body}</c> — Standard Webhooks specification. Svix's own header names, <c>svix-…</c>, count too.
/// </summary>
/// <remarks>The key is the secret, without <c>whsec_</c>, decoded from base64. Other signature versions are ignored. One match is enough.</remarks>
internal sealed class StandardWebhooksScheme : IVerificationScheme
{
    /// <summary>The specification's libraries take 5 minutes, either way; exactly that much passes.</summary>
    private const int DefaultToleranceSeconds = 300;

    // A sender has one signature a secret; more is an attempt to make us work.
    private const int MaxSignatures = 16;

    private const string SecretPrefix = "whsec_";

    public string Name => "standard-webhooks";

    public IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config) => OptionCheck.Unused(config, Name, allowTolerance: true);

    public VerificationResult Verify(in WebhookRequest request, VerifyConfig config, IReadOnlyList<string> secrets, DateTimeOffset now)
    {
        var brand = request.Headers.ContainsKey("svix-signature") && !request.Headers.ContainsKey("webhook-signature") ? "svix-" : "webhook-";
        if (!SignatureHeader.TryRead(request, brand + "id", out var id, out var rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, brand + "timestamp", out var timestamp, out rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, brand + "signature", out var signatures, out rejected)) return rejected;
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var sent) || sent > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return VerificationResult.Rejected($"header {brand}timestamp is not a number of seconds");
        var off = now.ToUnixTimeSeconds() - sent;
        if (Math.Abs(off) > (config.ToleranceSeconds ?? DefaultToleranceSeconds)) return VerificationResult.Rejected($"clock off by {off} s");
        return Compare(signatures, $"{id}.{timestamp}.", request.Body.Span, secrets);
    }

    private static VerificationResult Compare(string signatures, string head, ReadOnlySpan<byte> body, IReadOnlyList<string> secrets)
    {
        var given = Codes(signatures);
        if (given.Count == 0) return VerificationResult.Rejected("the signature header has no v1 signature");
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var usable = false;
        foreach (var secret in secrets)
        {
            if (!TryKey(secret, out var key)) continue;
            usable = true;
            using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
            hmac.AppendData(Encoding.UTF8.GetBytes(head));
            hmac.AppendData(body);
            hmac.GetHashAndReset(expected);
            foreach (var code in given)
            {
                if (CryptographicOperations.FixedTimeEquals(code, expected)) return VerificationResult.Verified;
            }
        }

        return VerificationResult.Rejected(usable ? "no configured secret matches" : "no configured secret is base64");
    }

    private static List<byte[]> Codes(string signatures)
    {
        var codes = new List<byte[]>(1);
        foreach (var entry in signatures.Split(' ', MaxSignatures + 1, StringSplitOptions.RemoveEmptyEntries).Take(MaxSignatures))
        {
            var code = new byte[HMACSHA256.HashSizeInBytes];
            if (!entry.StartsWith("v1,", StringComparison.Ordinal)) continue;
            if (Convert.TryFromBase64Chars(entry.AsSpan(3), code, out var length) && length == code.Length) codes.Add(code);
        }

        return codes;
    }

    private static bool TryKey(string secret, out byte[] key)
    {
        var text = secret.AsSpan(secret.StartsWith(SecretPrefix, StringComparison.Ordinal) ? SecretPrefix.Length : 0);
        key = new byte[text.Length];
        if (!Convert.TryFromBase64Chars(text, key, out var length) || length == 0) return false;
        key = key[..length];
        return true;
    }
}
