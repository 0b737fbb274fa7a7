using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Broker;

/// <summary>
/// The retained messages of a broker. To set one, publish it with <see cref="MqttApplicationMessage.Retain"/>
/// (<see cref="MqttBroker.PublishAsync"/>): who subscribes then gets it too. All members may be used from any thread.
/// </summary>
public sealed class MqttRetainedMessages
{
    private readonly BrokerContext _broker;

    internal MqttRetainedMessages(BrokerContext broker) => _broker = broker;

    /// <summary>Retained messages whose topic matches, by topic in ordinal order.</summary>
    /// <remarks>The tree is gone through in small parts, so that publishers do not wait, and what is kept for it is a reference a match.</remarks>
    /// <param name="filter">The filter; a share name is ignored. As with a subscription, <c>#</c> does not match topics that begin with <c>$</c>.</param>
    /// <param name="limit">Most messages.</param>
    /// <param name="after">Only topics after this one: the last of the page before.</param>
    public IReadOnlyList<MqttApplicationMessage> List(TopicFilter filter, int limit, string? after = null)
    {
        ArgumentNullException.ThrowIfNull(filter);
        return [.. _broker.Retained.Collect(filter)
            .Select(message => message.Message)
            .Where(message => after is null || string.CompareOrdinal(message.Topic, after) > 0)
            .OrderBy(message => message.Topic, StringComparer.Ordinal)
            .Take(limit)];
    }

    /// <summary>The topic's retained message, or null.</summary>
    public MqttApplicationMessage? Find(string topic) => _broker.Retained.Find(topic) is { IsExpired: false } message ? message.Message : null;

    /// <summary>Removes the topic's retained message, without a word to subscribers. Completes when that is stored; a failure of the store is thrown, and the message is there again.</summary>
    /// <param name="topic">The topic name.</param>
    /// <returns>False when there is none.</returns>
    public async ValueTask<bool> RemoveAsync(string topic)
    {
        if (Find(topic) is null)
            return false;
        var nothing = new RoutedMessage(new MqttApplicationMessage { Topic = topic, Retain = true }, _broker.Options.TimeProvider);
        if (_broker.Log is not { } log)
            return _broker.Retained.TrySet(nothing);
        var unit = new RoutingUnit(log, _broker, nothing, origin: null);
        unit.TryRetain();
        try
        {
            await log.AppendAsync(unit.Changes);
        }
        catch
        {
            unit.Withdraw();
            throw;
        }

        unit.Release();
        return true;
    }
}
