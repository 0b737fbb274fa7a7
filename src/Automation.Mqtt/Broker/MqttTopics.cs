using Automation.Mqtt.Topics;
using Automation.Mqtt.Transport;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The topics of a broker as a tree, with the last message and the rate of each, for people who look around. All members may be used from any thread.
/// </summary>
/// <remarks>
/// A message on its way should not pay for what nobody looks at. So the tree is filled only while somebody does: from a call of
/// <see cref="List"/> until <see cref="LeaseSeconds"/> after the last one. It begins with the retained messages; counts and rates begin then too.
/// It holds at most <see cref="MqttBrokerOptions.MaxWatchedTopics"/> and <see cref="MqttBrokerOptions.MaxWatchedBytes"/>.
/// </remarks>
public sealed class MqttTopics
{
    /// <summary>Seconds that the tree is filled after somebody looked at it.</summary>
    public const int LeaseSeconds = 60;

    private readonly BrokerContext _broker;
    private readonly Lock _lock = new();
    private long _until;

    internal MqttTopics(BrokerContext broker) => _broker = broker;

    /// <summary>A level of the tree with a page of its children, by name in ordinal order.</summary>
    /// <param name="under">The level, such as <c>plants/1</c>; null for the first level. Levels may be empty: <c>""</c> is the one before the slash of <c>/a</c>.</param>
    /// <param name="limit">Most children.</param>
    /// <param name="after">Only children after this name: the last of the page before.</param>
    public MqttTopicPage List(string? under, int limit, string? after = null)
    {
        var tree = Renew();
        var (level, children) = tree.List(under, limit, after);
        return new MqttTopicPage(Complete(level), children.ConvertAll(child => Complete(child)!), tree.Since, tree.Dropped);
    }

    private MqttTopicStatus? Complete(MqttTopicStatus? status) =>
        status is null ? null : status with { IsRetained = status.Last is not null && _broker.Retained.Find(status.Topic) is { IsExpired: false } };

    private TopicTree Renew()
    {
        TopicTree tree;
        lock (_lock)
        {
            _until = _broker.Wheel.Now + LeaseSeconds + 1;
            if (_broker.Observers.Tree is { } running)
                return running;
            tree = new TopicTree(_broker.Options.MaxWatchedTopics, _broker.Options.MaxWatchedBytes, _broker.Options.TimeProvider);
            _broker.Observers.Tree = tree;
            _broker.Wheel.Schedule(new Deadline(OnTick), _until);
        }

        foreach (var message in _broker.Retained.Collect(TopicFilter.Everything))
        {
            var observed = MqttObservedMessage.Of(message.Message, clientId: null, at: null);
            if (!tree.TryAddRetained(observed, message.Size - (observed.PayloadBytes - observed.Message.Payload.Length)))
                break;
        }

        return tree;
    }

    private long OnTick(long now)
    {
        lock (_lock)
        {
            if (now < _until)
                return _until;
            _broker.Observers.Tree = null;
            return TimerWheel.Never;
        }
    }
}

/// <summary>A level of the tree of topics and some of its children.</summary>
/// <param name="Level">The level that was asked for; null when there is none.</param>
/// <param name="Children">Its children.</param>
/// <param name="Since">When the counting began.</param>
/// <param name="Dropped">Topics that were left out of the tree since, because there were too many.</param>
public sealed record MqttTopicPage(MqttTopicStatus? Level, IReadOnlyList<MqttTopicStatus> Children, DateTimeOffset Since, long Dropped);

/// <summary>A level of the tree of topics: a topic, or what topics have in common.</summary>
public sealed record MqttTopicStatus
{
    /// <summary>The level alone; empty for the root and for an empty level.</summary>
    public required string Name { get; init; }

    /// <summary>All levels from the first to this one.</summary>
    public required string Topic { get; init; }

    /// <summary>The last message on this very topic; null when there is none.</summary>
    public required MqttObservedMessage? Last { get; init; }

    /// <summary>Whether the topic has a retained message now.</summary>
    public bool IsRetained { get; init; }

    /// <summary>Messages on this very topic since the counting began.</summary>
    public required long Messages { get; init; }

    /// <summary>Their number a second, on average over the last ten seconds.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Number of levels directly below.</summary>
    public required int ChildCount { get; init; }

    /// <summary>Number of topics below, at any depth.</summary>
    public required int TopicsBelow { get; init; }

    /// <summary>Messages on topics below.</summary>
    public required long MessagesBelow { get; init; }

    /// <summary>Their number a second.</summary>
    public required double MessagesPerSecondBelow { get; init; }
}
