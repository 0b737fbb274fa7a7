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

    /// <summary>Takes a client's message.</summary>
    /// <returns><see cref="MqttReasonCode.NoMatchingSubscribers"/> when no workflow wants the message.</returns>
    /// <exception cref="OperationCanceledException">The server stops; the message must not be acknowledged.</exception>
    public ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, string clientId) => AcceptAsync(message, clientId, CancellationToken.None);

    /// <summary>Takes a run's message, also while the server stops.</summary>
    /// <exception cref="OperationCanceledException">There was no room until <paramref name="cancellation"/>; the message may have started some of its workflows.</exception>
    public async ValueTask AcceptFromRunAsync(MqttApplicationMessage message, CancellationToken cancellation) => await AcceptAsync(message, null, cancellation);

    private ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, string? clientId, CancellationToken cancellation)
    {
        var matches = routes.Match(message.Topic);
        return matches.Count == 0 ? new ValueTask<MqttReasonCode>(MqttReasonCode.NoMatchingSubscribers) : AcceptAsync(message, clientId, matches, cancellation);
    }

    private async ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, string? clientId, IReadOnlyList<MqttRoute> matches, CancellationToken cancellation)
    {
        if (matches.Count == 1)
        {
            await StoreAsync(message, clientId, matches[0], [matches[0].Target], cancellation);
            return MqttReasonCode.Success;
        }

        // Triggers that see the same event share it; those that name other levels get their own.
        foreach (var same in matches.GroupBy(m => (m.Config.Topic, m.Config.Qos)))
        {
            await StoreAsync(message, clientId, same.First(), [.. same.Select(m => m.Target)], cancellation);
        }

        return MqttReasonCode.Success;
    }

    /// <param name="message">The message.</param>
    /// <param name="clientId">Null for a run's.</param>
    /// <param name="route">One of those that see the same event.</param>
    /// <param name="targets">What the event starts.</param>
    /// <param name="cancellation">Ends the wait for room.</param>
    private async ValueTask StoreAsync(MqttApplicationMessage message, string? clientId, MqttRoute route, TriggerTarget[] targets, CancellationToken cancellation)
    {
        while (true)
        {
            var accepted = MqttEvents.Create(ids.Next(), message, clientId, route, time.GetUtcNow());
            var result = clientId is null ? await intake.AcceptFromRunAsync(accepted, targets) : await intake.AcceptAsync(accepted, targets, null, CancellationToken.None);
            if (result.Outcome is IntakeOutcome.Accepted) return;
            if (clientId is not null && engine.Stopping) throw new OperationCanceledException("The server stops.");
            await Task.Delay(Pause, time, cancellation);
        }
    }
}
