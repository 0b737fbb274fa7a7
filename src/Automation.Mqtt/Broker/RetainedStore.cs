using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>The last retained message of each topic, in a tree of levels. Takes no other lock inside its own.</summary>
internal sealed class RetainedStore(int maximum)
{
    private readonly Lock _lock = new();
    private readonly Node _root = new();
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether there is room for the topic's message.</summary>
    public bool HasRoomFor(string topic)
    {
        if (Count < maximum)
            return true;
        lock (_lock)
            return Find(topic, create: false)?.Message is not null;
    }

    /// <summary>Keeps the message for its topic; an empty payload removes what is kept — MQTT 5 §3.3.1.3.</summary>
    public void Set(RoutedMessage message)
    {
        var topic = message.Message.Topic;
        lock (_lock)
        {
            if (message.Message.Payload.IsEmpty)
            {
                Remove(_root, topic);
                return;
            }

            var node = Find(topic, create: true)!;
            if (node.Message is null)
                _count++;
            node.Message = message;
        }
    }

    public void Collect(TopicFilter filter, List<RoutedMessage> to)
    {
        lock (_lock)
            Collect(_root, filter.Filter, isFirst: true, to);
    }

    /// <summary>Removes what has expired.</summary>
    public int Sweep()
    {
        List<RoutedMessage> all = [];
        lock (_lock)
        {
            Subtree(_root, isFirst: false, all, evenExpired: true);
            var removed = 0;
            foreach (var message in all)
            {
                if (!message.IsExpired)
                    continue;
                Remove(_root, message.Message.Topic);
                removed++;
            }

            return removed;
        }
    }

    private static void Collect(Node node, ReadOnlySpan<char> filter, bool isFirst, List<RoutedMessage> to)
    {
        var level = TopicLevels.Next(ref filter, out var isLast);
        if (level is "#")
        {
            Subtree(node, isFirst, to);
            return;
        }

        if (level is not "+")
        {
            if (node.Children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child))
                Descend(child, filter, isLast, to);
            return;
        }

        foreach (var (name, child) in node.Children)
        {
            if (!isFirst || !name.StartsWith('$'))
                Descend(child, filter, isLast, to);
        }
    }

    private static void Descend(Node node, ReadOnlySpan<char> filter, bool isLast, List<RoutedMessage> to)
    {
        if (isLast)
            Add(node, to, evenExpired: false);
        else
            Collect(node, filter, isFirst: false, to);
    }

    private static void Subtree(Node node, bool isFirst, List<RoutedMessage> to, bool evenExpired = false)
    {
        Add(node, to, evenExpired);
        foreach (var (name, child) in node.Children)
        {
            if (!isFirst || !name.StartsWith('$'))
                Subtree(child, isFirst: false, to, evenExpired);
        }
    }

    private static void Add(Node node, List<RoutedMessage> to, bool evenExpired)
    {
        if (node.Message is { } message && (evenExpired || !message.IsExpired))
            to.Add(message);
    }

    private Node? Find(ReadOnlySpan<char> topic, bool create)
    {
        var node = _root;
        var isLast = false;
        while (!isLast)
        {
            var level = TopicLevels.Next(ref topic, out isLast);
            if (!node.Children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child))
            {
                if (!create)
                    return null;
                node.Children.Add(level.ToString(), child = new Node());
            }

            node = child;
        }

        return node;
    }

    private void Remove(Node node, ReadOnlySpan<char> topic)
    {
        var level = TopicLevels.Next(ref topic, out var isLast);
        var children = node.Children.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!children.TryGetValue(level, out var child))
            return;
        if (!isLast)
            Remove(child, topic);
        else if (child.Message is not null)
        {
            child.Message = null;
            _count--;
        }

        if (child.Message is null && child.Children.Count == 0)
            children.Remove(level);
    }

    private sealed class Node
    {
        public Dictionary<string, Node> Children { get; } = new(StringComparer.Ordinal);
        public RoutedMessage? Message { get; set; }
    }
}
