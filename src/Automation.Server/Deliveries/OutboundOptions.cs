using System.Security.Cryptography.X509Certificates;

namespace Automation.Server.Deliveries;

/// <summary>How the server calls other servers. Section <c>Outbound</c>.</summary>
internal sealed class OutboundOptions
{
    public const string Section = "Outbound";

    /// <summary>
    /// Which private addresses may be called: <c>none</c>, <c>all</c>, or a list, separated by commas or blanks, of <c>loopback</c>, addresses and networks as
    /// <c>10.1.0.0/16</c> or <c>fd00::/8</c>. <c>all</c> switches the filter off.
    /// </summary>
    public string AllowPrivate { get; set; } = "none";

    /// <summary>For the name look-up, the TCP connection and the TLS handshake together.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections to one origin; calls beyond wait for one to become free.</summary>
    public int MaxConnectionsPerOrigin { get; set; } = 256;

    /// <summary>Address of an HTTP proxy that all calls go through, as <c>http://proxy.example:3128</c>; empty for none. It is asked for a tunnel to an address that was judged before.</summary>
    public string Proxy { get; set; } = "";

    /// <summary>User at the proxy; empty for none.</summary>
    public string ProxyUser { get; set; } = "";

    /// <summary>Name of the secret with the user's password at the proxy.</summary>
    public string ProxyPasswordSecret { get; set; } = "";

    /// <summary>PEM file with authorities that vouch for receivers' certificates beside those of the operating system; empty for none.</summary>
    public string CertificateAuthority { get; set; } = "";

    /// <summary>What this server shows to a receiver that asks for a client certificate, by host name.</summary>
    public Dictionary<string, ClientCertificateOptions> ClientCertificates { get; set; } = [];

    /// <summary>What is wrong with the values; empty when nothing is.</summary>
    public IEnumerable<string> Problems()
    {
        string? malformed = null;
        try
        {
            _ = new AddressFilter(AllowPrivate);
        }
        catch (FormatException error)
        {
            malformed = "Outbound:AllowPrivate: " + error.Message;
        }

        if (malformed is not null) yield return malformed;
        if (ConnectTimeout <= TimeSpan.Zero) yield return "Outbound:ConnectTimeout has to be more than zero.";
        if (MaxConnectionsPerOrigin < 1) yield return "Outbound:MaxConnectionsPerOrigin has to be at least 1.";
        if (Proxy.Length > 0 && ProxyAddress is null) yield return "Outbound:Proxy is not the address of an HTTP proxy: write it as http://proxy.example:3128, with user and password in settings of their own.";
        if (ProxyUser.Length > 0 && Proxy.Length == 0) yield return "Outbound:ProxyUser is set, and Outbound:Proxy is not.";
        if (ProxyUser.Contains(':')) yield return "Outbound:ProxyUser cannot hold a colon.";
        if (ProxyUser.Length > 0 != ProxyPasswordSecret.Length > 0) yield return "Outbound:ProxyUser and Outbound:ProxyPasswordSecret go together.";
        if (TlsProblem() is { } problem) yield return problem;
    }

    /// <summary><see cref="Proxy"/>, read; null where there is none.</summary>
    internal Uri? ProxyAddress => Uri.TryCreate(Proxy, UriKind.Absolute, out var address) && address is { Scheme: "http", UserInfo: "", PathAndQuery: "/", Fragment: "" } ? address : null;

    private string? TlsProblem()
    {
        try
        {
            using var tls = new OutboundTls(this);
            return null;
        }
        catch (FormatException error)
        {
            return error.Message;
        }
    }
}

/// <summary>A certificate with its key, in PEM.</summary>
internal sealed class ClientCertificateOptions
{
    /// <summary>PEM file with the certificate.</summary>
    public string CertificateFile { get; set; } = "";

    /// <summary>PEM file with its private key, not encrypted; empty where the certificate's file has it.</summary>
    public string KeyFile { get; set; } = "";

    internal X509Certificate2 Load() => X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile.Length > 0 ? KeyFile : CertificateFile);
}
