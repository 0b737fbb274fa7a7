using System.Net;
using System.Text;

namespace Automation.Server.Deliveries;

/// <summary>The one way out: every HTTP call the server makes for a workflow goes through this connection pool.</summary>
/// <remarks>
/// HTTP/2 where an https receiver speaks it (ALPN), else HTTP/1.1; connections are kept alive and closed after five minutes so that changed names are seen. No redirects,
/// cookies, proxy of the environment, credentials, trace headers or decompression: what the author wrote is sent, what the receiver answered is seen, and nothing leads past
/// the <see cref="AddressFilter"/>.
/// </remarks>
internal sealed class OutboundHttp : IDisposable
{
    /// <summary>Largest head of an answer.</summary>
    public const int MaxHeadKilobytes = 32;

    // What is left of an answer nobody reads on is taken off the wire up to this size and time, to keep the connection; else it is closed.
    private const int DrainBytes = 64 * 1024;
    private static readonly TimeSpan DrainTime = TimeSpan.FromMilliseconds(500);

    private readonly HttpMessageInvoker invoker;
    private readonly OutboundTls tls;

    /// <param name="secret">Looks up the proxy's password.</param>
    /// <exception cref="FormatException">A setting is malformed.</exception>
    public OutboundHttp(OutboundOptions options, TimeProvider time, ResolveHost? resolve = null, Func<string, string?>? secret = null)
    {
        tls = new OutboundTls(options);
        var proxy = options.ProxyAddress is { } address ? new OutboundProxy(address, () => Authorization(options, secret)) : null;
        var connector = new OutboundConnector(new AddressFilter(options.AllowPrivate), resolve ?? Dns.GetHostAddressesAsync, time, proxy);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            PreAuthenticate = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
            MaxConnectionsPerServer = options.MaxConnectionsPerOrigin,
            MaxResponseHeadersLength = MaxHeadKilobytes,
            MaxResponseDrainSize = DrainBytes,
            ResponseDrainTimeout = DrainTime,
            RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
            EnableMultipleHttp2Connections = true,
            SslOptions = tls.Options(),
            ConnectCallback = (context, cancellation) => connector.ConnectAsync(context.DnsEndPoint, ConnectionTiming.Of(context.InitialRequestMessage), cancellation),
            PlaintextStreamFilter = static (context, _) =>
            {
                if (context.InitialRequestMessage.RequestUri is { Scheme: "https" }) ConnectionTiming.Of(context.InitialRequestMessage)?.Secured();
                return ValueTask.FromResult(context.PlaintextStream);
            },
        };
        invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Sent as <c>User-Agent</c> where the author gives none.</summary>
    public static string UserAgent { get; } = "Automation/" + typeof(OutboundHttp).Assembly.GetName().Version!.ToString(3);

    /// <summary>Sends; completes when the answer's head has come. Bound it by a cancellation: there is no time limit but the connection's.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) => invoker.SendAsync(request, cancellation);

    public void Dispose()
    {
        invoker.Dispose();
        tls.Dispose();
    }

    private static string? Authorization(OutboundOptions options, Func<string, string?>? secret)
    {
        if (options.ProxyUser.Length == 0) return null;
        var password = secret?.Invoke(options.ProxyPasswordSecret) ?? throw new OutboundException("proxy_failed", $"The secret {options.ProxyPasswordSecret} is not set, which the proxy needs (Outbound:ProxyPasswordSecret).");
        return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.ProxyUser}:{password}"));
    }
}
