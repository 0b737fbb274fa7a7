using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Server.Deliveries;

/// <summary>TLS of outgoing connections: HTTP/2 where the receiver speaks it, client certificates by host, and a name for what is wrong with a receiver's certificate.</summary>
internal sealed class OutboundTls : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // id-kp-serverAuth, RFC 5280 §4.2.1.12

    private readonly Dictionary<string, X509Certificate2> own = new(StringComparer.OrdinalIgnoreCase);
    private readonly X509Certificate2Collection authorities = [];

    /// <exception cref="FormatException">A file cannot be read; the message names the setting.</exception>
    public OutboundTls(OutboundOptions options)
    {
        foreach (var (host, certificate) in options.ClientCertificates) own[host] = Load($"Outbound:ClientCertificates:{host}", () => certificate.Load());
        if (options.CertificateAuthority.Length > 0)
        {
            _ = Load("Outbound:CertificateAuthority", () =>
            {
                authorities.ImportFromPemFile(options.CertificateAuthority);
                return authorities.Count > 0 ? authorities : throw new IOException($"{options.CertificateAuthority} has no certificate.");
            });
        }
    }

    public SslClientAuthenticationOptions Options() => new()
    {
        RemoteCertificateValidationCallback = (sender, certificate, chain, errors) => errors is SslPolicyErrors.None || Check(((SslStream)sender).TargetHostName, certificate as X509Certificate2, chain, errors),
        LocalCertificateSelectionCallback = own.Count == 0 ? null : (_, host, _, _, _) => own.GetValueOrDefault(host)!,
    };

    public void Dispose()
    {
        foreach (var certificate in own.Values) certificate.Dispose();
        foreach (var authority in authorities) authority.Dispose();
    }

    private bool Check(string host, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || chain is null) throw new OutboundException("tls_failed", "No secure connection to the receiver: it showed no certificate.");
        var wrong = chain.ChainStatus;
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && authorities.Count > 0) wrong = StatusByOwnAuthorities(certificate, chain);
        foreach (var link in chain.ChainElements)
        {
            if (DateTime.Compare(chain.ChainPolicy.VerificationTime, link.Certificate.NotAfter) > 0)
                throw Refused("certificate_expired", $"{Which(link, certificate)} expired on {link.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}");
            if (DateTime.Compare(chain.ChainPolicy.VerificationTime, link.Certificate.NotBefore) < 0)
                throw Refused("certificate_not_yet_valid", $"{Which(link, certificate)} is valid from {link.Certificate.NotBefore.ToUniversalTime():yyyy-MM-dd} on");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) throw Refused("certificate_wrong_host", $"its certificate is for {Names(certificate)}, not for {host}");
        if (wrong.Length == 0) return true;
        var all = wrong.Aggregate(X509ChainStatusFlags.NoError, (sum, status) => sum | status.Status);
        if (all.HasFlag(X509ChainStatusFlags.Revoked)) throw Refused("certificate_revoked", "its certificate was revoked");
        if ((all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) == 0) throw Refused("certificate_invalid", $"its certificate is not valid: {all}");
        throw Refused("certificate_untrusted", certificate.Subject == certificate.Issuer
            ? "its certificate is signed by itself; Outbound:CertificateAuthority can name it"
            : $"its certificate is of an issuer that this server does not know, {certificate.IssuerName.Name}; Outbound:CertificateAuthority can name it");
    }

    private X509ChainStatus[] StatusByOwnAuthorities(X509Certificate2 certificate, X509Chain shown)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (var link in shown.ChainElements) chain.ChainPolicy.ExtraStore.Add(link.Certificate);
        return chain.Build(certificate) ? [] : chain.ChainStatus;
    }

    private static OutboundException Refused(string code, string why) => new(code, $"No secure connection to the receiver: {why}.");

    private static string Which(X509ChainElement link, X509Certificate2 certificate) =>
        link.Certificate.Thumbprint == certificate.Thumbprint ? "its certificate" : $"the certificate of its issuer {link.Certificate.SubjectName.Name}";

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString()))).Take(5).ToList();
        return names.Count > 0 ? string.Join(", ", names) : certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false) is { Length: > 0 } name ? name : "nobody";
    }

    private static T Load<T>(string setting, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            throw new FormatException($"{setting}: {error.Message}");
        }
    }
}
