using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Access;

/// <summary>Counts wrong tokens and passwords by address: after ten within a minute the address has to wait until that minute is over, right ones or not.</summary>
/// <remarks>IPv6 is counted by /64, what one household gets. Sessions of browsers go on: their cookies cannot be guessed.</remarks>
internal sealed class WrongTokens(TimeProvider time)
{
    public const int Allowed = 10;

    private readonly AttemptLimit<IPAddress> limit = new(Allowed, TimeSpan.FromMinutes(1), time);

    /// <summary>How long the address has to wait; zero when it may try.</summary>
    public TimeSpan WaitOf(IPAddress? address) => limit.WaitOf(Group(address));

    /// <summary>Counts one; true when it was the last that is allowed.</summary>
    public bool Count(IPAddress? address) => limit.Count(Group(address));

    /// <summary>Counts one before it is looked at, unless the address has to wait. What was right is to be given back to <see cref="Return"/>.</summary>
    /// <returns>How long the address has to wait; zero when it was counted.</returns>
    public TimeSpan Take(IPAddress? address) => limit.Take(Group(address));

    public void Return(IPAddress? address) => limit.Return(Group(address));

    private static IPAddress Group(IPAddress? address)
    {
        if (address is null) return IPAddress.None;
        if (address.IsIPv4MappedToIPv6) return address.MapToIPv4();
        if (address.AddressFamily is not AddressFamily.InterNetworkV6) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
