using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Storage;

namespace Automation.Server.Access;

/// <summary>Tokens of programs: <c>atk_ID_SECRET</c>. The id finds the row and may be shown, the secret is 32 random bytes of which only a hash is kept.</summary>
internal sealed class ApiTokens(AccessDirectory directory, TimeProvider time)
{
    public const string Prefix = "atk_";
    private const int IdLength = 12, SecretLength = 43;

    /// <summary>A new token, which is shown once, and its row.</summary>
    public static (string Token, StoredToken Row) Make(string name, Role role, IReadOnlyList<string> names, DateTimeOffset now, DateTimeOffset? expiresAt, string? by)
    {
        var id = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));
        var token = $"{id}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        return (token, new StoredToken(id, HashOf(token), name, role.ToString().ToLowerInvariant(), names, now, by, expiresAt, null));
    }

    public static bool LooksLikeOne(string candidate) => candidate.StartsWith(Prefix, StringComparison.Ordinal) && candidate.Length == Prefix.Length + IdLength + 1 + SecretLength;

    /// <summary>Whose token it is; null when it is none, or is over.</summary>
    public Caller? CallerOf(string candidate)
    {
        if (!LooksLikeOne(candidate) || directory.Tokens.GetValueOrDefault(candidate[..(Prefix.Length + IdLength)]) is not { } token) return null;
        if (!CryptographicOperations.FixedTimeEquals(HashOf(candidate), token.Hash) || token.ExpiresAt <= time.GetUtcNow() || !AccessOptions.TryRole(token.Role, out var role)) return null;
        directory.Use(token);
        return new Caller(token.Name, CallerKind.Token, role, token.Names);
    }

    /// <summary>A pattern fits a name when they are the same, or the pattern ends with <c>*</c> and the name begins like it.</summary>
    public static bool Fits(IReadOnlyList<string> patterns, string name) =>
        patterns.Any(pattern => pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : name == pattern);

    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
