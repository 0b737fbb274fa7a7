using Automation.Server.Deliveries;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Storage;

/// <summary>One row to be written. Changes that are given to <see cref="Journal.CommitAsync"/> together are one unit: all or none of them is stored.</summary>
internal abstract record Change;

/// <summary>An event, with as many open runs as follow it in the unit.</summary>
internal sealed record EventAccepted(Event Event, int Runs) : Change;

/// <summary>A run that waits to be walked, held by this server.</summary>
internal sealed record RunAccepted(long RunId, long EventId, string WorkflowId, string VersionHash, string TriggerId, DateTimeOffset CreatedAt) : Change;

/// <summary>Progress of a run at a point from which it can go on after a crash.</summary>
/// <param name="Snapshot">What is needed to go on (outputs so far, tokens, variables).</param>
/// <param name="StepRuns">Trace of the steps that ended since the last save, a JSON array.</param>
internal sealed record RunSaved(long RunId, DateTimeOffset At, Json Snapshot, Json StepRuns) : Change;

/// <summary>The end of a run, and with its last open run the end of its event.</summary>
/// <param name="State"><c>succeeded</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="StepRuns">Trace of the steps that ended since the last save, a JSON array.</param>
/// <param name="Output">Output of the last step.</param>
/// <param name="FailedStep">Step that failed the run.</param>
/// <param name="Error">A <see cref="Steps.StepError"/> as JSON; null when the run did not fail.</param>
internal sealed record RunEnded(long RunId, long EventId, string State, DateTimeOffset StartedAt, DateTimeOffset EndedAt, Json StepRuns, Json Output, string? FailedStep, Json? Error) : Change;

/// <summary>A delivery to be made, held by this server when <paramref name="Held"/>, else free to be claimed.</summary>
internal sealed record DeliveryQueued(Delivery Delivery, bool Held) : Change;

/// <summary>An attempt and what it makes of its delivery.</summary>
/// <param name="State"><see cref="DeliveryState.Succeeded"/>, <see cref="DeliveryState.Dead"/> or <see cref="DeliveryState.Retrying"/>.</param>
/// <param name="NextAttemptAt">When to try again; only with <see cref="DeliveryState.Retrying"/>. The delivery is free to be claimed from then on.</param>
internal sealed record DeliveryAttempted(long DeliveryId, Attempt Attempt, string State, DateTimeOffset? NextAttemptAt) : Change;

/// <summary>Gives a held delivery back untried, as when the server stops.</summary>
internal sealed record DeliveryReleased(long DeliveryId) : Change;

/// <summary>A version's source, stored before the version takes its first event. Storing it again changes nothing.</summary>
internal sealed record VersionStored(string WorkflowId, string Hash, VersionSource Source, DateTimeOffset At) : Change;

/// <summary>An operator switched a workflow on or off.</summary>
internal sealed record WorkflowSwitched(string WorkflowId, bool Enabled, DateTimeOffset At) : Change;
