using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>All subscriptions: exact filters in a hash map, filters with wildcards in a tree of levels. Many readers, few writers.</summary>
internal sealed class SubscriptionTree : IDisposable
{
    private readonly Dictionary<string, Subscribers> _exact = new(StringComparer.Ordinal);
    private readonly Node _root = new();
    private readonly ReaderWriterLockSlim _lock = new();
    private int _count;
    private int _sharedCount;

    /// <summary>Number of subscriptions, shared ones among them.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Number of shared subscriptions: one for each member of each group.</summary>
    public int SharedCount => Volatile.Read(ref _sharedCount);

    /// <summary>Adds the subscription, or replaces the session's one to the same filter.</summary>
    public void Set(Subscription subscription)
    {
        _lock.EnterWriteLock();
        try
        {
            if (SubscribersOf(subscription.Filter, create: true)!.Set(subscription))
                CountOne(subscription, 1);
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
            if (subscribers is null || !subscribers.Remove(subscription))
                return;
            CountOne(subscription, -1);
            if (!subscribers.IsEmpty)
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

    /// <summary>The group of a shared subscription, or null when it has no member.</summary>
    public ShareGroup? FindGroup(TopicFilter filter)
    {
        _lock.EnterReadLock();
        try
        {
            return SubscribersOf(filter, create: false) is { } subscribers && subscribers.TryGetGroup(filter.ShareName!, out var group) ? group : null;
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    /// <summary>Adds everything that matches.</summary>
    public void Collect(string topic, Matches to)
    {
        _lock.EnterReadLock();
        try
        {
            if (_exact.TryGetValue(topic, out var exact))
                exact.AddTo(to);
            Collect(_root, topic, topic.StartsWith('$'), to);
        }
        finally
        {
            _lock.ExitReadLock();
        }
    }

    public void Dispose() => _lock.Dispose();

    // Wildcards of the first level do not match topics that start with $ — MQTT 5 §4.7.2.
    private static void Collect(Node node, ReadOnlySpan<char> rest, bool hidden, Matches to)
    {
        if (!hidden)
            node.Rest?.AddTo(to);
        var level = TopicLevels.Next(ref rest, out var isLast);
        if (node.Find(level) is { } child)
            Descend(child, rest, isLast, to);
        if (!hidden && node.AnyLevel is { } any)
            Descend(any, rest, isLast, to);
    }

    private static void Descend(Node node, ReadOnlySpan<char> rest, bool isLast, Matches to)
    {
        if (!isLast)
        {
            Collect(node, rest, hidden: false, to);
            return;
        }

        node.Here?.AddTo(to);
        node.Rest?.AddTo(to); // "a/#" matches "a"
    }

    private void CountOne(Subscription subscription, int change)
    {
        _count += change;
        if (subscription.Filter.ShareName is not null)
            _sharedCount += change;
    }

    private Subscribers? SubscribersOf(TopicFilter filter, bool create)
    {
        if (!filter.HasWildcards)
        {
            if (!_exact.TryGetValue(filter.Filter, out var exact) && create)
                _exact.Add(filter.Filter, exact = new Subscribers());
            return exact;
        }

        var node = _root;
        ReadOnlySpan<char> rest = filter.Filter;
        while (true)
        {
            var level = TopicLevels.Next(ref rest, out var isLast);
            if (level is "#")
                return create ? node.Rest ??= new Subscribers() : node.Rest;
            var child = node.Child(level, create);
            if (child is null)
                return null;
            node = child;
            if (isLast)
                return create ? node.Here ??= new Subscribers() : node.Here;
        }
    }

    // Removes the nodes of a filter that lead nowhere any more.
    private static void Prune(Node node, ReadOnlySpan<char> rest)
    {
        var level = TopicLevels.Next(ref rest, out var isLast);
        if (level is "#")
        {
            node.Rest = null;
            return;
        }

        if (node.Child(level, create: false) is not { } child)
            return;
        if (isLast)
            child.Here = null;
        else
            Prune(child, rest);
        if (child.IsEmpty)
            node.Remove(level);
    }

    /// <summary>A level of the filters with wildcards. Parts that few nodes have are made when needed: a node takes 56 bytes then, not 400.</summary>
    private sealed class Node
    {
        private Dictionary<string, Node>? _children;

        /// <summary>The child for the level "+".</summary>
        private Node? _anyLevel;

        public Node? AnyLevel => _anyLevel;

        /// <summary>Filters that end at this level.</summary>
        public Subscribers? Here { get; set; }

        /// <summary>Filters that go on with "#".</summary>
        public Subscribers? Rest { get; set; }

        public bool IsEmpty => _children is null && _anyLevel is null && Here is null && Rest is null;

        public Node? Find(ReadOnlySpan<char> level) =>
            _children is not null && _children.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child) ? child : null;

        public Node? Child(ReadOnlySpan<char> level, bool create)
        {
            if (level is "+")
                return create ? _anyLevel ??= new Node() : _anyLevel;
            var child = Find(level);
            if (child is not null || !create)
                return child;
            (_children ??= new Dictionary<string, Node>(StringComparer.Ordinal)).Add(level.ToString(), child = new Node());
            return child;
        }

        public void Remove(ReadOnlySpan<char> level)
        {
            if (level is "+")
                _anyLevel = null;
            else if (_children is not null && _children.GetAlternateLookup<ReadOnlySpan<char>>().Remove(level) && _children.Count == 0)
                _children = null;
        }
    }
}
