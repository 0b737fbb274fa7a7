using System.Collections.Immutable;
using Automation.Mqtt.Storage;
using Automation.Server.Deliveries;
using Automation.Server.Runs;
using Automation.Server.Steps;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Storage;

/// <summary>One row to be written. Changes that are given to <see cref="Journal.CommitAsync"/> together are one unit: all or none of them is stored.</summary>
internal abstract record Change;

/// <summary>An event, with as many open runs as follow it in the unit. It ends the waits for it that are stored by then.</summary>
internal sealed record EventAccepted(Event Event, int Runs) : Change
{
    /// <summary>Which waits it may end, see <see cref="WaitMatch"/>.</summary>
    public string WaitPattern { get; init; } = WaitMatch.EventsOf(Event.Type);

    /// <summary>True when it is stored only if it ends a wait.</summary>
    public bool OnlyForWaits { get; init; }

    /// <summary>What it ended; null when nothing. Set when the change was applied.</summary>
    public EndedWaits? Ended { get; set; }
}

/// <summary>Waits that something ended, and what is to be done about it after the commit.</summary>
internal sealed record EndedWaits
{
    /// <summary>How many runs became free to be claimed.</summary>
    public int Runs { get; set; }

    /// <summary>Those whose runs this server is walking.</summary>
    public List<(long RunId, Woken Woken)> Held { get; } = [];

    /// <summary>A refused neighbour makes a unit apply again.</summary>
    public void Clear()
    {
        Runs = 0;
        Held.Clear();
    }
}

/// <summary>A run that waits to be walked, held by this server when <paramref name="Held"/>, else free to be claimed.</summary>
internal sealed record RunAccepted(long RunId, long EventId, string WorkflowId, string VersionHash, string TriggerId, DateTimeOffset CreatedAt, bool Held) : Change
{
    /// <summary>Runs of one workflow with the same key go one at a time; null for runs that go side by side.</summary>
    public string? Key { get; init; }

    /// <summary>True when another run of the key has to end first: then nobody holds it. Set when the change was applied.</summary>
    public bool IsBlocked { get; set; }

    /// <summary>Most runs of the key that may wait.</summary>
    public int MaxBlocked { get; init; } = int.MaxValue - 1;

    /// <summary>True when more would wait than may: it is stored as failed with <see cref="KeyFull"/>. Set when the change was applied, with <see cref="IsBlocked"/>.</summary>
    public bool IsRefused { get; set; }

    /// <summary>The key's state; null when there is none. Set when the change was applied, unless it is blocked.</summary>
    public Json? State { get; set; }

    /// <summary>What tells repetitions of its event, and until when. The unit is refused (<see cref="JournalException.Superseded"/>) when there was one before; null for nothing.</summary>
    public (string Mark, DateTimeOffset Until)? Repeats { get; init; }

    /// <summary>True when steps of the version remember something of each key.</summary>
    public bool HasSteps { get; init; }

    /// <summary>What they remember; null when it is not the run's turn. Set when the change was applied.</summary>
    public ImmutableDictionary<string, StepMemory>? Steps { get; set; }

    /// <summary>Triggers that are to fire when the key has been silent for so long after this event.</summary>
    public IReadOnlyList<(string Trigger, TimeSpan After)> Watches { get; init; } = [];

    /// <summary>True when a timer of the key was due before the event came: its run goes first, and is free to be claimed. Set when the change was applied.</summary>
    public bool HasFiredTimer { get; set; }

    /// <summary>As whom the server holds it; null when nobody does. Set when the change was applied.</summary>
    public long? Owner { get; set; }

    /// <summary>The idempotency key of the step that called the run; null when none did.</summary>
    public string? CalledBy { get; init; }

    /// <summary>Why a run was refused.</summary>
    public static readonly StepError KeyFull = new("key_full", "As many runs of this key wait as may (Runs:MaxBlockedPerKey). See to the one that holds them up, then retry this one.", Retryable: false);
}

