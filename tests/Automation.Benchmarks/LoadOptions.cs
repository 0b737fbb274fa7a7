using System.Globalization;

namespace Automation.Benchmarks;

/// <summary>What <c>load</c> was asked to do.</summary>
/// <param name="Seconds">Length of the measured time.</param>
/// <param name="WarmUp">Load before it. Servers run for weeks; for the first ten seconds the runtime still compiles hot methods again, with what it learned of them.</param>
/// <param name="Connections">Connections that each send one event after the other.</param>
/// <param name="Only">One target's name; null for all.</param>
/// <param name="JsonFile">Where to write the results as JSON as well; null for standard output only.</param>
/// <param name="Server">The server's program.</param>
internal sealed record LoadOptions(int Seconds, TimeSpan WarmUp, int Connections, string? Only, string? JsonFile, string Server)
{
    private static readonly string[] Known = ["--seconds", "--warm-up", "--connections", "--only", "--json", "--server", "--scenario", "--runs", "--database"];

    /// <summary>What the server is loaded with.</summary>
    public LoadScenario Scenario { get; init; } = LoadScenario.Forward;

    /// <summary>What the server keeps.</summary>
    public int MaxEvents { get; init; } = 100_000_000;

    /// <summary>PostgreSQL's address for the target <c>automation-postgres</c>; null leaves that target out.</summary>
    public string? Database { get; init; }

    /// <summary>How many runs <c>waiting</c> and <c>timers</c> have wait; null for what each of them says.</summary>
    public int? Runs { get; init; }

    /// <summary>Null for what <see cref="Explain"/> does not list.</summary>
    public static LoadOptions? Parse(string[] arguments)
    {
        var named = arguments.Chunk(2).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "", StringComparer.Ordinal);
        if (named.Any(option => !Known.Contains(option.Key) || option.Value.Length == 0)) return null;
        var scenario = named.GetValueOrDefault("--scenario", LoadScenario.Forward.Name);
        if (Array.Find(LoadScenario.All, known => known.Name == scenario) is not { } chosen) return null;
        return new LoadOptions(
            Number("--seconds", 15),
            TimeSpan.FromSeconds(Number("--warm-up", 20)),
            Number("--connections", 64),
            named.GetValueOrDefault("--only"),
            named.GetValueOrDefault("--json"),
            named.GetValueOrDefault("--server") ?? Built())
        {
            Scenario = chosen,
            Database = named.GetValueOrDefault("--database"),
            Runs = named.ContainsKey("--runs") ? Number("--runs", 0) : null,
        };

        int Number(string name, int otherwise) => named.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
    }

    public static int Explain()
    {
        Console.Error.WriteLine($"""
            load [--scenario {string.Join('|', LoadScenario.All.Select(scenario => scenario.Name))}] [--seconds 15] [--warm-up 20] [--connections 64] [--only automation|automation-postgres|durable-floor|bare-forwarder] [--database "Host=..."] [--json FILE] [--server Automation.Server.dll]
            waiting [--runs 100000] [--warm-up 20] [--server Automation.Server.dll]
            timers [--runs 10000] [--warm-up 20] [--server Automation.Server.dll]
            retention [--warm-up 20] [--server Automation.Server.dll]
            stored [--seconds 15] [--warm-up 20] [--server Automation.Server.dll]
            fan-out [--runs 10000 (endpoints)] [--server Automation.Server.dll]
            hanging [--seconds 15] [--warm-up 20] [--server Automation.Server.dll]
            mqtt-load [--seconds 8] [--only TEXT] [--server Automation.Server.dll]
            mqtt-idle [--seconds 8] [--idle 10000] [--server Automation.Server.dll]
            mqtt-index
            Build the server first as users do: ./automation version
            """);
        return 2;
    }

    internal static string Built()
    {
        var users = Path.Combine(Repository(), ".build", "server", "Automation.Server.dll");
        return File.Exists(users) ? users : Path.Combine(AppContext.BaseDirectory, "Automation.Server.dll");
    }

    public static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Automation.sln"))) folder = folder.Parent;
        return folder?.FullName ?? Environment.CurrentDirectory;
    }
}
