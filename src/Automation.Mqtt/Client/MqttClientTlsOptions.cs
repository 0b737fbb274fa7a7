using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Client;

/// <summary>TLS of a client's connection. Files are read at each attempt, so a changed certificate is used from the next connection on.</summary>
public sealed class MqttClientTlsOptions
{
    /// <summary>PEM file with the certificates of the authorities to trust; null for those of the system.</summary>
    public string? CaFile { get; set; }

    /// <summary>PEM file with the client's certificate, and the intermediate ones after it; null for none.</summary>
    public string? CertificateFile { get; set; }

    /// <summary>PEM file with the private key of <see cref="CertificateFile"/>; null when the key is in the same file.</summary>
    public string? KeyFile { get; set; }

    /// <summary>The name that the server's certificate must hold, also sent as SNI; null for the host of the address.</summary>
    public string? ServerName { get; set; }

    /// <summary>Protocol names for ALPN, for example <c>mqtt</c>, or <c>x-amzn-mqtt-ca</c> for AWS IoT Core on port 443. Not for WebSocket.</summary>
    public IReadOnlyList<string> ApplicationProtocols { get; set; } = [];

    /// <summary>Take any certificate of the server. The connection is then open to whoever sits in between; for trials only.</summary>
    public bool AllowUntrusted { get; set; }

    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A file holds no certificate or no key.</exception>
    internal SslClientAuthenticationOptions ToSslOptions(string host)
    {
        var ssl = new SslClientAuthenticationOptions { TargetHost = ServerName ?? host };
        if (ApplicationProtocols.Count > 0)
            ssl.ApplicationProtocols = [.. ApplicationProtocols.Select(name => new SslApplicationProtocol(name))];
        if (CaFile is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(CaFile);
            ssl.CertificateChainPolicy = policy;
        }

        if (CertificateFile is not null)
            ssl.ClientCertificateContext = LoadCertificate(CertificateFile, KeyFile);
        if (AllowUntrusted)
        {
#pragma warning disable CA5359 // Asked for by name, and documented as what it is.
            ssl.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }

        return ssl;
    }

    private static SslStreamCertificateContext LoadCertificate(string certificateFile, string? keyFile)
    {
        using var loaded = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        // A key that is only in memory does not work on Windows; one that went through PKCS#12 does everywhere.
        var certificate = X509CertificateLoader.LoadPkcs12(loaded.Export(X509ContentType.Pkcs12), null);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }
}
