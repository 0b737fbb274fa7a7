namespace Automation.Mqtt.Broker;

/// <summary>A level in the tree of retained messages. Guarded by the store's lock.</summary>
/// <remarks>Children keep the order they came in, by number, so that a walk can go on where it was although others came and went.</remarks>
internal sealed class RetainedNode(string name, long number)
{
    private Dictionary<string, RetainedNode>? _byName;
    private List<Entry>? _inOrder;
    private int _gone;

    /// <summary>Rough cost of a node with its name and its places in the parent, in bytes.</summary>
    public const int Size = 256;

    public string Name => name;

    /// <summary>Greater than the number of every node and message there was when this one was made.</summary>
    public long Number => number;

    public RoutedMessage? Message { get; set; }

    /// <summary>The number of <see cref="Message"/>.</summary>
    public long MessageNumber { get; set; }

    public bool IsEmpty => Message is null && _byName is not { Count: > 0 };

    public RetainedNode? Find(ReadOnlySpan<char> level) =>
        _byName is not null && _byName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(level, out var child) ? child : null;

    public void Add(RetainedNode child)
    {
        (_byName ??= new Dictionary<string, RetainedNode>(StringComparer.Ordinal)).Add(child.Name, child);
        (_inOrder ??= []).Add(new Entry(child.Number, child));
    }

    public void Remove(RetainedNode child)
    {
        _byName!.Remove(child.Name);
        _inOrder![IndexAfter(child.Number - 1)] = new Entry(child.Number, null);
        // Gaps are closed when they are the greater part: cheap on average, and no list of thousands moves for one.
        if (++_gone <= _inOrder.Count / 2)
            return;
        _inOrder.RemoveAll(static entry => entry.Node is null);
        _gone = 0;
    }

    /// <summary>The first child with a greater number, or null.</summary>
    public RetainedNode? After(long last)
    {
        if (_inOrder is null)
            return null;
        for (var index = IndexAfter(last); index < _inOrder.Count; index++)
        {
            if (_inOrder[index].Node is { } node)
                return node;
        }

        return null;
    }

    private int IndexAfter(long last)
    {
        int low = 0, high = _inOrder!.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_inOrder[middle].Number <= last)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    private readonly record struct Entry(long Number, RetainedNode? Node);
}
