using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Deliveries;

/// <summary>Finds the addresses of a host.</summary>
/// <exception cref="SocketException">The name cannot be resolved.</exception>
internal delegate Task<IPAddress[]> ResolveHost(string host, CancellationToken cancellation);

/// <summary>Opens connections for <see cref="OutboundHttp"/>: resolves the host, asks the <see cref="AddressFilter"/> about each address, and connects to the very address that was asked about.</summary>
/// <param name="proxy">What is asked for the connection; null to make it directly.</param>
internal sealed class OutboundConnector(AddressFilter filter, ResolveHost resolve, TimeProvider time, OutboundProxy? proxy = null)
{
    // One address of several that does not answer (IPv6 without a route, mostly) must not use up the whole connect time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2.5);

    /// <summary>Tries the permitted addresses in the resolver's order.</summary>
    /// <exception cref="OutboundException"><c>name_not_resolved</c>, <c>address_blocked</c> <c>proxy_refused</c> or <c>connection_failed</c>.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, ConnectionTiming? timing, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        var candidates = await PermittedAsync(target.Host, cancellation);
        if (timing is not null && !IPAddress.TryParse(target.Host, out _)) timing.Dns = time.GetElapsedTime(begun);
        begun = time.GetTimestamp();
        var stream = proxy is null ? await DirectAsync(target, candidates, cancellation) : await ThroughAsync(proxy, new IPEndPoint(candidates[0], target.Port), cancellation);
        timing?.Connected(begun);
        return stream;
    }

    private async ValueTask<NetworkStream> DirectAsync(DnsEndPoint target, List<IPAddress> candidates, CancellationToken cancellation)
    {
        SocketException? last = null;
        for (var i = 0; i < candidates.Count; i++)
        {
            try
            {
                return await OpenAsync(new IPEndPoint(candidates[i], target.Port), i == candidates.Count - 1, cancellation);
            }
            catch (SocketException error)
            {
                last = error;
            }
        }

        throw new OutboundException("connection_failed", $"No connection to {target.Host} port {target.Port}: {Reason(last!.SocketErrorCode)}.");
    }

    /// <summary>The proxy's own address is the operator's word and is not judged.</summary>
    private async ValueTask<NetworkStream> ThroughAsync(OutboundProxy proxy, IPEndPoint target, CancellationToken cancellation)
    {
        NetworkStream stream;
        try
        {
            stream = await DirectAsync(proxy.EndPoint, [.. await ResolveAsync(proxy.EndPoint.Host, cancellation)], cancellation);
        }
        catch (OutboundException error)
        {
            throw new OutboundException("proxy_failed", "The proxy cannot be reached. " + error.Message);
        }

        try
        {
            await proxy.TunnelAsync(stream, target, cancellation);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The addresses of a host that may be called, in the resolver's order; at least one.</summary>
    /// <exception cref="OutboundException"><c>name_not_resolved</c> or <c>address_blocked</c>.</exception>
    public async ValueTask<List<IPAddress>> PermittedAsync(string host, CancellationToken cancellation)
    {
        var permitted = new List<IPAddress>();
        (IPAddress Address, string Kind)? refused = null;
        foreach (var address in await ResolveAsync(host, cancellation))
        {
            if (filter.Permits(address, out var kind)) permitted.Add(address);
            else refused ??= (address, kind);
        }

        if (permitted.Count > 0) return permitted;
        if (refused is not { } blocked) throw new OutboundException("name_not_resolved", $"The name {host} has no address.");
        var shown = IPAddress.TryParse(host.Trim('[', ']'), out _) ? $"{host} is {blocked.Kind}" : $"{host} is {blocked.Address}, {blocked.Kind}";
        throw new OutboundException("address_blocked", $"{shown}, and such addresses are not called; --allow-private {blocked.Address} would permit it.");
    }

    private async ValueTask<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out var literal)) return [literal];
        try
        {
            return await resolve(host, cancellation);
        }
        catch (SocketException error)
        {
            throw new OutboundException("name_not_resolved", $"The name {host} cannot be resolved: {Reason(error.SocketErrorCode)}.");
        }
    }

    private async ValueTask<NetworkStream> OpenAsync(IPEndPoint address, bool last, CancellationToken cancellation)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            using var patience = last ? null : new CancellationTokenSource(Patience, time);
            using var either = patience is null ? null : CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            try
            {
                await socket.ConnectAsync(address, either?.Token ?? cancellation);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Reason(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "nothing listens there",
        SocketError.TimedOut => "no answer",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "no route to it",
        SocketError.HostNotFound or SocketError.NoData => "no such name",
        SocketError.TryAgain => "the name server does not answer",
        _ => error.ToString(),
    };
}
