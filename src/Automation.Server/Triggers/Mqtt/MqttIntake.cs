using Automation.Mqtt;
using Automation.Mqtt.Broker;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>Hands published messages to the workflows they trigger. Completes when their events are committed, so that a PUBACK is a promise (P1).</summary>
/// <remarks>
/// While intake is full or the journal cannot write, publishers wait in the order in which they came, their connections are not read, and nothing is refused or
/// lost. A message's events are stored together: messages of one client start their runs in the order in which they were sent (MQTT 5 §4.6). Only a commit
/// that fails can change it: the messages right behind it may be stored before it is tried again.
/// </remarks>
/// <param name="intake">Stores events.</param>
/// <param name="ids">Numbers events.</param>
/// <param name="time">The clock.</param>
/// <param name="lifetime">Says when the server stops.</param>
/// <param name="connection">Whose messages; null for those of the embedded broker. Each broker has its own line, so none waits for another.</param>
/// <param name="answers">Gets each message before the workflows do.</param>
internal sealed class MqttIntake(Intake intake, IdSource ids, TimeProvider time, IHostApplicationLifetime lifetime, MqttAnswers answers, string? connection = null)
{
    // Between two looks whether there is room again; one publisher looks at a time.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly MqttEvents events = new();
    private readonly WaitingLine line = new();
    private volatile MqttRoutes routes = new(WorkflowSet.Empty);

    public void Use(WorkflowSet workflows) => routes = new MqttRoutes(workflows, connection);

    /// <summary>Takes a client's message. What the broker stores of it is stored with its events: after a crash both have it or neither.</summary>
    /// <returns><see cref="MqttReasonCode.NoMatchingSubscribers"/> when no workflow wants the message; an error when it cannot be stored and never will be.</returns>
    /// <exception cref="OperationCanceledException">The server stops; the message must not be acknowledged.</exception>
    public ValueTask<MqttReasonCode> AcceptAsync(MqttPublishContext publish) => AcceptAsync(publish.Message, publish, fromRun: false, null, lifetime.ApplicationStopping);

    /// <summary>Takes a message that no client publishes here: another broker's, or one that is retained. As <see cref="AcceptAsync(MqttPublishContext)"/>.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isFor">Which of the triggers that match it concerns.</param>
    /// <param name="cancellation">Ends the wait for room.</param>
    public ValueTask<MqttReasonCode> AcceptAsync(MqttApplicationMessage message, Func<MqttRoute, bool> isFor, CancellationToken cancellation) =>
        AcceptAsync(message, null, fromRun: false, isFor, cancellation);

    /// <summary>Takes a run's message, also while the server stops.</summary>
    /// <exception cref="OperationCanceledException">There was no room until <paramref name="cancellation"/>; nothing was stored.</exception>
    public async ValueTask AcceptFromRunAsync(MqttApplicationMessage message, CancellationToken cancellation)
    {
        if (await AcceptAsync(message, null, fromRun: true, null, cancellation) >= MqttReasonCode.UnspecifiedError)
            throw new StepException(new StepError("event_refused", "The database refuses the event of this message; the server's log says why.", Retryable: false));
    }

    private ValueTask<MqttReasonCode> AcceptAsync(
        MqttApplicationMessage message, MqttPublishContext? publish, bool fromRun, Func<MqttRoute, bool>? isFor, CancellationToken cancellation)
    {
        if (routes.ReadSparkplug) events.Learn(message);
        var isAnswer = answers.Offer(message);
        var matches = routes.Match(message.Topic);
        if (isFor is not null && matches.Count > 0) matches = [.. matches.Where(isFor)];
        return matches.Count == 0
            ? new ValueTask<MqttReasonCode>(isAnswer ? MqttReasonCode.Success : MqttReasonCode.NoMatchingSubscribers)
            : StoreAsync(message, publish, fromRun, matches, cancellation);
    }

    /// <param name="message">The message.</param>
    /// <param name="publish">Null when no client of ours publishes it.</param>
    /// <param name="fromRun">True for a run's.</param>
    /// <param name="matches">One or more.</param>
    /// <param name="cancellation">Ends the wait for room.</param>
    private async ValueTask<MqttReasonCode> StoreAsync(
        MqttApplicationMessage message, MqttPublishContext? publish, bool fromRun, IReadOnlyList<MqttRoute> matches, CancellationToken cancellation)
    {
        var place = line.NextPlace();
        if (line.IsEmpty && await TryStoreAsync(message, publish, fromRun, matches) is { } stored) return stored;
        using var turn = await line.WaitAsync(place, cancellation);
        while (true)
        {
            if (await TryStoreAsync(message, publish, fromRun, matches) is { } answer) return answer;
            await Task.Delay(Pause, time, cancellation);
        }
    }

    /// <summary>Null: not now.</summary>
    private async ValueTask<MqttReasonCode?> TryStoreAsync(MqttApplicationMessage message, MqttPublishContext? publish, bool fromRun, IReadOnlyList<MqttRoute> matches)
    {
        var clientId = publish?.Client.ClientId;
        var now = time.GetUtcNow();
        Offer[] offers = matches.Count == 1
            ? [OfferOf(matches[0], [matches[0]])]
            : [.. matches
                .GroupBy(m => (m.Config.Topic, m.Config.Qos, m.Config.Payload, m.OnlyForWaits)) // triggers that see the same event share it; those that name other levels or read it otherwise get their own
                .Select(same => OfferOf(same.First(), same))];
        Offer OfferOf(MqttRoute route, IEnumerable<MqttRoute> same) => new(events.Create(ids.Next(), message, clientId, route, now), route.OnlyForWaits is null ? [.. same.Select(m => m.Target)] : []) { OnlyForWaits = route.OnlyForWaits };
        return (await intake.AcceptAsync(offers, fromRun: fromRun, alongside: publish is null ? null : () => BrokersPart(publish))).Outcome switch
        {
            IntakeOutcome.Accepted => MqttReasonCode.Success,
            IntakeOutcome.Refused => MqttReasonCode.ImplementationSpecificError,
            _ => null,
        };
    }

    private static MqttStored? BrokersPart(MqttPublishContext publish) => publish.TakeChanges() is { Count: > 0 } changes ? new MqttStored(changes) : null;
}
