using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Steps;

namespace Automation.Server.Deliveries;

/// <summary>Signs outgoing webhooks as Standard Webhooks describes: <c>v1,</c> and Base64 of HMAC-SHA256 over <c>{id}.{timestamp}.{body}</c>.</summary>
/// <remarks>Source: standard-webhooks specification, symmetric signatures. The key is the Base64 text after <c>whsec_</c>.</remarks>
internal static class StandardWebhooksSigner
{
    private const string Prefix = "whsec_";

    /// <param name="secretName">For the error only.</param>
    /// <param name="secret">As <c>whsec_…</c>.</param>
    /// <param name="id">The <c>webhook-id</c>.</param>
    /// <param name="timestamp">The <c>webhook-timestamp</c>, in whole seconds since 1970.</param>
    /// <param name="body">The very bytes that are sent.</param>
    /// <returns>The <c>webhook-signature</c>.</returns>
    /// <exception cref="StepException"><c>signing_secret_invalid</c>: the secret has not the form it needs.</exception>
    public static string Sign(string secretName, string secret, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var key = Key(secret) ?? throw new StepException(
            "signing_secret_invalid",
            $"The secret {secretName} cannot sign webhooks: it has to be \"{Prefix}\" followed by the key in Base64, as Standard Webhooks defines it.");
        var head = string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.");
        var length = Encoding.UTF8.GetMaxByteCount(head.Length) + body.Length;
        var content = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var at = Encoding.UTF8.GetBytes(head, content);
            body.CopyTo(content.AsSpan(at));
            Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
            HMACSHA256.HashData(key, content.AsSpan(0, at + body.Length), hash);
            return "v1," + Convert.ToBase64String(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Whether a secret has the form that signing needs.</summary>
    public static bool IsKey(string secret) => Key(secret) is not null;

    private static byte[]? Key(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var key = new byte[secret.Length];
        return Convert.TryFromBase64Chars(secret.AsSpan(Prefix.Length), key, out var length) && length > 0 ? key[..length] : null;
    }
}
