using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>The <c>connection</c> of a trigger or step in a workflow file.</summary>
internal static class MqttConnectionName
{
    /// <param name="name">As written; null when it is left out or no text.</param>
    /// <param name="options">Has the connections.</param>
    /// <param name="missing">Told of a connection that this server does not have.</param>
    public static void Check(string? name, IOptions<MqttOptions> options, Action<string, string> missing)
    {
        if (name is null || options.Value.Connections.ContainsKey(name)) return;
        var known = options.Value.Connections.Keys.Order(StringComparer.Ordinal).ToList();
        var suggestion = Suggestion.For(name, known) is { Length: > 0 } nearest ? nearest
            : known.Count == 0 ? " It has none: add the setting Mqtt:Connections:" + name + ":Server, or leave \"connection\" out for the server's own broker."
            : $" It has {string.Join(", ", known)}; leave \"connection\" out for the server's own broker.";
        missing("/connection", $"There is no MQTT connection \"{name}\" on this server.{suggestion}");
    }
}
