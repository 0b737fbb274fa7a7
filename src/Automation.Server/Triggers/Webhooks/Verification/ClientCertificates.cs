using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Compares a sender's certificate with <c>verify.certificates</c>.</summary>
internal static class ClientCertificates
{
    private const int FingerprintDigits = SHA256.HashSizeInBytes * 2;

    public static IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (config.Certificates is { Count: 0 }) yield return ("/certificates", "Name at least one certificate: its SHA-256 fingerprint, its common name or a DNS name in it.");
        for (var at = 0; at < (config.Certificates?.Count ?? 0); at++)
        {
            if (string.IsNullOrWhiteSpace(config.Certificates![at])) yield return ($"/certificates/{at}", "This is empty; write a SHA-256 fingerprint, a common name or a DNS name.");
        }
    }

    public static VerificationResult Verify(VerificationInput input)
    {
        if (input.Request.Certificate is not { } certificate) return VerificationResult.Rejected("the sender sent no client certificate");
        var at = new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        if (input.Now > at) return VerificationResult.Rejected($"the client certificate ended at {at:u}");
        return input.Config.Certificates!.Any(allowed => Is(certificate, allowed))
            ? VerificationResult.Verified(null)
            : VerificationResult.Rejected($"the client certificate of \"{certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)}\" is not one of this trigger's");
    }

    private static bool Is(X509Certificate2 certificate, string allowed)
    {
        var digits = allowed.Replace(":", "", StringComparison.Ordinal);
        if (digits.Length == FingerprintDigits && digits.All(char.IsAsciiHexDigit)) return digits.Equals(certificate.GetCertHashString(HashAlgorithmName.SHA256), StringComparison.OrdinalIgnoreCase);
        return allowed.Equals(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false), StringComparison.OrdinalIgnoreCase)
            || certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names => names.EnumerateDnsNames().Contains(allowed, StringComparer.OrdinalIgnoreCase));
    }
}
