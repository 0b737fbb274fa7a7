using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt;

/// <summary>What the certificate files of <see cref="MqttTlsOptions"/> say at the moment. Servers of other protocols may use the same files. Any thread.</summary>
public sealed class TlsCertificates
{
    private readonly MqttTlsOptions _options;
    private readonly FileContent<SslStreamCertificateContext> _certificate;
    private readonly FileContent<X509Certificate2Collection>? _authorities;

    /// <param name="options">Names the files.</param>
    /// <param name="onError">Told of changes that cannot be read; the certificates read before stay in use.</param>
    /// <exception cref="InvalidDataException">A file cannot be read or does not hold what it should; the message names it.</exception>
    public TlsCertificates(MqttTlsOptions options, Action<string, Exception> onError)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        string[] files = options.KeyFile is null ? [options.CertificateFile] : [options.CertificateFile, options.KeyFile];
        _certificate = new(files, () => CertificateFiles.ReadServer(options), onError);
        if (options.ClientAuthorityFile is { } authorities)
            _authorities = new([authorities], () => CertificateFiles.ReadAuthorities(authorities), onError);
    }

    /// <summary>For one handshake.</summary>
    public SslServerAuthenticationOptions Authentication()
    {
        var authentication = new SslServerAuthenticationOptions();
        ApplyTo(authentication);
        return authentication;
    }

    /// <summary>Sets the certificate and how clients' certificates are checked; leaves the rest.</summary>
    public void ApplyTo(SslServerAuthenticationOptions authentication)
    {
        ArgumentNullException.ThrowIfNull(authentication);
        authentication.ServerCertificateContext = _certificate.Current;
        if (_authorities is null)
            return;

        authentication.ClientCertificateRequired = true; // that is: asked for; the check below decides
        authentication.AllowTlsResume = false; // a resumed session would bring a certificate that the authorities may not vouch for any more
        authentication.CertificateChainPolicy = ClientPolicy(_authorities.Current);
        authentication.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            certificate is null ? !_options.RequireClientCertificate : errors == SslPolicyErrors.None;
    }

    // Nothing that a client's certificate names is fetched: it would be the client who chooses the address.
    private static X509ChainPolicy ClientPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        foreach (var authority in authorities)
            (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData) ? policy.CustomTrustStore : policy.ExtraStore).Add(authority);
        return policy;
    }
}
