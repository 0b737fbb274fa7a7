using System.Collections.Frozen;

namespace Automation.Server.Connectors;

/// <summary>The connector files that come with the program.</summary>
internal static class BuiltInConnectors
{
    private const string Prefix = "Connectors/";
    private static readonly FrozenDictionary<string, string> Texts = typeof(BuiltInConnectors).Assembly.GetManifestResourceNames()
        .Where(r => r.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(r => r[Prefix.Length..^".json".Length], Read, StringComparer.Ordinal);

    /// <summary>Sorted.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Texts.Keys.Order(StringComparer.Ordinal)];

    public static string? TextOf(string name) => Texts.GetValueOrDefault(name);

    private static string Read(string resource)
    {
        using var reader = new StreamReader(typeof(BuiltInConnectors).Assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
