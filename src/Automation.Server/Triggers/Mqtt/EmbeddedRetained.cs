using System.Collections.Immutable;
using Automation.Mqtt;
using Automation.Mqtt.Topics;
using Automation.Server.Hosting;
using Automation.Server.Triggers.Mqtt.Connections;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Gives a trigger that begins to listen the messages that the embedded broker retains, as a subscriber would get them.</summary>
/// <remarks>
/// Looks when the workflows change, and once the broker is there. Who has had them is remembered in the data folder, after the events are committed: a
/// crash in between gives them again, never fewer.
/// </remarks>
internal sealed class EmbeddedRetained(EmbeddedBroker broker, MqttIntake intake, DataFolder data, TimeProvider time, ILogger<EmbeddedRetained> log) : BackgroundService
{
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim changed = new(0, 1);
    private readonly Lock gate = new();
    private ImmutableSortedDictionary<string, MqttListeners> wanted = ImmutableSortedDictionary<string, MqttListeners>.Empty;
    private bool isFirst = true;

    public void Use(WorkflowSet workflows)
    {
        lock (gate)
        {
            wanted = MqttListeners.Of(workflows, connection: null);
            if (changed.CurrentCount == 0) changed.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        changed.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!broker.Enabled) return;
        var file = MqttConnectionFile.Open(data.Path, MqttEvents.Embedded);
        while (true)
        {
            await changed.WaitAsync(stoppingToken);
            while (!await TryOnceAsync(file, stoppingToken)) await Task.Delay(FailurePause, time, stoppingToken);
        }
    }

    private async Task<bool> TryOnceAsync(MqttConnectionFile file, CancellationToken stopping)
    {
        try
        {
            ImmutableSortedDictionary<string, MqttListeners> now;
            lock (gate) now = wanted;
            foreach (var (filter, listeners) in now)
            {
                var heard = file.Subscriptions.TryGetValue(filter, out var known) ? known.Heard : [];
                var newcomers = listeners.Triggers
                    .Where(t => t.Value is RetainedUse.All && isFirst || t.Value is not RetainedUse.None && !heard.Contains(t.Key))
                    .Select(t => t.Key).ToHashSet(StringComparer.Ordinal);
                if (newcomers.Count > 0) await GiveAsync(filter, newcomers, stopping);
                if (listeners.Taking.SequenceEqual(heard)) continue;
                file.Subscriptions[filter] = new MqttConnectionFile.Subscription(0, [.. listeners.Taking]);
                file.Save();
            }

            var gone = file.Subscriptions.Keys.Where(filter => !now.ContainsKey(filter)).ToList();
            foreach (var filter in gone) file.Subscriptions.Remove(filter);
            if (gone.Count > 0) file.Save();
            isFirst = false;
            return true;
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            Connections.Log.RetainedFailed(log, error);
            return false;
        }
    }

    private async Task GiveAsync(string filter, HashSet<string> newcomers, CancellationToken stopping)
    {
        if (!TopicFilter.TryParse(filter, out var parsed)) return;
        foreach (var message in broker.Retained(parsed))
        {
            stopping.ThrowIfCancellationRequested();
            await intake.AcceptAsync(message, route => newcomers.Contains(route.Name) && route.Pattern.Filter.Filter == filter, stopping);
        }
    }
}
