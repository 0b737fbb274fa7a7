using System.Collections.Immutable;
using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>Who looks on while messages are routed. While nobody does, a message costs the reading of one field.</summary>
internal sealed class Observers(TimeProvider time)
{
    private ImmutableArray<MqttMessageListener> _listeners = [];
    private volatile TopicTree? _tree;
    private volatile bool _areAny;

    public bool AreAny => _areAny;

    /// <summary>The tree that is filled; null for none.</summary>
    public TopicTree? Tree
    {
        get => _tree;
        set
        {
            _tree = value;
            Look();
        }
    }

    public void Observe(RoutedMessage routed, string? clientId)
    {
        MqttObservedMessage? observed = null;
        var message = routed.Message;
        // Of the payload only the beginning is kept.
        var size = routed.Size - Math.Max(0, message.Payload.Length - MqttObservedMessage.MaxPayloadBytes);
        foreach (var listener in _listeners)
        {
            if (listener.Filter.Matches(message.Topic))
                listener.Offer(observed ??= MqttObservedMessage.Of(message, clientId, time.GetUtcNow()), size);
        }

        _tree?.Add(observed ?? MqttObservedMessage.Of(message, clientId, time.GetUtcNow()), size);
    }

    /// <returns>Null when so many others listen already.</returns>
    public MqttMessageListener? TryListen(TopicFilter filter, int limit)
    {
        var listener = new MqttMessageListener(filter, this);
        var isAdded = ImmutableInterlocked.Update(ref _listeners, static (all, added) => all.Length < added.limit ? all.Add(added.listener) : all, (listener, limit));
        Look();
        return isAdded ? listener : null;
    }

    public void Remove(MqttMessageListener listener)
    {
        ImmutableInterlocked.Update(ref _listeners, static (all, one) => all.Remove(one), listener);
        Look();
    }

    private void Look()
    {
        do
        {
            _areAny = IsAnyone();
        }
        while (_areAny != IsAnyone()); // another changed it in between
    }

    private bool IsAnyone() => _tree is not null || _listeners.Length > 0;
}
