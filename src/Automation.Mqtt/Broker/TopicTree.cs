using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The topics on which messages came, with the last of each, in a tree of levels. Of too many topics, or too many bytes, those go on which
/// nothing came for longest. Any thread.
/// </summary>
internal sealed class TopicTree(int maxTopics, long maxBytes, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly TopicNode _root = new("", null);
    private readonly LinkedList<TopicNode> _byTime = new();
    private readonly long _startedAt = time.GetTimestamp();
    private long _bytes;
    private long _dropped;

    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <summary>Topics that were dropped for want of room.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    private double Now => time.GetElapsedTime(_startedAt).TotalSeconds;

    /// <param name="message">The message.</param>
    /// <param name="size">Bytes it counts for.</param>
    public void Add(MqttObservedMessage message, int size)
    {
        lock (_lock)
        {
            var node = FindOrAdd(message.Message.Topic);
            Keep(node, message, size);
            node.CountOne(Now);
            if (node.Place is null)
                node.Place = _byTime.AddLast(node);
            else
                MoveToEnd(node.Place);
            while (IsTooMuch && _byTime.First!.Value != node)
                Drop(_byTime.First.Value);
        }
    }

    /// <summary>Adds a message that was retained before, unless one came on the topic meanwhile, or there is no room.</summary>
    /// <returns>False when there is no room for more.</returns>
    public bool TryAddRetained(MqttObservedMessage message, int size)
    {
        lock (_lock)
        {
            var node = FindOrAdd(message.Message.Topic);
            if (node.Last is null)
            {
                Keep(node, message, size);
                node.Place = _byTime.AddFirst(node);
            }

            if (!IsTooMuch)
                return true;
            Drop(_byTime.First!.Value);
            return false;
        }
    }

    /// <summary>A level and those of its children that come after a name, in ordinal order.</summary>
    /// <param name="under">The level's topic; null for the root.</param>
    /// <param name="limit">Most children.</param>
    /// <param name="after">The last child of the page before, or null.</param>
    public (MqttTopicStatus? Level, List<MqttTopicStatus> Children) List(string? under, int limit, string? after)
    {
        string[] names;
        lock (_lock)
        {
            if (Find(under) is not { } node)
                return (null, []);
            names = [.. node.Children.Select(static child => child.Name)];
        }

        // Sorted without the lock: a level may have thousands of children, and publishers would wait.
        names = [.. names.Where(name => after is null || string.CompareOrdinal(name, after) > 0).Order(StringComparer.Ordinal).Take(limit)];
        lock (_lock)
        {
            if (Find(under) is not { } node)
                return (null, []);
            var now = Now;
            return (node.ToStatus(under ?? "", now), [.. names.Select(name => node.Find(name)).OfType<TopicNode>().Select(child => child.ToStatus(under is null ? child.Name : $"{under}/{child.Name}", now))]);
        }
    }

    private bool IsTooMuch => _byTime.Count > maxTopics || _bytes > maxBytes;

    private TopicNode? Find(string? topic)
    {
        TopicNode? node = _root;
        if (topic is null)
            return node;
        ReadOnlySpan<char> rest = topic;
        for (var isLast = false; !isLast && node is not null;)
            node = node.Find(TopicLevels.Next(ref rest, out isLast));
        return node;
    }

    private TopicNode FindOrAdd(ReadOnlySpan<char> topic)
    {
        var node = _root;
        for (var isLast = false; !isLast;)
        {
            var level = TopicLevels.Next(ref topic, out isLast);
            if (node.Find(level) is not { } child)
            {
                child = node.Add(level);
                _bytes += child.Size;
            }

            node = child;
        }

        return node;
    }

    private void Keep(TopicNode node, MqttObservedMessage message, int size)
    {
        if (node.Last is null)
            CountTopic(node, 1);
        _bytes += size - node.LastSize;
        (node.Last, node.LastSize) = (message, size);
    }

    private void MoveToEnd(LinkedListNode<TopicNode> place)
    {
        if (place == _byTime.Last)
            return;
        _byTime.Remove(place);
        _byTime.AddLast(place);
    }

    private void Drop(TopicNode topic)
    {
        Volatile.Write(ref _dropped, _dropped + 1);
        _byTime.Remove(topic.Place!);
        CountTopic(topic, -1);
        for (var node = topic; node is not null; node = node.Parent)
            node.CountOfAll -= topic.Count;
        _bytes -= topic.LastSize;
        (topic.Last, topic.LastSize, topic.Place, topic.Count) = (null, 0, null, 0);
        for (var node = topic; node is { IsEmpty: true, Parent: { } parent }; node = parent)
        {
            parent.Remove(node);
            _bytes -= node.Size;
        }
    }

    private static void CountTopic(TopicNode topic, int change)
    {
        for (var node = topic; node is not null; node = node.Parent)
            node.Topics += change;
    }
}
