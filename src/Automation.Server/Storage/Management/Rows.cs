namespace Automation.Server.Storage.Management;

/// <summary>Table <c>events</c>. The body may be large: leave it out of lists.</summary>
internal sealed class EventRow
{
    public long Id { get; init; }

    public required string State { get; init; }

    public int OpenRuns { get; init; }

    public int FailedRuns { get; init; }

    public required string TriggerType { get; init; }

    public required string Type { get; init; }

    public required string Source { get; init; }

    public string? Subject { get; init; }

    public DateTimeOffset AcceptedAt { get; init; }

    public required string Attributes { get; init; }

    public string? ContentType { get; init; }

    public required byte[] Body { get; init; }

    public long? CopyOf { get; init; }

    public List<RunRow> Runs { get; } = [];
}

/// <summary>Table <c>runs</c>. <see cref="Owner"/>: the server that holds an open run.</summary>
internal sealed class RunRow
{
    public long Id { get; init; }

    public long EventId { get; init; }

    public required string WorkflowId { get; init; }

    public required string Version { get; init; }

    public required string TriggerId { get; init; }

    public required string State { get; init; }

    public long? Owner { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? StepRuns { get; init; }

    public string? FailedStep { get; init; }

    public string? Error { get; init; }

    public string? Key { get; init; }

    public bool Blocked { get; init; }

    public long? RetryOf { get; init; }

    public long? RetriedAs { get; init; }

    public string? Moves { get; init; }

    public EventRow? Event { get; init; }

    public List<DeliveryRow> Deliveries { get; } = [];
}

/// <summary>Table <c>run_saves</c>: step runs of a run's saves before its end, in id order.</summary>
internal sealed class RunSaveRow
{
    public long Id { get; init; }

    public long RunId { get; init; }

    public required string StepRuns { get; init; }
}

/// <summary>Table <c>waits</c>: what an open or failed run waits for.</summary>
internal sealed class WaitRow
{
    public long Id { get; init; }

    public long RunId { get; init; }

    public required string StepId { get; init; }

    public DateTimeOffset? DueAt { get; init; }

    public string? Match { get; init; }

    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>Table <c>keys</c>: keys that keep a state or are parked.</summary>
internal sealed class KeyRow
{
    public required string WorkflowId { get; init; }

    public required string Key { get; init; }

    public string? State { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public long? ParkedRun { get; init; }

    public DateTimeOffset? ParkedAt { get; init; }
}

/// <summary>Table <c>step_states</c>: what steps remember of keys.</summary>
internal sealed class StepStateRow
{
    public required string WorkflowId { get; init; }

    public required string Key { get; init; }

    public required string StepId { get; init; }

    public required string StepType { get; init; }

