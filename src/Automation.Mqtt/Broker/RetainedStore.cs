using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>The last retained message of each topic, in a tree of levels. Takes no other lock inside its own.</summary>
internal sealed class RetainedStore(int maxMessages, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly RetainedNode _root = new("", number: 0);
    private int _count;
    private long _bytes;
    private long _lastNumber;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of the messages and of the tree that holds them.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether the message could be kept now, in place of its topic's.</summary>
    public bool HasRoomFor(MqttApplicationMessage message)
    {
        lock (_lock)
            return Fits(message.Topic, RoutedMessage.SizeOf(message));
    }

    /// <summary>Keeps the message for its topic; an empty payload removes what is kept — MQTT 5 §3.3.1.3.</summary>
    /// <returns>False when there is no room: the topic's message stays what it was.</returns>
    public bool TrySet(RoutedMessage message) => TrySet(message, stored: null, out _);

    /// <inheritdoc cref="TrySet(RoutedMessage)"/>
    /// <param name="message">The message.</param>
    /// <param name="stored">Its entry in the store, or null.</param>
    /// <param name="replaced">The message that was kept before; null for none.</param>
    public bool TrySet(RoutedMessage message, StoredMessage? stored, out RoutedMessage? replaced)
    {
        var topic = message.Message.Topic;
        replaced = null;
        lock (_lock)
        {
            if (message.Message.Payload.IsEmpty)
            {
                replaced = Remove(_root, topic);
                return true;
            }

            if (!Fits(topic, message.Size))
                return false;
            var node = FindOrAdd(topic);
            replaced = node.Message;
            Set(node, message.ForStore(stored));
            return true;
        }
    }

    /// <summary>The topic's message, or null.</summary>
    public RoutedMessage? Find(string topic)
    {
        lock (_lock)
            return FindNode(topic)?.Message;
    }

    /// <summary>Takes back what was set and could not be stored, unless another took its place meanwhile.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="stored">Entry of the message that was set; null when the topic was cleared.</param>
    /// <param name="replaced">What was there before.</param>
    /// <returns>Whether <paramref name="replaced"/> is there again.</returns>
    public bool PutBack(string topic, StoredMessage? stored, RoutedMessage? replaced)
    {
        lock (_lock)
        {
            if (FindNode(topic)?.Message?.Stored != stored)
                return false;
            if (replaced is null)
                Remove(_root, topic);
            else
                Set(FindOrAdd(topic), replaced);
            return true;
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

    /// <summary>All messages that match, in no order. The lock is taken for a few at a time, so that publishers do not wait for a large tree.</summary>
    public IEnumerable<RoutedMessage> Collect(TopicFilter filter)
    {
        const int StepsAtATime = 256;
        List<RoutedMessage> found = [];
        var walk = Walk(filter);
        for (var more = true; more;)
        {
            found.Clear();
            lock (_lock)
            {
                for (var steps = 0; steps < StepsAtATime && (more = walk.TryStep(out var message)); steps++)
                {
                    if (message is not null)
                        found.Add(message);
                }
            }

            foreach (var message in found)
                yield return message;
        }
    }

    /// <summary>Removes what has expired.</summary>
    public List<RoutedMessage> Sweep()
    {
        List<RoutedMessage> expired = [];
        lock (_lock)
        {
            CollectExpired(_root, expired);
            foreach (var message in expired)
                Remove(_root, message.Message.Topic);
        }

        return expired;
    }

    // As deep as a topic has levels, of which there is a limit.
    private static void CollectExpired(RetainedNode node, List<RoutedMessage> to)
    {
        if (node.Message is { IsExpired: true } message)
            to.Add(message);
        for (var child = node.After(0); child is not null; child = node.After(child.Number))
            CollectExpired(child, to);
    }

    private bool Fits(ReadOnlySpan<char> topic, long size)
    {
        var node = _root;
        var isLast = false;
        while (!isLast && node is not null)
            node = node.Find(TopicLevels.Next(ref topic, out isLast));
        if (node is null)
            size += RetainedNode.Size * (isLast ? 1 : topic.Count('/') + 2L); // the level that is missing, and those after it
        var old = node?.Message;
        return (old is not null || _count < maxMessages) && _bytes + size - (old?.Size ?? 0) <= maxBytes;
    }

    private RetainedNode FindOrAdd(ReadOnlySpan<char> topic)
    {
        var node = _root;
        var isLast = false;
        while (!isLast)
        {
            var level = TopicLevels.Next(ref topic, out isLast);
            var child = node.Find(level);
            if (child is null)
            {
                node.Add(child = new RetainedNode(level.ToString(), ++_lastNumber));
                _bytes += RetainedNode.Size;
            }

            node = child;
        }

        return node;
    }

    private RetainedNode? FindNode(ReadOnlySpan<char> topic)
    {
        var node = _root;
        for (var isLast = false; !isLast && node is not null;)
            node = node.Find(TopicLevels.Next(ref topic, out isLast));
        return node;
    }

    private void Set(RetainedNode node, RoutedMessage message)
    {
        if (node.Message is null)
            _count++;
        _bytes += message.Size - (node.Message?.Size ?? 0);
        node.Message = message;
        node.MessageNumber = ++_lastNumber;
    }

    private RoutedMessage? Remove(RetainedNode node, ReadOnlySpan<char> topic)
    {
        var level = TopicLevels.Next(ref topic, out var isLast);
        if (node.Find(level) is not { } child)
            return null;
        RoutedMessage? removed = null;
        if (!isLast)
        {
            removed = Remove(child, topic);
        }
        else if (child.Message is { } message)
        {
            removed = message;
            child.Message = null;
            _count--;
            _bytes -= message.Size;
        }

        if (!child.IsEmpty)
            return removed;
        node.Remove(child);
        _bytes -= RetainedNode.Size;
        return removed;
    }
}
