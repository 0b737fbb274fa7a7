using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Runs;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Hands published messages to the workflows they trigger. Completes when their events are committed, so that a PUBACK is a promise (P1).</summary>
internal sealed class MqttIntake(Intake intake, RunEngine engine, IdSource ids, TimeProvider time)
{
    // While intake is full or the journal cannot write, the publisher waits: its connection is not read, and nothing is refused or lost.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private volatile MqttRoutes routes = new(WorkflowSet.Empty);

    public void Use(WorkflowSet workflows) => routes = new MqttRoutes(workflows);

    /// <returns><see cref="MqttReasonCode.NoMatchingSubscribers"/> when no workflow wants the message.</returns>
    /// <exception cref="OperationCanceledException">The server stops; the message must not be acknowledged.</exception>
    public ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, string? clientId)
    {
        var matches = routes.Match(message.Topic);
        return matches.Count == 0 ? new ValueTask<MqttReasonCode>(MqttReasonCode.NoMatchingSubscribers) : AcceptAsync(message, clientId, matches);
    }

    private async ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, string? clientId, IReadOnlyList<MqttRoute> matches)
    {
        if (matches.Count == 1)
        {
            await StoreAsync(message, clientId, matches[0], [matches[0].Target]);
            return MqttReasonCode.Success;
        }

        // Triggers that see the same event share it; those that name other levels get their own.
        foreach (var same in matches.GroupBy(m => (m.Config.Topic, m.Config.Qos)))
        {
            await StoreAsync(message, clientId, same.First(), [.. same.Select(m => m.Target)]);
        }

        return MqttReasonCode.Success;
    }

    private async ValueTask StoreAsync(MqttApplicationMessage message, string? clientId, MqttRoute route, TriggerTarget[] targets)
    {
        while (true)
        {
            var accepted = MqttEvents.Create(ids.Next(), message, clientId, route, time.GetUtcNow());
            var result = await intake.AcceptAsync(accepted, targets, null, CancellationToken.None);
            if (result.Outcome is IntakeOutcome.Accepted) return;
            if (engine.Stopping) throw new OperationCanceledException("The server stops.");
            await Task.Delay(Pause, time, CancellationToken.None);
        }
    }
}
