using System.Net;
using System.Net.Security;

namespace Automation.Server.Deliveries;

/// <summary>The way out for what is not HTTP (databases, mail): the address filter, authorities and client certificates of <see cref="OutboundHttp"/>, and no proxy.</summary>
/// <param name="options">Its proxy is not asked.</param>
/// <param name="time">For the limits.</param>
/// <param name="resolve">Finds addresses; the system's where null.</param>
/// <exception cref="FormatException">A setting is malformed.</exception>
internal sealed class OutboundTcp(OutboundOptions options, TimeProvider time, ResolveHost? resolve = null) : IDisposable
{
    private readonly OutboundConnector connector = new(new AddressFilter(options.AllowPrivate), resolve ?? Dns.GetHostAddressesAsync, time);
    private readonly OutboundTls tls = new(options);

    /// <summary>For a connection, its TLS handshake included.</summary>
    public TimeSpan ConnectTimeout => options.ConnectTimeout;

    /// <inheritdoc cref="OutboundConnector.PermittedAsync"/>
    public ValueTask<List<IPAddress>> PermittedAsync(string host, CancellationToken cancellation) => connector.PermittedAsync(host, cancellation);

    /// <inheritdoc cref="OutboundConnector.ConnectAsync"/>
    public ValueTask<Stream> ConnectAsync(DnsEndPoint target, ConnectionTiming? timing, CancellationToken cancellation) => connector.ConnectAsync(target, timing, cancellation);

    /// <summary>How TLS to a host is made: its certificate is checked, by the name too.</summary>
    public SslClientAuthenticationOptions TlsTo(string host)
    {
        var wanted = tls.Options();
        wanted.TargetHost = host;
        return wanted;
    }

    public void Dispose() => tls.Dispose();
}
