using System.Security.Cryptography;
using System.Text;
using Automation.Server.Secrets;
using Automation.Server.Storage;

namespace Automation.Server.Endpoints;

/// <summary>The secrets that the server makes for endpoints. They follow from a key of the server and the endpoint's generation: none is stored, and all servers have the same.</summary>
internal sealed class EndpointSecrets(ServerKeys keys)
{
    /// <summary>The secrets that sign now, the newest first: two until the previous one has run out.</summary>
    /// <exception cref="ServerKeyException">This server cannot open the key.</exception>
    public IReadOnlyList<string> Of(StoredEndpoint endpoint, EndpointSigning signing, DateTimeOffset now)
    {
        if (signing is EndpointSigning.None) return [];
        var key = keys.Of(ServerKeys.Endpoints)[0];
        var newest = Make(key, endpoint, endpoint.Generation, signing);
        return endpoint.PreviousUntil > now ? [newest, Make(key, endpoint, endpoint.Generation - 1, signing)] : [newest];
    }

    /// <summary>What a receiver verifies with: the secret, or with Ed25519 the public key <c>whpk_…</c>.</summary>
    public static string ForReceiver(string secret, EndpointSigning signing) =>
        signing is EndpointSigning.StandardWebhooksV1A ? "whpk_" + Convert.ToBase64String(Convert.FromBase64String(secret["whsk_".Length..]).AsSpan(Cryptography.Ed25519.SeedSize)) : secret;

    private static string Make(byte[] key, StoredEndpoint endpoint, long generation, EndpointSigning signing)
    {
        var seed = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"endpoint secret/{endpoint.Id}/{endpoint.CreatedAt.ToUnixTimeMilliseconds()}/{generation}"));
        return signing switch
        {
            EndpointSigning.StandardWebhooks => "whsec_" + Convert.ToBase64String(seed),
            EndpointSigning.StandardWebhooksV1A => "whsk_" + Convert.ToBase64String([.. seed, .. Cryptography.Ed25519.PublicKey(seed)]),
            _ => Convert.ToHexStringLower(seed),
        };
    }
}
