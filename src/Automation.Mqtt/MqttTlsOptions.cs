namespace Automation.Mqtt;

/// <summary>TLS of a listener. The files are read at the start, and again for the first connection after one of them has changed.</summary>
/// <remarks>
/// TLS 1.2 and 1.3 as the operating system allows them. Files that cannot be read after a change are reported by
/// <see cref="Broker.MqttBrokerOptions.OnError"/>, and the certificates read before stay in use. Open connections keep theirs.
/// </remarks>
public sealed class MqttTlsOptions
{
    /// <summary>The server's certificate: PEM, followed by the certificates that lead to its root, or PFX with key.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>The private key in PEM form; null when it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Opens an encrypted key or PFX file; null when it is not encrypted.</summary>
    public string? Password { get; init; }

    /// <summary>
    /// Certificates in PEM form that may vouch for clients. Clients are then asked for a certificate; one that is not traced back to these,
    /// is out of date or not made for clients ends the handshake. Revocation is not checked. Null asks for none.
    /// </summary>
    public string? ClientAuthorityFile { get; init; }

    /// <summary>True refuses clients without a certificate; needs <see cref="ClientAuthorityFile"/>.</summary>
    public bool RequireClientCertificate { get; init; }

    internal void Validate()
    {
        if (RequireClientCertificate && ClientAuthorityFile is null)
            throw new ArgumentException("Client certificates cannot be required without a file of authorities that vouch for them.");
    }
}
