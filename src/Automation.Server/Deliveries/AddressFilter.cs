using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Deliveries;

/// <summary>Says which addresses may be called: public ones, and private ones the operator allowed. Keeps workflows from reaching into the server's own network (SSRF).</summary>
/// <remarks>
/// Judges addresses, never names: <see cref="OutboundConnector"/> asks it about the address it is about to connect to, so names that resolve to something else
/// the second time do not help. IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are judged by that address.
/// Ranges: IANA special-purpose address registries (RFC 6890 and its successors).
/// </remarks>
internal sealed class AddressFilter
{
    private static readonly (IPNetwork Network, string Kind)[] Refused4 =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "an unspecified address"),
        (IPNetwork.Parse("10.0.0.0/8"), "a private address"),
        (IPNetwork.Parse("100.64.0.0/10"), "a shared address of a provider's network"),
        (IPNetwork.Parse("127.0.0.0/8"), "a loopback address"),
        (IPNetwork.Parse("169.254.0.0/16"), "a link-local address"), // 169.254.169.254: the metadata service of clouds
        (IPNetwork.Parse("168.63.129.16/32"), "a metadata address"), // Azure's, from the public range
        (IPNetwork.Parse("172.16.0.0/12"), "a private address"),
        (IPNetwork.Parse("192.0.0.0/24"), "a reserved address"),
        (IPNetwork.Parse("192.0.2.0/24"), "a documentation address"),
        (IPNetwork.Parse("192.88.99.0/24"), "a reserved address"),
        (IPNetwork.Parse("192.168.0.0/16"), "a private address"),
        (IPNetwork.Parse("198.18.0.0/15"), "a benchmarking address"),
        (IPNetwork.Parse("198.51.100.0/24"), "a documentation address"),
        (IPNetwork.Parse("203.0.113.0/24"), "a documentation address"),
        (IPNetwork.Parse("224.0.0.0/4"), "a multicast address"),
        (IPNetwork.Parse("240.0.0.0/4"), "a reserved address"),
    ];

    private static readonly (IPNetwork Network, string Kind)[] Refused6 =
    [
        (IPNetwork.Parse("::1/128"), "a loopback address"),
        (IPNetwork.Parse("fc00::/7"), "a private address"),
        (IPNetwork.Parse("fe80::/10"), "a link-local address"),
        (IPNetwork.Parse("ff00::/8"), "a multicast address"),
        (IPNetwork.Parse("2001::/23"), "a reserved address"), // Teredo, benchmarking, ORCHID
        (IPNetwork.Parse("2001:db8::/32"), "a documentation address"),
        (IPNetwork.Parse("3fff::/20"), "a documentation address"),
    ];

    private static readonly IPNetwork GlobalUnicast6 = IPNetwork.Parse("2000::/3"), Nat64 = IPNetwork.Parse("64:ff9b::/96"), SixToFour = IPNetwork.Parse("2002::/16");

    private readonly ImmutableArray<IPNetwork> allowed;
    private readonly bool all;

    /// <exception cref="FormatException">The list is not as <see cref="OutboundOptions.AllowPrivate"/> describes; the message names the entry.</exception>
    public AddressFilter(string allowPrivate)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var entry in allowPrivate.Split([',', ' ', ';', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            switch (entry)
            {
                case "none": break;
                case "all": all = true; break;
                case "loopback": networks.AddRange(IPNetwork.Parse("127.0.0.0/8"), IPNetwork.Parse("::1/128")); break;
                default: networks.Add(Network(entry)); break;
            }
        }

        allowed = networks.ToImmutable();
    }

    /// <summary>Whether the address may be called. If not, <paramref name="kind"/> says what it is, as "a private address".</summary>
    public bool Permits(IPAddress address, out string kind)
    {
        kind = "";
        if (all) return true;
        var judged = Carried(address);
        kind = Kind(judged);
        return kind.Length == 0 || Allowed(judged) || Allowed(address);
    }

    /// <summary>The IPv4 address inside a mapped, NAT64 or 6to4 address; else the address without its scope.</summary>
    private static IPAddress Carried(IPAddress address)
    {
        if (address.AddressFamily is not AddressFamily.InterNetworkV6) return address;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var bare = new IPAddress(bytes);
        if (Nat64.Contains(bare)) return new IPAddress(bytes.AsSpan(12));
        return SixToFour.Contains(bare) ? new IPAddress(bytes.AsSpan(2, 4)) : bare;
    }

    /// <summary>Empty for a public address.</summary>
    private static string Kind(IPAddress address)
    {
        var four = address.AddressFamily is AddressFamily.InterNetwork;
        foreach (var (network, kind) in four ? Refused4 : Refused6)
        {
            if (network.Contains(address)) return kind;
        }

        if (four || GlobalUnicast6.Contains(address)) return "";
        return address.Equals(IPAddress.IPv6Any) ? "an unspecified address" : "a reserved address";
    }

    private static IPNetwork Network(string entry)
    {
        if (IPNetwork.TryParse(entry, out var network)) return network;
        if (IPAddress.TryParse(entry, out var address)) return new IPNetwork(address, address.AddressFamily is AddressFamily.InterNetwork ? 32 : 128);
        throw new FormatException($"\"{entry}\" is not a network. Write \"none\", \"all\", \"loopback\", an address, or a network as 10.1.0.0/16.");
    }

    private bool Allowed(IPAddress address)
    {
        foreach (var network in allowed)
        {
            if (network.Contains(address)) return true;
        }

        return false;
    }
}
