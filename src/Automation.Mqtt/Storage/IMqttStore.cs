namespace Automation.Mqtt.Storage;

/// <summary>
/// Where a broker keeps what has to outlive it: sessions with an expiry interval, their subscriptions and unfinished messages, and
/// retained messages — MQTT 5 §4.1. See <see cref="Broker.MqttBrokerOptions.Store"/>.
/// </summary>
/// <remarks>
/// A store is a log: it is given changes in units and gives back changes that lead to the same state. What each change does, and that
/// one for something that is not there does nothing, stands with the change. One broker uses a store at a time.
/// </remarks>
public interface IMqttStore
{
    /// <summary>
    /// Everything that is stored: changes that lead from nothing to the state after the last committed unit. They may be the log itself
    /// or the shortest list. Asked once, before the broker listens and before the first <see cref="AppendAsync"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<MqttStoreChange> LoadAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores the changes as one unit: all of them or none, in their order, after the units of all calls before. The task completes
    /// when they survive a crash, and fails when nothing of them is stored; the broker then refuses what depended on it, and goes on.
    /// </summary>
    /// <param name="changes">The unit; not changed any more.</param>
    /// <remarks>
    /// Called under locks of the broker, from any thread but never twice at once. So it only takes the unit in: it must neither block
    /// nor call the broker. How many units may wait is bounded by the broker's limits.
    /// </remarks>
    ValueTask AppendAsync(IReadOnlyList<MqttStoreChange> changes);
}
