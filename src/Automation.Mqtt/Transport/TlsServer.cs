using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Automation.Mqtt.Transport;

/// <summary>Makes TLS of accepted sockets, with the certificates that the files hold at that moment.</summary>
internal sealed class TlsServer
{
    private readonly TlsCertificates _certificates;

    /// <exception cref="InvalidDataException">A file cannot be read or does not hold what it should; the message names it.</exception>
    public TlsServer(MqttTlsOptions options, Action<string, Exception> report) => _certificates = new(options, report);

    /// <summary>The certificate of a peer whose handshake is done; null when it sent none.</summary>
    public static X509Certificate2? PeerCertificate(SslStream stream) =>
        stream.RemoteCertificate is { } certificate ? certificate as X509Certificate2 ?? new X509Certificate2(certificate) : null;

    /// <summary>Does the handshake. Ends with null when it fails or the socket is disposed.</summary>
    public async ValueTask<SslStream?> TryOpenAsync(Socket socket)
    {
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await stream.AuthenticateAsServerAsync(_certificates.Authentication());
            return stream;
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException or SocketException or ObjectDisposedException
            or CryptographicException or OperationCanceledException)
        {
            await stream.DisposeAsync();
            return null;
        }
    }
}
