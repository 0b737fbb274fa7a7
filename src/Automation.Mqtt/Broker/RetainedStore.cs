using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>The last retained message of each topic, in a tree of levels. Takes no other lock inside its own.</summary>
internal sealed class RetainedStore(int maximum)
{
    private readonly Lock _lock = new();
    private readonly RetainedNode _root = new("", number: 0);
    private int _count;
    private long _lastNumber;

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
            node.MessageNumber = ++_lastNumber;
        }
    }

    /// <summary>Begins to go through the messages that are there now and match.</summary>
    public RetainedWalk Walk(TopicFilter filter)
    {
        lock (_lock)
            return new RetainedWalk(filter, _root, _lastNumber);
    }

    /// <summary>The walk's next message, or null at its end.</summary>
    public RoutedMessage? Next(RetainedWalk walk)
    {
        lock (_lock)
            return walk.Next();
    }

    /// <summary>All messages that match.</summary>
    public List<RoutedMessage> Collect(TopicFilter filter)
    {
        List<RoutedMessage> found = [];
        lock (_lock)
        {
            var walk = new RetainedWalk(filter, _root, _lastNumber);
            while (walk.Next() is { } message)
                found.Add(message);
        }

        return found;
    }

    /// <summary>Removes what has expired.</summary>
    public void Sweep()
    {
        List<string> expired = [];
        lock (_lock)
        {
            CollectExpired(_root, expired);
            foreach (var topic in expired)
                Remove(_root, topic);
        }
    }

    // As deep as a topic has levels, of which there is a limit.
    private static void CollectExpired(RetainedNode node, List<string> to)
    {
        if (node.Message is { IsExpired: true } message)
            to.Add(message.Message.Topic);
        for (var child = node.After(0); child is not null; child = node.After(child.Number))
            CollectExpired(child, to);
    }

    private RetainedNode? Find(ReadOnlySpan<char> topic, bool create)
    {
        var node = _root;
        var isLast = false;
        while (!isLast)
        {
            var level = TopicLevels.Next(ref topic, out isLast);
            var child = node.Find(level);
            if (child is null)
            {
                if (!create)
                    return null;
                node.Add(child = new RetainedNode(level.ToString(), ++_lastNumber));
            }

            node = child;
        }

        return node;
    }

    private void Remove(RetainedNode node, ReadOnlySpan<char> topic)
    {
        var level = TopicLevels.Next(ref topic, out var isLast);
        if (node.Find(level) is not { } child)
            return;
        if (!isLast)
        {
            Remove(child, topic);
        }
        else if (child.Message is not null)
        {
            child.Message = null;
            _count--;
        }

        if (child.IsEmpty)
            node.Remove(child);
    }
}
