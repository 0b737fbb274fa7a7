using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>
/// A place in the tree of retained messages on the way through all that match a filter. It holds a frame for each level and no
/// messages, so one that waits long for its client costs little and keeps nothing alive.
/// </summary>
/// <remarks>Messages retained after the walk was begun are left out: the subscription gets them as they are published.</remarks>
internal sealed class RetainedWalk
{
    private readonly string _filter;
    private readonly long _until;
    private readonly Stack<Frame> _path = new();

    public RetainedWalk(TopicFilter filter, RetainedNode root, long until)
    {
        _filter = filter.Filter;
        _until = until;
        _path.Push(new Frame(root, 0, Last: 0));
    }

    /// <summary>The next message, or null at the end. Under the store's lock.</summary>
    public RoutedMessage? Next()
    {
        while (TryStep(out var message))
        {
            if (message is not null)
                return message;
        }

        return null;
    }

    /// <summary>Goes on to one more level of the tree, which may have a message that matches. Under the store's lock.</summary>
    /// <returns>False at the end.</returns>
    public bool TryStep(out RoutedMessage? message)
    {
        message = null;
        if (!_path.TryPop(out var frame))
            return false;
        if (Step(frame) is { Message: { IsExpired: false } found } node && node.MessageNumber <= _until)
            message = found;
        return true;
    }

    // Goes to the next child that the frame's level matches. Returns it when the filter may end there.
    private RetainedNode? Step(Frame frame)
    {
        var rest = _filter.AsSpan(frame.At);
        var level = TopicLevels.Next(ref rest, out var isLast);
        RetainedNode? child;
        if (level is not ("#" or "+"))
        {
            child = frame.Node.Find(level);
        }
        else
        {
            child = frame.Node.After(frame.Last);
            if (child is null || child.Number > _until)
                return null;
            _path.Push(frame with { Last = child.Number });
            if (frame.At == 0 && _path.Count == 1 && child.Name.StartsWith('$')) // at the root
                return null; // a wildcard at the start, MQTT 5 §4.7.2
        }

        if (child is null)
            return null;
        if (level is "#")
            _path.Push(new Frame(child, frame.At, Last: 0));
        else if (!isLast)
            _path.Push(new Frame(child, frame.At + level.Length + 1, Last: 0));
        return isLast || rest is "#" ? child : null; // "a/#" matches "a"
    }

    /// <param name="Node">Where the walk is.</param>
    /// <param name="At">Where the level for the node's children starts in the filter.</param>
    /// <param name="Last">Number of the child that was taken last.</param>
    private readonly record struct Frame(RetainedNode Node, int At, long Last);
}
