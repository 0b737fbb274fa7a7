using System.Runtime.CompilerServices;
using Automation.Mqtt.Storage;
using Automation.Server.Storage;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Keeps what outlives the broker in the journal: each unit of the broker is a unit there, and shares its fsync with whatever else waits.</summary>
internal sealed class JournalMqttStore(Journal journal) : IMqttStore
{
    public async IAsyncEnumerable<MqttStoreChange> LoadAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var load = new MqttLoaded();
        await journal.CommitAsync(load);
        foreach (var change in load.Changes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return change;
        }
    }

    public ValueTask AppendAsync(IReadOnlyList<MqttStoreChange> changes) => journal.CommitAsync(new MqttStored(changes));
}
