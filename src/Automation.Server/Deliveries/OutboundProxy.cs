using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Automation.Server.Deliveries;

/// <summary>Asks an HTTP proxy for a tunnel (CONNECT, RFC 9110 §9.3.6), for http and https receivers alike.</summary>
/// <remarks>The proxy is told the address that the <see cref="AddressFilter"/> judged, never the name: what the proxy would find under the name does not count.</remarks>
/// <param name="address">Of the proxy: <c>http://host:port</c>.</param>
/// <param name="authorization">The value of <c>Proxy-Authorization</c>; null for none.</param>
internal sealed class OutboundProxy(Uri address, Func<string?> authorization)
{
    private const int LargestHead = 16 * 1024;

    public DnsEndPoint EndPoint { get; } = new(address.IdnHost, address.Port);

    /// <param name="stream">To the proxy; afterwards, to the target.</param>
    /// <param name="target">What was judged.</param>
    /// <exception cref="OutboundException"><c>proxy_refused</c>.</exception>
    public async ValueTask TunnelAsync(NetworkStream stream, IPEndPoint target, CancellationToken cancellation)
    {
        var credentials = authorization() is { } value ? $"Proxy-Authorization: {value}\r\n" : "";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{credentials}\r\n"), cancellation);
        var head = ArrayPool<byte>.Shared.Rent(LargestHead);
        try
        {
            var length = 0;
            while (!head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
            {
                // Byte by byte: what follows the head belongs to the receiver. A head is short and comes once a connection.
                if (length == LargestHead || await stream.ReadAsync(head.AsMemory(length, 1), cancellation) == 0)
                    throw new OutboundException("proxy_refused", "The proxy closed the connection, or answered with what is no HTTP.");
                length++;
            }

            if (!TryStatus(head.AsSpan(0, length), out var status)) throw new OutboundException("proxy_refused", "The proxy's answer is not HTTP.");
            if (status is < 200 or > 299) throw new OutboundException("proxy_refused", $"The proxy answered {status} and makes no connection to {target}.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(head);
        }
    }

    // HTTP/1.1 200 Connection established — RFC 9112 §4
    private static bool TryStatus(ReadOnlySpan<byte> head, out int status)
    {
        status = 0;
        return head.Length > 12 && head.StartsWith("HTTP/1."u8) && int.TryParse(head.Slice(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out status);
    }
}
