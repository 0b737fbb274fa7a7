using System.Collections.Immutable;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt.Connections;

/// <summary>The triggers that listen to one topic filter.</summary>
/// <param name="Qos">The highest QoS that one of them asks for.</param>
/// <param name="Triggers">Name, as <c>cold-room/reading</c>, and how it takes retained messages.</param>
internal sealed record MqttListeners(int Qos, ImmutableSortedDictionary<string, RetainedUse> Triggers)
{
    public bool AnyAlways => Triggers.ContainsValue(RetainedUse.All);

    /// <summary>Those that get retained messages when they begin to listen.</summary>
    public IEnumerable<string> Taking => Triggers.Where(t => t.Value is not RetainedUse.None).Select(t => t.Key);

    /// <summary>The filters that the active workflows listen to, and who does.</summary>
    /// <param name="workflows">The workflows.</param>
    /// <param name="connection">Its name; null for the embedded broker.</param>
    public static ImmutableSortedDictionary<string, MqttListeners> Of(WorkflowSet workflows, string? connection) => new MqttRoutes(workflows, connection).All
        .GroupBy(route => route.Pattern.Filter.Filter, StringComparer.Ordinal)
        .ToImmutableSortedDictionary(
            same => same.Key,
            same => new MqttListeners(same.Max(route => route.Config.Qos), same.DistinctBy(route => route.Name).ToImmutableSortedDictionary(route => route.Name, route => route.Config.Retained, StringComparer.Ordinal)),
            StringComparer.Ordinal);
}
