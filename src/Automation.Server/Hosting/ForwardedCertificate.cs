using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Server.Hosting;

/// <summary>A client's certificate as proxies write it into a header.</summary>
internal static class ForwardedCertificate
{
    /// <param name="text">PEM, percent-encoded (nginx, Envoy) or with its line breaks as blanks (HAProxy, Apache); or DER in base64 (Azure, Traefik).</param>
    /// <param name="certificate">Not checked.</param>
    public static bool TryRead(string text, [NotNullWhen(true)] out X509Certificate2? certificate)
    {
        certificate = null;
        const string Begin = "-----BEGIN CERTIFICATE-----", End = "-----END CERTIFICATE-----";
        var plain = text.Contains('%') ? Uri.UnescapeDataString(text) : text;
        var (begin, end) = (plain.IndexOf(Begin, StringComparison.Ordinal), plain.IndexOf(End, StringComparison.Ordinal));
        var base64 = begin >= 0 && end > begin ? plain[(begin + Begin.Length)..end] : plain;
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length)) return false;
        try
        {
            certificate = X509CertificateLoader.LoadCertificate(bytes.AsSpan(0, length));
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
