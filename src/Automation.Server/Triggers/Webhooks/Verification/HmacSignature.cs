using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>A header with an HMAC of the raw body: <c>prefix</c>, then the code in hexadecimal or base64. Keys are the secrets' UTF-8 bytes.</summary>
internal static class HmacSignature
{
    private const int LongestMac = HMACSHA512.HashSizeInBytes;

    public static VerificationResult Verify(
        in WebhookRequest request, string header, HmacAlgorithm algorithm, MacEncoding encoding, string prefix, IReadOnlyList<string> secrets)
    {
        if (!SignatureHeader.TryRead(request, header, out var value, out var rejected)) return rejected;
        if (!value.StartsWith(prefix, StringComparison.Ordinal)) return VerificationResult.Rejected($"header {header} does not start with \"{prefix}\"");
        var (hash, size) = Hash(algorithm);
        Span<byte> given = stackalloc byte[LongestMac];
        if (!TryDecode(value.AsSpan(prefix.Length), encoding, given, out var length) || length != size)
            return VerificationResult.Rejected($"header {header} is not a {size * 8}-bit code in {(encoding is MacEncoding.Hex ? "hexadecimal" : "base64")}");
        Span<byte> expected = stackalloc byte[LongestMac];
        foreach (var secret in secrets)
        {
            CryptographicOperations.HmacData(hash, Encoding.UTF8.GetBytes(secret), request.Body.Span, expected[..size]);
            if (CryptographicOperations.FixedTimeEquals(given[..size], expected[..size])) return VerificationResult.Verified;
        }

        return VerificationResult.Rejected("no configured secret matches");
    }

    private static bool TryDecode(ReadOnlySpan<char> text, MacEncoding encoding, Span<byte> bytes, out int length) => encoding is MacEncoding.Base64
        ? Convert.TryFromBase64Chars(text, bytes, out length)
        : Convert.FromHexString(text, bytes, out _, out length) is OperationStatus.Done;

    // SHA-1 only where the author asks for it: some providers sign with nothing else, and HMAC-SHA1 is not known to be broken.
    private static (HashAlgorithmName Name, int Size) Hash(HmacAlgorithm algorithm) => algorithm switch
    {
        HmacAlgorithm.Sha1 => (HashAlgorithmName.SHA1, HMACSHA1.HashSizeInBytes),
        HmacAlgorithm.Sha384 => (HashAlgorithmName.SHA384, HMACSHA384.HashSizeInBytes),
        HmacAlgorithm.Sha512 => (HashAlgorithmName.SHA512, HMACSHA512.HashSizeInBytes),
        _ => (HashAlgorithmName.SHA256, HMACSHA256.HashSizeInBytes),
    };
}
