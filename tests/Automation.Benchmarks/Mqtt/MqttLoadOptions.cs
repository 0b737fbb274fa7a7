using System.Globalization;

namespace Automation.Benchmarks.Mqtt;

/// <summary>What <c>mqtt-load</c> was asked to do.</summary>
/// <param name="Seconds">Of each measurement.</param>
/// <param name="Idle">Connections that do nothing.</param>
/// <param name="Only">Scenarios and brokers are left out whose row does not have this text; empty for none.</param>
/// <param name="Server">The server's program.</param>
internal sealed record MqttLoadOptions(int Seconds, int Idle, string Only, string Server)
{
    public static MqttLoadOptions? Parse(string[] arguments)
    {
        var named = arguments.Chunk(2).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "", StringComparer.Ordinal);
        return named.Keys.Except(["--seconds", "--idle", "--only", "--server"]).Any() ? null : new MqttLoadOptions(
            Number("--seconds", 8), Number("--idle", 10_000), named.GetValueOrDefault("--only") ?? "", named.GetValueOrDefault("--server") ?? LoadOptions.Built());

        int Number(string name, int otherwise) => named.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
    }
}