/// <summary>The key whose turn a run has.</summary>
internal sealed record RunKey(string WorkflowId, string Key)
{
    /// <summary>The key's new state, stored with the run's progress (P3); null when it did not change.</summary>
    public Json? State { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>When that state is to be forgotten; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What steps remember anew.</summary>
    public IReadOnlyList<StepRemembered> Steps { get; init; } = [];

    /// <summary>Whether the key is parked when the run fails.</summary>
    public bool Parks { get; init; }
}

/// <summary>Progress of a run at a point from which it can go on after a crash. Superseded when the run is not <paramref name="Owner"/>'s any more.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Owner">As whom it was held.</param>
/// <param name="StartedAt">When it was first walked.</param>
/// <param name="Snapshot">What is needed to go on (outputs so far, tokens, variables).</param>
/// <param name="StepRuns">Trace of the steps that ended since the last save, a JSON array.</param>
internal sealed record RunSaved(long RunId, long Owner, DateTimeOffset StartedAt, Json Snapshot, Json StepRuns) : Change
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>When the run has to have ended, wherever it is; null for never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>The run's key; null when it has none.</summary>
    public RunKey? Key { get; init; }

    /// <summary>Waits that the snapshot has and the one before had not.</summary>
    public IReadOnlyList<Wait> Waits { get; init; } = [];

    /// <summary>Ids of waits that the one before had and this one has not.</summary>
    public IReadOnlyList<long> EndedWaits { get; init; } = [];

    /// <summary>Events that had ended a wait of the snapshot, and were not what it is for: it goes on.</summary>
    public IReadOnlyList<PassedEvent> PassedEvents { get; init; } = [];

    /// <summary>True when all that is left of the run waits: the server lets it go, unless a wait of it is over already.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>Waits of the run that are over; then it stays this server's. Set when the change was applied, with <see cref="IsWaiting"/> or where waits began or go on.</summary>
    public List<Woken> Woken { get; } = [];
}

/// <summary>The end of a run, and with its last open run the end of its event. Superseded when the run is not <paramref name="Owner"/>'s any more.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Owner">As whom it was held.</param>
/// <param name="EventId">Its event.</param>
/// <param name="State"><c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="StepRuns">Trace of the steps that ended since the last save, a JSON array.</param>
/// <param name="FailedStep">Step that failed the run.</param>
/// <param name="Error">A <see cref="Steps.StepError"/> as JSON; null when the run did not fail.</param>
internal sealed record RunEnded(long RunId, long Owner, long EventId, string State, DateTimeOffset StartedAt, DateTimeOffset EndedAt, Json StepRuns, string? FailedStep, Json? Error) : Change
{
    /// <summary>False when no wait was ever stored for the run.</summary>
    public bool HasWaited { get; init; }

    /// <summary>From where a failed run goes on when it is retried; null when it cannot. Kept with its waits.</summary>
    public Json? Snapshot { get; init; }

    /// <summary>True when that is what was last saved.</summary>
    public bool KeepsLastSave { get; init; }

    /// <inheritdoc cref="RunSaved.Waits"/>
    public IReadOnlyList<Wait> Waits { get; init; } = [];

    /// <inheritdoc cref="RunSaved.EndedWaits"/>
    public IReadOnlyList<long> EndedWaits { get; init; } = [];

    /// <inheritdoc cref="RunSaved.PassedEvents"/>
    public IReadOnlyList<PassedEvent> PassedEvents { get; init; } = [];

    /// <summary>The run's key; null when it has none.</summary>
    public RunKey? Key { get; init; }

    /// <summary>Who of the key has the turn after it. Set when the change was applied.</summary>
    public KeyTurn Next { get; set; }

    /// <summary>True when a step of another run called this one.</summary>
    public bool IsCalled { get; init; }

    /// <summary>What a called run gives to who called it, when it succeeded.</summary>
    public Json? Output { get; init; }

    /// <summary>The wait of the step that called the run. Set when the change was applied.</summary>
    public EndedWaits Ended { get; } = new();
}

/// <summary>Ends the waits whose time is up, earliest first. Runs of which nothing else was under way are free to be claimed then.</summary>
internal sealed record WaitsTimedOut(DateTimeOffset Now, int Limit) : Change
{
    /// <summary>How many waits ended.</summary>
    public int Count { get; set; }

    public EndedWaits Ended { get; } = new();

