using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>All subscriptions: exact filters in a hash map, filters with wildcards in a tree of levels. Many readers, few writers.</summary>
internal sealed class SubscriptionTree : IDisposable
{
    private readonly Dictionary<string, Dictionary<Session, Subscription>> _exact = new(StringComparer.Ordinal);
    private readonly Node _root = new();
    private readonly ReaderWriterLockSlim _lock = new();

    /// <summary>Adds the subscription, or replaces the session's one to the same filter.</summary>
    public void Set(Subscription subscription)
    {
        _lock.EnterWriteLock();
        try
        {
            SubscribersOf(subscription.Filter, create: true)![subscription.Session] = subscription;
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    public void Remove(Subscription subscription)
    {
        _lock.EnterWriteLock();
        try
        {
            var filter = subscription.Filter;
            var subscribers = SubscribersOf(filter, create: false);
            if (subscribers is null || !subscribers.Remove(subscription.Session) || subscribers.Count > 0)
                return;
            if (filter.HasWildcards)
                Prune(_root, filter.Filter);
            else
                _exact.Remove(filter.Filter);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <summary>Adds every subscription that matches; a session may be there several times.</summary>
    public void Collect(string topic, List<Subscription> to)
    {
        _lock.EnterReadLock();
        try
        {
            if (_exact.TryGetValue(topic, out var exact))
                to.AddRange(exact.Values);
            Collect(_root, topic, topic.StartsWith('$'), to);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    public void Dispose() => _lock.Dispose();

    // Wildcards of the first level do not match topics that start with $ — MQTT 5 §4.7.2.
    private static void Collect(Node node, ReadOnlySpan<char> rest, bool hidden, List<Subscription> to)
    {
        if (!hidden)
            to.AddRange(node.Rest.Values);
        var level = TopicLevels.Next(ref rest, out var isLast);
        if (node.Children.TryGetValue(level, out var child))
            Descend(child, rest, isLast, to);
        if (!hidden && node.AnyLevel is { } any)
            Descend(any, rest, isLast, to);
    }

    private static void Descend(Node node, ReadOnlySpan<char> rest, bool isLast, List<Subscription> to)
    {
        if (!isLast)
        {
            Collect(node, rest, hidden: false, to);
            return;
        }

        to.AddRange(node.Here.Values);
        to.AddRange(node.Rest.Values); // "a/#" matches "a"
    }

    private Dictionary<Session, Subscription>? SubscribersOf(TopicFilter filter, bool create)
    {
        if (!filter.HasWildcards)
        {
            if (!_exact.TryGetValue(filter.Filter, out var exact) && create)
                _exact.Add(filter.Filter, exact = []);
            return exact;
        }

        var node = _root;
        ReadOnlySpan<char> rest = filter.Filter;
        while (true)
        {
            var level = TopicLevels.Next(ref rest, out var isLast);
            if (level is "#")
                return node.Rest;
            var child = node.Child(level, create);
            if (child is null)
                return null;
            node = child;
            if (isLast)
                return node.Here;
        }
    }

    // Removes the nodes of a filter that lead nowhere any more.
    private static void Prune(Node node, ReadOnlySpan<char> rest)
    {
        var level = TopicLevels.Next(ref rest, out var isLast);
        if (level is "#" || node.Child(level, create: false) is not { } child)
            return;
        if (!isLast)
            Prune(child, rest);
        if (!child.IsEmpty)
            return;
        if (level is "+")
            node.AnyLevel = null;
        else
            node.Children.Remove(level);
    }

    private sealed class Node
    {
        private readonly Dictionary<string, Node> _children = new(StringComparer.Ordinal);

        public Dictionary<string, Node>.AlternateLookup<ReadOnlySpan<char>> Children => _children.GetAlternateLookup<ReadOnlySpan<char>>();

        /// <summary>The child for the level "+".</summary>
        public Node? AnyLevel { get; set; }

        /// <summary>Filters that end at this level.</summary>
        public Dictionary<Session, Subscription> Here { get; } = [];

        /// <summary>Filters that go on with "#".</summary>
        public Dictionary<Session, Subscription> Rest { get; } = [];

        public bool IsEmpty => _children.Count == 0 && AnyLevel is null && Here.Count == 0 && Rest.Count == 0;

        public Node? Child(ReadOnlySpan<char> level, bool create)
        {
            if (level is "+")
                return create ? AnyLevel ??= new Node() : AnyLevel;
            if (Children.TryGetValue(level, out var child) || !create)
                return child;
            child = new Node();
            _children.Add(level.ToString(), child);
            return child;
        }
    }
}
