using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Automation.Server.Hosting;

/// <summary>The proxies whose word counts: <c>X-Forwarded-For</c>, <c>-Proto</c> and <c>-Host</c>, and the header with a client's certificate. Section <c>Server:TrustedProxies</c>.</summary>
/// <remarks>Of anybody else these headers are left alone and mean nothing: they are what the sender wrote.</remarks>
internal sealed class TrustedProxies
{
    private readonly List<IPNetwork> networks = [];

    /// <param name="entries">Addresses and networks, as <c>10.0.0.5</c> and <c>10.1.0.0/16</c>.</param>
    /// <exception cref="StartupException">An entry is neither.</exception>
    public TrustedProxies(IEnumerable<string> entries)
    {
        foreach (var entry in entries)
        {
            if (IPNetwork.TryParse(entry, out var network)) networks.Add(network);
            else if (IPAddress.TryParse(entry, out var address)) networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else throw new StartupException($"{ServerOptions.TrustedProxies}: \"{entry}\" is neither an address nor a network. Write 10.0.0.5 or 10.1.0.0/16.");
        }
    }

    public bool Any => networks.Count > 0;

    public bool Has(IPAddress? address)
    {
        if (address is null) return false;
        var bare = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Exists(network => network.Contains(bare));
    }

    public ForwardedHeadersOptions Options()
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in networks) options.KnownIPNetworks.Add(network);
        return options;
    }
}

internal static class TrustedProxiesUse
{
    /// <summary>Puts the client's address, scheme, host and certificate into the request, before anything looks at them.</summary>
    public static void UseTrustedProxies(this IApplicationBuilder app)
    {
        var proxies = app.ApplicationServices.GetRequiredService<TrustedProxies>();
        if (app.ApplicationServices.GetService<HttpsOptions>()?.ClientCertificateHeader is { Length: > 0 } header) app.Use((context, next) => TakeCertificate(context, header, proxies, next));
        if (proxies.Any) app.UseForwardedHeaders(proxies.Options());
    }

    // From anybody else the header is what the sender wrote, and nobody is to take it for more.
    private static Task TakeCertificate(HttpContext context, string header, TrustedProxies proxies, RequestDelegate next)
    {
        var sent = context.Request.Headers[header];
        context.Request.Headers.Remove(header);
        if (proxies.Has(context.Connection.RemoteIpAddress) && sent is [{ Length: > 0 and < 32_768 } text] && ForwardedCertificate.TryRead(text, out var certificate))
        {
            context.Connection.ClientCertificate = certificate;
            context.Response.RegisterForDispose(certificate);
        }

        return next(context);
    }
}
