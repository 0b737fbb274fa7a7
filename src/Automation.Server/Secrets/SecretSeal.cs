using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Storage;

namespace Automation.Server.Secrets;

/// <summary>Seals values with AES-256-GCM: nobody reads them without the key, and a row that was changed, or moved under another name, does not open.</summary>
/// <remarks>Nonces are random (12 bytes): safe for some four thousand million seals of one key — NIST SP 800-38D §8.3.</remarks>
internal static class SecretSeal
{
    private const int TagBytes = 16, NonceBytes = 12;

    public static SealedSecret Close(string name, string value, SecretKey key, DateTimeOffset at, string? by)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var (nonce, sealing) = (RandomNumberGenerator.GetBytes(NonceBytes), new byte[plain.Length + TagBytes]);
        using (var aes = new AesGcm(key.Value, TagBytes)) aes.Encrypt(nonce, plain, sealing.AsSpan(0, plain.Length), sealing.AsSpan(plain.Length), About(name, key));
        CryptographicOperations.ZeroMemory(plain);
        return new SealedSecret(name, key.Id, nonce, sealing, at, by);
    }

    /// <summary>False when the row is not what was sealed under this name with this key.</summary>
    public static bool TryOpen(SealedSecret secret, SecretKey key, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (secret.Nonce.Length != NonceBytes || secret.Sealed.Length < TagBytes) return false;
        var plain = new byte[secret.Sealed.Length - TagBytes];
        try
        {
            using var aes = new AesGcm(key.Value, TagBytes);
            aes.Decrypt(secret.Nonce, secret.Sealed.AsSpan(0, plain.Length), secret.Sealed.AsSpan(plain.Length), plain, About(secret.Name, key));
            value = Encoding.UTF8.GetString(plain);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private static byte[] About(string name, SecretKey key) => Encoding.UTF8.GetBytes($"automation secret 1\n{name}\n{key.Id}");
}
