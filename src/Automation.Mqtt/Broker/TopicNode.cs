namespace Automation.Mqtt.Broker;

/// <summary>A level in the tree of topics that somebody looks at. Guarded by the tree's lock.</summary>
internal sealed class TopicNode(string name, TopicNode? parent)
{
    // Rough cost of a node and its place in the parent.
    private const int Overhead = 320;

    private Dictionary<string, TopicNode>? _children;
    private MessageRate _rate;
    private MessageRate _rateOfAll;

    public string Name => name;
    public TopicNode? Parent => parent;
    public int Size => Overhead + 2 * name.Length;
    public bool IsEmpty => Last is null && _children is not { Count: > 0 };
    public int ChildCount => _children?.Count ?? 0;
    public IEnumerable<TopicNode> Children => _children?.Values ?? (IEnumerable<TopicNode>)[];

    /// <summary>The last message on this very topic; null for a level that is none.</summary>
    public MqttObservedMessage? Last { get; set; }

    /// <summary>Bytes that <see cref="Last"/> counts for.</summary>
    public int LastSize { get; set; }

    /// <summary>Its place among all topics by the time of the last message.</summary>
    public LinkedListNode<TopicNode>? Place { get; set; }

    public long Count { get; set; }

    /// <summary>Messages on this topic and below.</summary>
    public long CountOfAll { get; set; }

    /// <summary>Topics here and below.</summary>
    public int Topics { get; set; }

    public TopicNode? Find(ReadOnlySpan<char> level) =>
        _children is not null && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child) ? child : null;

    public TopicNode Add(ReadOnlySpan<char> level)
    {
        var child = new TopicNode(level.ToString(), this);
        (_children ??= new Dictionary<string, TopicNode>(StringComparer.Ordinal)).Add(child.Name, child);
        return child;
    }

    public void Remove(TopicNode child) => _children!.Remove(child.Name);

    public void CountOne(double now)
    {
        Count++;
        _rate.Count(now);
        for (var node = this; node is not null; node = node.Parent)
        {
            node.CountOfAll++;
            node._rateOfAll.Count(now);
        }
    }

    public MqttTopicStatus ToStatus(string topic, double now)
    {
        var rate = _rate.PerSecond(now);
        return new MqttTopicStatus
        {
            Name = name,
            Topic = topic,
            Last = Last,
            Messages = Count,
            MessagesPerSecond = rate,
            ChildCount = ChildCount,
            TopicsBelow = Topics - (Last is null ? 0 : 1),
            MessagesBelow = CountOfAll - Count,
            MessagesPerSecondBelow = Math.Max(0, _rateOfAll.PerSecond(now) - rate),
        };
    }
}
