using System.Security.Cryptography;
using Automation.Server.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>webhook-id</c>, <c>webhook-timestamp</c> (seconds), <c>webhook-signature</c> (a list parted by spaces) over <c>{id}.{timestamp}.{raw body}</c> — Standard Webhooks specification.
/// Svix's own header names, <c>svix-…</c>, count too.
/// </summary>
/// <remarks>
/// <c>v1,&lt;base64&gt;</c> is HMAC-SHA256 under a secret that is base64, with or without <c>whsec_</c>; <c>v1a,&lt;base64&gt;</c> is Ed25519 under a public key <c>whpk_…</c>. A secret
/// serves its own version only. Other versions are ignored. One match is enough.
/// </remarks>
internal sealed class StandardWebhooksScheme : VerificationScheme
{
    // A sender has one signature a secret; more is an attempt to make us work.
    private const int MaxSignatures = 16;

    private const string SecretPrefix = "whsec_", PublicKeyPrefix = "whpk_", PrivateKeyPrefix = "whsk_";

    public override string Name => "standard-webhooks";

    public override string SecretsAre => "the signing secret (whsec_…) or the sender's public key (whpk_…)";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers[Brand(request) + "id"];

    /// <summary>What <see cref="IsSigningSecret"/> wants, for errors.</summary>
    public const string SigningSecretIs = "it has to be \"whsec_\" followed by the key in Base64, or \"whsk_\" followed by an Ed25519 key pair in Base64, as Standard Webhooks defines them.";

    /// <summary>Whether <see cref="Sign"/> can sign with a secret: <c>whsec_…</c>, or <c>whsk_…</c> for Ed25519. Without a prefix any password might pass for a key.</summary>
    public static bool IsSigningSecret(string secret) => secret.StartsWith(PrivateKeyPrefix, StringComparison.Ordinal)
        ? TryKey(secret, PrivateKeyPrefix, out var pair) && pair.Length >= Ed25519.SeedSize
        : secret.StartsWith(SecretPrefix, StringComparison.Ordinal) && TryKey(secret, SecretPrefix, out _);

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var head = MacCheck.Utf8($"{input.Id}.{input.Seconds}.");
        string signature;
        if (input.Secret.StartsWith(PrivateKeyPrefix, StringComparison.Ordinal))
        {
            if (!TryKey(input.Secret, PrivateKeyPrefix, out var pair) || pair.Length < Ed25519.SeedSize) throw new FormatException("The private key is not whsk_ with base64 of 64 bytes.");
            signature = "v1a," + Convert.ToBase64String(Ed25519.Sign(pair.AsSpan(0, Ed25519.SeedSize), [.. head, .. input.Body.Span]));
        }
        else
        {
            if (!TryKey(input.Secret, SecretPrefix, out var key)) throw new FormatException("The signing secret is not whsec_ with base64.");
            signature = "v1," + Convert.ToBase64String(MacCheck.ComputeHmac(key, HashAlgorithmName.SHA256, head, input.Body));
        }

        return [("webhook-id", input.Id), ("webhook-timestamp", input.Seconds), ("webhook-signature", signature)];
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        var request = input.Request;
        var brand = Brand(request);
        if (!SignatureHeader.TryRead(request, brand + "id", out var id, out var rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, brand + "timestamp", out var timestamp, out rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, brand + "signature", out var signatures, out rejected)) return rejected;
        if (!Freshness.IsFresh(input, $"header {brand}timestamp", timestamp, unitsPerSecond: 1, out rejected)) return rejected;
        var entries = signatures.Split(' ', MaxSignatures + 1, StringSplitOptions.RemoveEmptyEntries).Take(MaxSignatures).ToList();
        var codes = Of(entries, "v1,", HMACSHA256.HashSizeInBytes);
        var keyed = Of(entries, "v1a,", Ed25519.SignatureSize);
        ReadOnlyMemory<byte> head = MacCheck.Utf8($"{id}.{timestamp}.");
        var usable = false;
        foreach (var secret in input.Secrets)
        {
            var isPublic = secret.Value.StartsWith(PublicKeyPrefix, StringComparison.Ordinal);
            if (!TryKey(secret.Value, isPublic ? PublicKeyPrefix : SecretPrefix, out var key)) continue;
            usable = true;
            if (isPublic ? IsSigned(key, keyed, head, request.Body) : codes.Count > 0 && MacCheck.IsHmac(key, HashAlgorithmName.SHA256, codes, head, request.Body))
                return VerificationResult.Verified(secret.Name);
        }

        if (!usable) return VerificationResult.Rejected($"no configured secret is base64: {MacCheck.Names(input)}");
        var wanted = input.Secrets.Any(secret => !secret.Value.StartsWith(PublicKeyPrefix, StringComparison.Ordinal)) ? "v1" : "v1a";
        return (wanted is "v1" ? codes : keyed).Count == 0
            ? VerificationResult.Rejected($"the signature header has no {wanted} signature")
            : VerificationResult.Rejected(MacCheck.NoMatch, head, request.Body);
    }

    private static string Brand(WebhookRequest request) => request.Headers.ContainsKey("svix-signature") && !request.Headers.ContainsKey("webhook-signature") ? "svix-" : "webhook-";

    private static List<byte[]> Of(List<string> entries, string version, int size) =>
        MacText.DecodeAll(entries.Where(entry => entry.StartsWith(version, StringComparison.Ordinal)).Select(entry => entry[version.Length..]), MacEncoding.Base64, size);

    private static bool IsSigned(byte[] publicKey, List<byte[]> signatures, ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body)
    {
        if (signatures.Count == 0) return false;
        byte[] message = [.. head.Span, .. body.Span];
        return signatures.Exists(signature => Ed25519.Verify(publicKey, message, signature));
    }

    private static bool TryKey(string secret, string prefix, out byte[] key)
    {
        var text = secret.AsSpan(secret.StartsWith(prefix, StringComparison.Ordinal) ? prefix.Length : 0);
        key = new byte[text.Length];
        if (!Convert.TryFromBase64Chars(text, key, out var length) || length == 0) return false;
        key = key[..length];
        return true;
    }
}
