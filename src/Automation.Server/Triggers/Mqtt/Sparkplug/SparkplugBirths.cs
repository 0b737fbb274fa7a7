using Automation.Mqtt;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>Remembers the birth certificates of edge nodes and their devices, for messages that name metrics by alias and leave out their types.</summary>
/// <remarks>
/// Sparkplug 3.0 §6.4.6: only births carry the names of aliases and the types. A device's birth replaces its last one; an edge node's begins anew, with its devices. Kept in memory
/// only, of <see cref="MaxBytes"/> at most, the oldest go first; after a restart the next birth brings the names back.
/// </remarks>
internal sealed class SparkplugBirths(long maxBytes = SparkplugBirths.MaxBytes)
{
    /// <summary>About 100,000 metrics with aliases and names of ordinary length.</summary>
    public const long MaxBytes = 32 << 20;

    private readonly Lock gate = new();
    private readonly LinkedList<SparkplugBirth> byAge = new();
    private readonly Dictionary<(string Group, string EdgeNode), Dictionary<string, LinkedListNode<SparkplugBirth>>> nodes = [];
    private long bytes;

    /// <summary>Takes in a birth certificate; anything else, and one that is damaged, is passed over.</summary>
    public void Learn(MqttApplicationMessage message)
    {
        if (SparkplugTopic.Of(message.Topic) is not { } topic || !(topic.IsNodeBirth || topic.IsDeviceBirth)) return;
        if (SparkplugBirth.Read(topic, message.Payload.Span) is not { } birth) return;
        lock (gate)
        {
            if (!nodes.TryGetValue(birth.Node, out var births)) nodes.Add(birth.Node, births = new(StringComparer.Ordinal));
            foreach (var old in births.Where(known => topic.IsNodeBirth || known.Key == birth.Device).Select(known => known.Value).ToList()) Forget(old);
            nodes[birth.Node] = births; // forgetting its last birth forgets the node
            births.Add(birth.Device, byAge.AddLast(birth));
            bytes += birth.Bytes;
            while (bytes > maxBytes) Forget(byAge.First!);
        }
    }

    /// <summary>What the payload leaves to the last birth; <see cref="SparkplugNames.None"/> when that is nothing, or nothing is known.</summary>
    public SparkplugNames Resolve(SparkplugTopic topic, ReadOnlySpan<byte> payload)
    {
        LinkedListNode<SparkplugBirth>? birth = null;
        lock (gate)
        {
            if (nodes.TryGetValue((topic.Group, topic.EdgeNode), out var births)) births.TryGetValue(topic.Device ?? "", out birth);
        }

        return birth?.Value.Resolve(payload) ?? SparkplugNames.None;
    }

    private void Forget(LinkedListNode<SparkplugBirth> birth)
    {
        byAge.Remove(birth);
        bytes -= birth.Value.Bytes;
        var births = nodes[birth.Value.Node];
        births.Remove(birth.Value.Device);
        if (births.Count == 0) nodes.Remove(birth.Value.Node);
    }
}
