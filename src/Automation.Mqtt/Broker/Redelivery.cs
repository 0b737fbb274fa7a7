using Automation.Mqtt.Storage;

namespace Automation.Mqtt.Broker;

/// <summary>Gives messages of shared subscriptions that a session leaves behind to the other members of each, in the store too.</summary>
internal sealed class Redelivery(BrokerContext broker)
{
    /// <param name="left">What the session left.</param>
    /// <param name="alongside">What takes them from the session in the store: it is stored together with their new places, so that a crash loses none. Null without a store.</param>
    public void Redeliver(List<Delivery> left, List<MqttStoreChange>? alongside = null)
    {
        if (broker.Log is not { } log)
        {
            broker.Router.Redeliver(left);
            return;
        }

        if (left.Count == 0 && alongside is null)
            return;
        List<RoutingUnit> units = [];
        List<MqttStoreChange> changes = alongside ?? [];
        foreach (var delivery in left)
        {
            if (delivery.Message.IsExpired)
            {
                broker.Metrics.Expired();
                continue;
            }

            var unit = new RoutingUnit(log, broker, delivery.Message, origin: null);
            broker.Router.DeliverShared(delivery.Message, broker.Subscriptions.FindGroup(delivery.Share!), unit);
            changes.AddRange(unit.Changes);
            units.Add(unit);
        }

        _ = StoreAsync(log, changes, units);
    }

    private async Task StoreAsync(StoreLog log, List<MqttStoreChange> changes, List<RoutingUnit> units)
    {
        try
        {
            if (changes.Count > 0)
                await log.AppendAsync(changes);
        }
        catch (Exception exception)
        {
            broker.Report("Storing", exception); // the store has them where they were; here they go on
        }

        foreach (var unit in units)
            unit.Release();
    }
}
