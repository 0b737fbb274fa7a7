namespace Automation.Mqtt.Client;

/// <summary>The topic aliases we gave on one connection; the one used longest ago is given anew — MQTT 5 §3.3.2.3.4.</summary>
internal sealed class SentTopicAliases(int maximum)
{
    private readonly Dictionary<string, LinkedListNode<(string Topic, ushort Alias)>> _byTopic = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Topic, ushort Alias)> _byUse = new();

    public bool IsAvailable => maximum > 0;

    /// <summary>The alias that stands for the topic already.</summary>
    public bool TryUse(string topic, out ushort alias)
    {
        alias = 0;
        if (!_byTopic.TryGetValue(topic, out var node))
            return false;
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        alias = node.Value.Alias;
        return true;
    }

    /// <summary>The alias that the topic would be given.</summary>
    public ushort Next => _byUse.Count < maximum ? (ushort)(_byUse.Count + 1) : _byUse.Last!.Value.Alias;

    /// <summary>The topic was sent with <see cref="Next"/>.</summary>
    public void Give(string topic)
    {
        var alias = Next;
        if (_byUse.Count == maximum)
        {
            _byTopic.Remove(_byUse.Last!.Value.Topic);
            _byUse.RemoveLast();
        }

        _byTopic[topic] = _byUse.AddFirst((topic, alias));
    }
}