    /// <summary>When the next wait is over by itself; null when none is.</summary>
    public DateTimeOffset? NextDue { get; set; }
}

/// <summary>Reads which waits of a run are over.</summary>
internal sealed record WokenRead(long RunId) : Change
{
    public IReadOnlyList<Woken> Woken { get; set; } = [];
}

/// <summary>A delivery to be made, held by this server when <paramref name="Held"/>, else free to be claimed.</summary>
internal sealed record DeliveryQueued(Delivery Delivery, bool Held) : Change;

/// <summary>An attempt and what it makes of its delivery. Superseded when the delivery is not <paramref name="Owner"/>'s any more.</summary>
/// <param name="DeliveryId">The delivery.</param>
/// <param name="Owner">As whom it was held.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="State"><see cref="DeliveryState.Succeeded"/>, <see cref="DeliveryState.Dead"/> or <see cref="DeliveryState.Retrying"/>.</param>
/// <param name="NextAttemptAt">When to try again; only with <see cref="DeliveryState.Retrying"/>. The delivery is free to be claimed from then on.</param>
internal sealed record DeliveryAttempted(long DeliveryId, long Owner, Attempt Attempt, string State, DateTimeOffset? NextAttemptAt) : Change
{
    /// <summary>Where the delivery is in order, its destination and key: at its end, the next one's turn comes. Null for no order.</summary>
    public (string Destination, string Key)? Order { get; init; }

    /// <summary>What it means for its endpoint; null without one.</summary>
    public EndpointAttempted? Endpoint { get; init; }
}

/// <summary>Gives a held delivery back untried, as when the server stops.</summary>
internal sealed record DeliveryReleased(long DeliveryId, long Owner) : Change;

/// <summary>An operator switched a workflow on or off.</summary>
internal sealed record WorkflowSwitched(string WorkflowId, bool Enabled, DateTimeOffset At) : Change;

/// <summary>An operator wants a dead or succeeded delivery made again, with the same idempotency key, unless a new one is wanted, and a fresh count of attempts.</summary>
internal sealed record DeliveryReplayed(long DeliveryId, DateTimeOffset At) : Change
{
    /// <summary>Whether it gets another idempotency key: the one it had, and <c>.r</c> with a number.</summary>
    public bool NewKey { get; init; }

    /// <summary>False when the delivery is not there, or neither dead nor succeeded; set when the change was applied.</summary>
    public bool Replayed { get; set; }
}

/// <summary>Deletes ended runs with all that came of them, and those of their events that have no other. Leaves what is open by now, has an open delivery, or parks a key.</summary>
internal sealed record RunsPruned(IReadOnlyList<long> Runs) : Change
{
    /// <summary>How many were deleted; set when the change was applied.</summary>
    public int Deleted { get; set; }
}

/// <summary>Deletes handled events with all their runs, as <see cref="RunsPruned"/>.</summary>
internal sealed record EventsPruned(IReadOnlyList<long> Events) : Change
{
    /// <summary>How many were deleted; set when the change was applied.</summary>
    public int Deleted { get; set; }
}

/// <summary>Gives space that is free in the database back to the disk, where the database does not do so by itself.</summary>
/// <param name="MaxPages">How many pages at most.</param>
internal sealed record SpaceReleased(int MaxPages) : Change
{
    /// <summary>Whether there is more to give back; set when the change was applied.</summary>
    public bool HasMore { get; set; }
}

/// <summary>Takes hold of open runs that no live server holds, oldest first: at least one, and no more once the bodies of their events have <paramref name="Bytes"/>.</summary>
internal sealed record RunsClaimed(int Limit, long Bytes = long.MaxValue) : Change
{
    /// <summary>States of keys that were to be forgotten before it are not read.</summary>
    public DateTimeOffset Now { get; init; }

    public List<ClaimedRun> Runs { get; } = [];
}

/// <summary>Takes hold of due deliveries that no live server holds, oldest due first.</summary>
/// <param name="Now">What is due by then.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="Except">Destinations to leave out.</param>
internal sealed record DeliveriesClaimed(DateTimeOffset Now, int Limit, IReadOnlyCollection<string> Except) : Change
{
    public List<Delivery> Deliveries { get; } = [];

