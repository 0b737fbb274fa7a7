using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Automation.Server.Triggers.Webhooks.Door;

/// <summary>The addresses that a trigger's <c>allow</c> lets in.</summary>
internal sealed class AddressList
{
    private static readonly FrozenDictionary<string, IPNetwork[]> Ranges = ReadRanges();

    private readonly List<IPNetwork> networks = [];

    private AddressList()
    {
    }

    /// <summary>Names of the ranges in <c>Ranges</c>, in alphabetical order.</summary>
    public static IReadOnlyList<string> KnownRanges { get; } = [.. Ranges.Keys.Order(StringComparer.Ordinal)];

    /// <summary>What is wrong with an entry; null when nothing is.</summary>
    public static string? Problem(string entry) => TryRead(entry, out _)
        ? null
        : $"\"{entry}\" is neither an address, a network such as 203.0.113.0/24, nor one of the known ranges {string.Join(", ", KnownRanges)}.";

    /// <summary>Of entries without problems; others are left out.</summary>
    public static AddressList Of(IEnumerable<string> entries)
    {
        var list = new AddressList();
        foreach (var entry in entries)
        {
            if (TryRead(entry, out var networks)) list.networks.AddRange(networks);
        }

        return list;
    }

    public bool Has(IPAddress? address)
    {
        if (address is null) return false;
        var bare = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return networks.Exists(network => network.Contains(bare));
    }

    private static bool TryRead(string entry, [NotNullWhen(true)] out IPNetwork[]? networks)
    {
        if (Ranges.TryGetValue(entry, out networks)) return true;
        if (IPNetwork.TryParse(entry, out var network)) networks = [network];
        else if (IPAddress.TryParse(entry, out var address) && (entry.Contains(':') || entry.Count(character => character == '.') == 3)) networks = [new IPNetwork(address, address.GetAddressBytes().Length * 8)];
        return networks is not null;
    }

    private static FrozenDictionary<string, IPNetwork[]> ReadRanges()
    {
        const string Folder = "Ranges/";
        var assembly = typeof(AddressList).Assembly;
        return assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)).ToFrozenDictionary(name => name[Folder.Length..^".txt".Length], name =>
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#').Select(IPNetwork.Parse).ToArray();
        });
    }
}
