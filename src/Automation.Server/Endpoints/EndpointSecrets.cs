using System.Security.Cryptography;
using System.Text;
using Automation.Server.Storage;

namespace Automation.Server.Endpoints;

/// <summary>The secrets that the server makes for endpoints. They follow from a key of the journal and the endpoint's generation: none is stored, and all servers have the same.</summary>
internal sealed class EndpointSecrets(Journal journal)
{
    private byte[]? key;

    /// <summary>The secrets that sign now, the newest first: two until the previous one has run out.</summary>
    public async ValueTask<IReadOnlyList<string>> OfAsync(StoredEndpoint endpoint, EndpointSigning signing, DateTimeOffset now)
    {
        if (signing is EndpointSigning.None) return [];
        var newest = Make(await KeyAsync(), endpoint, endpoint.Generation, signing);
        return endpoint.PreviousUntil > now ? [newest, Make(await KeyAsync(), endpoint, endpoint.Generation - 1, signing)] : [newest];
    }

    /// <summary>What a receiver verifies with: the secret, or with Ed25519 the public key <c>whpk_…</c>.</summary>
    public static string ForReceiver(string secret, EndpointSigning signing) =>
        signing is EndpointSigning.StandardWebhooksV1A ? "whpk_" + Convert.ToBase64String(Convert.FromBase64String(secret["whsk_".Length..]).AsSpan(Cryptography.Ed25519.SeedSize)) : secret;

    /// <summary>The key, which also signs the portal's tokens.</summary>
    public async ValueTask<byte[]> KeyAsync()
    {
        if (key is { } known) return known;
        var read = new EndpointKeyRead(RandomNumberGenerator.GetBytes(32));
        await journal.CommitAsync(read);
        return key = read.Key;
    }

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
