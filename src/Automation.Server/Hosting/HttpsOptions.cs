namespace Automation.Server.Hosting;

/// <summary>TLS of the HTTP addresses that begin with <c>https://</c>. Section <c>Https</c>. Files are read again when they change.</summary>
internal sealed class HttpsOptions
{
    public const string Section = "Https";

    /// <summary>PEM with the chain behind it, or PFX with the key.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>Its key, PEM; empty when it is in the same file.</summary>
    public string CertificateKeyFile { get; set; } = "";

    /// <summary>Opens an encrypted key or PFX file.</summary>
    public string CertificatePassword { get; set; } = "";

    /// <summary>Certificates, PEM, that vouch for clients; clients are then asked for one, and may do without.</summary>
    public string ClientCertificateAuthority { get; set; } = "";

    /// <summary>The header in which a trusted proxy passes on the client's certificate it has checked, as <c>X-SSL-Client-Cert</c>: PEM, percent-encoded, or base64.</summary>
    public string ClientCertificateHeader { get; set; } = "";
}