    /// <summary>When the next delivery that nobody holds comes due after <paramref name="Now"/>, the left-out destinations aside; null when none does. Set when the change was applied.</summary>
    public DateTimeOffset? NextDue { get; set; }
}

/// <summary>An open run as the journal has it.</summary>
internal sealed record ClaimedRun(long RunId, long Owner, Event Event, string WorkflowId, string VersionHash, string TriggerId, DateTimeOffset? StartedAt, Json? Snapshot)
{
    /// <summary>Waits of the snapshot that are over.</summary>
    public IReadOnlyList<Woken> Woken { get; init; } = [];

    /// <inheritdoc cref="RunWork.Deadline"/>
    public DateTimeOffset? Deadline { get; init; }

    public string? Key { get; init; }

    /// <summary>The key's state; null when it has none.</summary>
    public Json? State { get; init; }

    /// <summary>True when what it answers is to be kept for repetitions of its event.</summary>
    public bool KeepsAnswer { get; init; }

    /// <summary>What steps remember of the key.</summary>
    public ImmutableDictionary<string, StepMemory> Steps { get; init; } = ImmutableDictionary<string, StepMemory>.Empty;
}

/// <summary>A <c>schedule</c> trigger of a workflow.</summary>
internal readonly record struct ScheduleId(string WorkflowId, string TriggerId);

/// <summary>Reads the schedules that this server's folder had when it last told.</summary>
internal sealed record SchedulesRead : Change
{
    /// <summary>With what their times follow from; null for those that are stopped, or go by what another server's folder has.</summary>
    public List<(ScheduleId Id, string? Spec)> Schedules { get; } = [];
}

/// <summary>Reads the schedules of this server's folder whose time has come, earliest first.</summary>
internal sealed record SchedulesDue(DateTimeOffset Now, int Limit) : Change
{
    public List<DueSchedule> Due { get; } = [];

    /// <summary>The first time after <see cref="Now"/>; null when none comes.</summary>
    public DateTimeOffset? Next { get; set; }
}

/// <summary>A schedule whose time has come.</summary>
/// <param name="Id">The trigger.</param>
/// <param name="Spec">What its times follow from.</param>
/// <param name="At">The time.</param>
/// <param name="LastAt">The time for which it fired last; null when it has not fired.</param>
internal sealed record DueSchedule(ScheduleId Id, string Spec, DateTimeOffset At, DateTimeOffset? LastAt);

/// <summary>A schedule begins, or begins anew because its spec changed in this server's folder or because it was stopped; one that is under way with this spec, or with another server's, stays as it is.</summary>
/// <param name="Id">The trigger.</param>
/// <param name="Spec">What its times follow from.</param>
/// <param name="NextAt">Its first time; null when none comes.</param>
internal sealed record ScheduleStarted(ScheduleId Id, string Spec, DateTimeOffset? NextAt) : Change;

/// <summary>A schedule does not fire any more; <paramref name="Forget"/> when its trigger is gone here: then it goes with the last server that has it.</summary>
internal sealed record ScheduleStopped(ScheduleId Id, bool Forget) : Change;

/// <summary>A schedule goes on from one time to the next. Only one of those who try it succeeds, whichever server they are.</summary>
/// <param name="Id">The trigger.</param>
/// <param name="From">The time it has to be at.</param>
/// <param name="To">The next; null when none comes.</param>
/// <param name="Fires">True with the event of the time in the same unit, which is refused (<see cref="JournalException.Superseded"/>) when the schedule is not at that time. False to pass over times.</param>
internal sealed record ScheduleMoved(ScheduleId Id, DateTimeOffset From, DateTimeOffset? To, bool Fires) : Change;

/// <summary>What the MQTT broker keeps, changed: <see cref="Triggers.Mqtt.JournalMqttStore"/>.</summary>
internal sealed record MqttStored(IReadOnlyList<MqttStoreChange> Changes) : Change;

/// <summary>Reads everything that the MQTT broker keeps.</summary>
internal sealed record MqttLoaded : Change
{
    public List<MqttStoreChange> Changes { get; } = [];
}
