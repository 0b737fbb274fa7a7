using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification;

internal static class HmacAlgorithms
{
    // SHA-1 only where the author asks for it: some providers sign with nothing else, and HMAC-SHA1 is not known to be broken.
    public static (HashAlgorithmName Name, int Size) Hash(this HmacAlgorithm? algorithm) => algorithm switch
    {
        HmacAlgorithm.Sha1 => (HashAlgorithmName.SHA1, HMACSHA1.HashSizeInBytes),
        HmacAlgorithm.Sha384 => (HashAlgorithmName.SHA384, HMACSHA384.HashSizeInBytes),
        HmacAlgorithm.Sha512 => (HashAlgorithmName.SHA512, HMACSHA512.HashSizeInBytes),
        _ => (HashAlgorithmName.SHA256, HMACSHA256.HashSizeInBytes),
    };
}
