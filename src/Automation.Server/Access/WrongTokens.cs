using System.Net;
using System.Net.Sockets;

namespace Automation.Server.Access;

/// <summary>Counts wrong tokens by address: after ten within a minute the address has to wait until that minute is over, right token or not.</summary>
/// <remarks>
/// IPv6 is counted by /64, what one household gets. 4,096 addresses are remembered; past that the one that began first is forgotten.
/// Sessions of browsers go on: their cookies cannot be guessed.
/// </remarks>
internal sealed class WrongTokens(TimeProvider time)
{
    public const int Allowed = 10;
    private const int Remembered = 4096;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, (int Count, DateTimeOffset Until)> counts = [];
    private readonly Queue<(IPAddress Address, DateTimeOffset Until)> order = [];

    /// <summary>How long the address has to wait; zero when it may try.</summary>
    public TimeSpan WaitOf(IPAddress? address)
    {
        lock (gate)
        {
            return counts.TryGetValue(Group(address), out var entry) && entry.Count >= Allowed && entry.Until > time.GetUtcNow() ? entry.Until - time.GetUtcNow() : TimeSpan.Zero;
        }
    }

    /// <summary>Counts one; true when it was the last that is allowed.</summary>
    public bool Count(IPAddress? address)
    {
        var group = Group(address);
        var now = time.GetUtcNow();
        lock (gate)
        {
            while (order.TryPeek(out var oldest) && (oldest.Until <= now || order.Count >= Remembered))
            {
                order.Dequeue();
                if (counts.TryGetValue(oldest.Address, out var of) && of.Until == oldest.Until) counts.Remove(oldest.Address);
            }

            if (!counts.TryGetValue(group, out var entry))
            {
                entry = (0, now + Window);
                order.Enqueue((group, entry.Until));
            }

            counts[group] = entry with { Count = entry.Count + 1 };
            return entry.Count + 1 == Allowed;
        }
    }

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
