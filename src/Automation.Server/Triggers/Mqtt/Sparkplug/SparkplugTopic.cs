namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>Who sent what: <c>spBv1.0/group_id/message_type/edge_node_id[/device_id]</c> — Sparkplug 3.0 §4.</summary>
/// <param name="Group">Group of edge nodes.</param>
/// <param name="Message">As <c>NBIRTH</c>, <c>DDATA</c>.</param>
/// <param name="EdgeNode">Unique in its group.</param>
/// <param name="Device">Null for what concerns the edge node itself.</param>
internal sealed record SparkplugTopic(string Group, string Message, string EdgeNode, string? Device)
{
    private const string Namespace = "spBv1.0/";

    public bool IsNodeBirth => Message == "NBIRTH";

    public bool IsDeviceBirth => Message == "DBIRTH";

    /// <summary>Null for other topics, also for a host's <c>spBv1.0/STATE/host_id</c>.</summary>
    public static SparkplugTopic? Of(string topic)
    {
        if (!topic.StartsWith(Namespace, StringComparison.Ordinal)) return null;
        return topic.Split('/') switch
        {
            [_, var group, ['N', ..] and var message, var node] => new(group, message, node, null),
            [_, var group, ['D', ..] and var message, var node, var device] => new(group, message, node, device),
            _ => null,
        };
    }

    /// <summary>A host application says in JSON whether it is online — Sparkplug 3.0 §6.4.26.</summary>
    public static bool IsHostState(string topic) => topic.StartsWith(Namespace + "STATE/", StringComparison.Ordinal);
}
