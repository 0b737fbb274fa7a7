using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Compares message authentication codes, in constant time.</summary>
internal static class MacCheck
{
    public const string NoMatch = "no configured secret matches: the secret is another one, or the body was changed on the way";

    /// <summary>One of the given codes has to be the HMAC of the parts, one after the other, under one of the secrets.</summary>
    /// <param name="input">Whose secrets to try.</param>
    /// <param name="algorithm">The hash.</param>
    /// <param name="given">What the sender sent.</param>
    /// <param name="signed">What it signed.</param>
    public static VerificationResult Hmac(VerificationInput input, HashAlgorithmName algorithm, IReadOnlyList<byte[]> given, params ReadOnlyMemory<byte>[] signed)
    {
        foreach (var secret in input.Secrets)
        {
            if (IsHmac(Utf8(secret.Value), algorithm, given, signed)) return VerificationResult.Verified(secret.Name);
        }

        return VerificationResult.Rejected(NoMatch, signed);
    }

    public static bool IsHmac(ReadOnlySpan<byte> key, HashAlgorithmName algorithm, IReadOnlyList<byte[]> given, params ReadOnlySpan<ReadOnlyMemory<byte>> signed)
    {
        using var hmac = IncrementalHash.CreateHMAC(algorithm, key);
        return IsAny(hmac, given, signed);
    }

    /// <summary>A plain hash over parts of which one is the secret.</summary>
    public static bool IsHash(HashAlgorithmName algorithm, IReadOnlyList<byte[]> given, params ReadOnlySpan<ReadOnlyMemory<byte>> signed)
    {
        using var hash = IncrementalHash.CreateHash(algorithm);
        return IsAny(hash, given, signed);
    }

    /// <summary>A text that is the secret itself. Neither its length nor where it differs shows in the time it takes.</summary>
    public static VerificationResult Equal(VerificationInput input, ReadOnlySpan<char> given, string where)
    {
        foreach (var secret in input.Secrets)
        {
            if (AreEqual(given, secret.Value)) return VerificationResult.Verified(secret.Name);
        }

        return VerificationResult.Rejected($"{where} is not the value of {Names(input)}");
    }

    public static byte[] ComputeHmac(ReadOnlySpan<byte> key, HashAlgorithmName algorithm, params ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        using var hmac = IncrementalHash.CreateHMAC(algorithm, key);
        foreach (var part in parts) hmac.AppendData(part.Span);
        return hmac.GetHashAndReset();
    }

    /// <summary>One text for equal parts: the SHA-256 of them, one after the other.</summary>
    public static string Digest(params ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts) hash.AppendData(part.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>In the time that the given text takes, whatever the other is.</summary>
    public static bool AreEqual(ReadOnlySpan<char> given, string secret)
    {
        Span<byte> sent = stackalloc byte[SHA256.HashSizeInBytes], expected = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given.ToArray()), sent);
        SHA256.HashData(Utf8(secret), expected);
        return CryptographicOperations.FixedTimeEquals(sent, expected);
    }

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>For reasons: <c>secret A</c>, <c>secret A or B</c>.</summary>
    public static string Names(VerificationInput input) => "secret " + string.Join(" or ", input.Secrets.Select(secret => secret.Name));

    private static bool IsAny(IncrementalHash hash, IReadOnlyList<byte[]> given, ReadOnlySpan<ReadOnlyMemory<byte>> signed)
    {
        foreach (var part in signed) hash.AppendData(part.Span);
        Span<byte> expected = stackalloc byte[HMACSHA512.HashSizeInBytes];
        expected = expected[..hash.GetHashAndReset(expected)];
        foreach (var code in given)
        {
            if (CryptographicOperations.FixedTimeEquals(code, expected)) return true;
        }

        return false;
    }
}
