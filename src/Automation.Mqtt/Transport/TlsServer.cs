using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Transport;

/// <summary>Makes TLS of accepted sockets, with the certificates that the files hold at that moment.</summary>
internal sealed class TlsServer
{
    private readonly MqttTlsOptions _options;
    private readonly FileContent<SslStreamCertificateContext> _certificate;
    private readonly FileContent<X509Certificate2Collection>? _authorities;

    /// <exception cref="InvalidDataException">A file cannot be read or does not hold what it should; the message names it.</exception>
    public TlsServer(MqttTlsOptions options, Action<string, Exception> report)
    {
        _options = options;
        string[] files = options.KeyFile is null ? [options.CertificateFile] : [options.CertificateFile, options.KeyFile];
        _certificate = new(files, () => CertificateFiles.ReadServer(options), report);
        if (options.ClientAuthorityFile is { } authorities)
            _authorities = new([authorities], () => CertificateFiles.ReadAuthorities(authorities), report);
    }

    /// <summary>The certificate of a peer whose handshake is done; null when it sent none.</summary>
    public static X509Certificate2? PeerCertificate(SslStream stream) =>
        stream.RemoteCertificate is { } certificate ? certificate as X509Certificate2 ?? new X509Certificate2(certificate) : null;

    /// <summary>Does the handshake. Ends with null when it fails or the socket is disposed.</summary>
    public async ValueTask<SslStream?> TryOpenAsync(Socket socket)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsServerAsync(Authentication());
            return stream;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException or ObjectDisposedException
            or CryptographicException or OperationCanceledException)
        {
            await stream.DisposeAsync();
            return null;
        }
    }

    private SslServerAuthenticationOptions Authentication()
    {
        var authentication = new SslServerAuthenticationOptions { ServerCertificateContext = _certificate.Current };
        if (_authorities is null)
            return authentication;

        authentication.ClientCertificateRequired = true; // that is: asked for; the check below decides
        authentication.AllowTlsResume = false; // a resumed session would bring a certificate that the authorities may not vouch for any more
        authentication.CertificateChainPolicy = ClientPolicy(_authorities.Current);
        authentication.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            certificate is null ? !_options.RequireClientCertificate : errors == SslPolicyErrors.None;
        return authentication;
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