    public required string State { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>Table <c>filter_counts</c>: what filters of triggers took and dropped.</summary>
internal sealed class FilterCountRow
{
    public required string WorkflowId { get; init; }

    public required string TriggerId { get; init; }

    public long Passed { get; init; }

    public long ByWhen { get; init; }

    public long ByDedupe { get; init; }

    public long ByChanged { get; init; }

    public long ByThrottle { get; init; }

    public long ByRepeat { get; init; }

    public DateTimeOffset CountedAt { get; init; }

    public string? Sample { get; init; }
}

/// <summary>Table <c>first_events</c>: what tells an event's repetitions, and what its caller was answered.</summary>
internal sealed class FirstEventRow
{
    public required string WorkflowId { get; init; }

    public required string TriggerId { get; init; }

    public required string Mark { get; init; }

    public long RunId { get; init; }

    public string? Answer { get; init; }
}

/// <summary>Table <c>key_timers</c>. <see cref="Kind"/>: whether <see cref="Target"/> is a step or a trigger.</summary>
internal sealed class KeyTimerRow
{
    public required string WorkflowId { get; init; }

    public required string Key { get; init; }

    public required string Target { get; init; }

    public required string Kind { get; init; }

    public DateTimeOffset DueAt { get; init; }
}

/// <summary>Table <c>deliveries</c>. <see cref="Owner"/>: the server that makes an attempt at this moment. The body may be large: leave it out of lists.</summary>
internal sealed class DeliveryRow
{
    public long Id { get; init; }

    public long RunId { get; init; }

    public required string WorkflowId { get; init; }

    public required string StepId { get; init; }

    public required string IdempotencyKey { get; init; }

    public required string Destination { get; init; }

    public required string State { get; init; }

    public long? Owner { get; init; }

    public DateTimeOffset? NextAttemptAt { get; init; }

    public int Attempts { get; init; }

    public int MaxAttempts { get; init; }

    public required string Request { get; init; }

    public required byte[] Body { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? OrderKey { get; init; }

    public string? EndpointId { get; init; }

    public long? EmissionId { get; init; }

    public List<AttemptRow> Tries { get; } = [];
}

/// <summary>Table <c>attempts</c>.</summary>
internal sealed class AttemptRow
{
    public long DeliveryId { get; init; }

    public int Number { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public int DurationMs { get; init; }

    public int? Status { get; init; }

    public string? Error { get; init; }

    public string? Message { get; init; }

    public string? ResponseHead { get; init; }

    public string? RequestHead { get; init; }

    public int? DnsMs { get; init; }

    public int? ConnectMs { get; init; }

    public int? TlsMs { get; init; }

    public int? FirstByteMs { get; init; }

    public int? TotalMs { get; init; }
}

/// <summary>Table <c>versions</c>: <see cref="Files"/> is a JSON object from path to text.</summary>
internal sealed class VersionRow
{
    public required string WorkflowId { get; init; }

    public required string Hash { get; init; }

    public required string Document { get; init; }

    public required string Files { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Table <c>activations</c>: when which version of a workflow became the active one.</summary>
internal sealed class ActivationRow
{
    public long Id { get; init; }

    public required string WorkflowId { get; init; }

    public required string Hash { get; init; }

    public DateTimeOffset At { get; init; }

    public required string Cause { get; init; }

    public string? Files { get; init; }

    public string? CommitId { get; init; }

    public string? Actor { get; init; }
}

/// <summary>Table <c>schedules</c>. <see cref="NextAt"/> is null while the schedule is stopped.</summary>
internal sealed class ScheduleRow
{
    public required string WorkflowId { get; init; }

    public required string TriggerId { get; init; }

    public DateTimeOffset? NextAt { get; init; }

    public DateTimeOffset? LastAt { get; init; }
}

/// <summary>Table <c>requests</c>. The body may be large: leave it out of lists.</summary>
internal sealed class RequestRow
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    public required string Outcome { get; init; }

    public required string Method { get; init; }

    public required string Path { get; init; }

    public required string Query { get; init; }

    public required string Headers { get; init; }

    public string? ContentType { get; init; }

    public required byte[] Body { get; init; }

    public long BodySize { get; init; }

    public string? RemoteAddress { get; init; }

    public int Status { get; init; }

    public string? WorkflowId { get; init; }

    public string? TriggerId { get; init; }

    public string? Scheme { get; init; }

    public string? Reason { get; init; }

    public string? Hint { get; init; }

    public string? Signed { get; init; }

    public long Skipped { get; init; }
}

/// <summary>Table <c>captures</c>.</summary>
internal sealed class CaptureRow
{
    public required string Path { get; init; }

    public DateTimeOffset UntilAt { get; init; }
}

/// <summary>Table <c>audit</c>.</summary>
internal sealed class AuditRow
{
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    public required string Actor { get; init; }

    public string? Address { get; init; }

    public required string Action { get; init; }

    public required string Target { get; init; }

    public int Status { get; init; }

    public string? Detail { get; init; }

    public required byte[] Hash { get; init; }

    /// <summary>What the hash is of.</summary>
    public AuditEntry Entry => new(At, Actor, Address, Action, Target, Status, Detail);
}

/// <summary>Table <c>audit_start</c>: the last entry that retention deleted.</summary>
internal sealed class AuditStartRow
{
    public long One { get; init; }

    public long Id { get; init; }

    public required byte[] Hash { get; init; }
}

/// <summary>Table <c>endpoints</c>.</summary>
internal sealed class EndpointRow
{
    public required string Id { get; init; }

    public required string Config { get; init; }

    public bool FromFile { get; init; }

    public required string State { get; init; }

    public string? Reason { get; init; }

    public long Generation { get; init; }

    public DateTimeOffset? PreviousUntil { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    public DateTimeOffset? FailingSince { get; init; }
}

/// <summary>Table <c>subscriptions</c>: which types an endpoint hears of.</summary>
internal sealed class SubscriptionRow
{
    public required string EndpointId { get; init; }

    public required string Pattern { get; init; }
}

/// <summary>Table <c>event_types</c>.</summary>
internal sealed class EventTypeRow
{
    public required string Name { get; init; }

    public string? Description { get; init; }

    public string? Example { get; init; }

    public bool FromFile { get; init; }

    public DateTimeOffset ChangedAt { get; init; }
}

/// <summary>Table <c>emissions</c>: emitted events, and how far they have come to endpoints.</summary>
internal sealed class EmissionRow
{
    public long Id { get; init; }

    public string? EmitId { get; init; }

    public required string Type { get; init; }

    public string? Key { get; init; }

    public required string Source { get; init; }

    public long RunId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public long Deliveries { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public string? Error { get; init; }
}

/// <summary>Table <c>portal_links</c>.</summary>
internal sealed class PortalLinkRow
{
    public required string Id { get; init; }

    public required byte[] Hash { get; init; }

    public required string EndpointId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public string? CreatedBy { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public DateTimeOffset? OpenedAt { get; init; }
}

/// <summary>Table <c>portal_sessions</c>.</summary>
internal sealed class PortalSessionRow
{
    public required byte[] Hash { get; init; }

    public required string LinkId { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }
}
