using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>An endpoint's state: <c>active ⇄ paused</c>, by people; <c>active → disabled</c>, by failures; back by people.</summary>
internal static class EndpointState
{
    public const string Active = "active", Paused = "paused", Disabled = "disabled";
}

/// <summary>An endpoint as the journal has it.</summary>
/// <param name="Generation">Of its secret.</param>
/// <param name="PreviousUntil">Until when the secret of the generation before is valid too; null when it is not.</param>
internal sealed record StoredEndpoint(string Id, Json Config, bool FromFile, string State, string? Reason, long Generation, DateTimeOffset? PreviousUntil, DateTimeOffset CreatedAt);

/// <summary>Registers an endpoint, or gives it another config; what it failed before is forgotten. One that a file describes can be changed by that alone; a file takes over one that was registered without.</summary>
internal sealed record EndpointStored(string Id, Json Config, IReadOnlyList<string> Patterns, bool FromFile, DateTimeOffset At) : Change
{
    /// <summary>True to register only, false to change only, null for either.</summary>
    public bool? IsNew { get; init; }

    /// <summary>False when it was there although it is to be new, or not although it is to be changed, or another has it. Set when the change was applied.</summary>
    public bool IsStored { get; set; }
}

/// <summary>Deletes an endpoint; what was to be delivered to it is dead.</summary>
internal sealed record EndpointDeleted(string Id, bool FromFile, DateTimeOffset At) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool IsDeleted { get; set; }
}

/// <summary>Pauses or re-activates an endpoint, with all that waits for it. One that is disabled stays so when it is to be paused.</summary>
internal sealed record EndpointStateSet(string Id, string State, string? Reason, DateTimeOffset At) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool IsFound { get; set; }

    /// <summary>True when it was not paused because it is disabled. Set when the change was applied.</summary>
    public bool IsDisabled { get; set; }
}

/// <summary>Gives an endpoint another secret.</summary>
/// <param name="PreviousUntil">Until when the one before is valid too.</param>
internal sealed record EndpointRotated(string Id, DateTimeOffset? PreviousUntil, DateTimeOffset At) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool IsFound { get; set; }
}

/// <summary>Reads an endpoint.</summary>
internal sealed record EndpointRead(string Id) : Change
{
    public StoredEndpoint? Endpoint { get; set; }
}

/// <summary>Describes an event type. One that a file describes can be changed by that alone.</summary>
internal sealed record EventTypeStored(string Name, string? Description, Json? Example, bool FromFile, DateTimeOffset At) : Change
{
    /// <summary>False when a file has it. Set when the change was applied.</summary>
    public bool IsStored { get; set; }
}

/// <summary>Forgets the description of an event type.</summary>
internal sealed record EventTypeDeleted(string Name, bool FromFile) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool IsDeleted { get; set; }
}

/// <summary>An event for the triggers and endpoints that hear of its type.</summary>
/// <param name="Id">Ascending; outside <c>emt_…</c>.</param>
/// <param name="EmitId">Of two with the same type and this, the second does nothing; null for none.</param>
/// <param name="Type">As <c>order.created</c>.</param>
/// <param name="Key">What strict order goes by; null for none.</param>
/// <param name="Data">A JSON value.</param>
/// <param name="Source">CloudEvents <c>source</c>.</param>
/// <param name="Depth">Emissions that led to this one.</param>
/// <param name="RunId">The run that emitted it; 0 for the API and the server itself.</param>
/// <param name="WorkflowId">The run's workflow; empty without one.</param>
/// <param name="StepId">The run's step; empty without one.</param>
internal sealed record Emission(long Id, string? EmitId, string Type, string? Key, Json Data, string Source, int Depth, long RunId, string WorkflowId, string StepId, DateTimeOffset CreatedAt)
{
    /// <summary>The last endpoint that was looked at; null before the first.</summary>
    public string? After { get; init; }
}

/// <summary>Stores an emission; nothing when there is one with its emit id.</summary>
internal sealed record EventEmitted(Emission Emission) : Change
{
    /// <summary>The id of the one that is stored: this one, or the one before. Set when the change was applied.</summary>
    public long StoredId { get; set; }
}

/// <summary>A part of an emission's endpoints have their deliveries, in the same unit. Superseded when another server was faster.</summary>
/// <param name="From">Where it stood.</param>
/// <param name="To">Where it stands now.</param>
/// <param name="Deliveries">How many were queued.</param>
/// <param name="IsLast">Whether these were the last.</param>
internal sealed record EmissionFannedOut(long Id, string? From, string? To, int Deliveries, bool IsLast, DateTimeOffset At) : Change
{
    /// <summary>Why some of them will never have theirs; null for none.</summary>
    public string? Error { get; init; }
}

/// <summary>Triggers and waiting runs have an emission. Superseded when another server was faster.</summary>
/// <param name="Error">Why they will never have it; null when they have.</param>
internal sealed record EmissionHeard(long Id, DateTimeOffset At, string? Error = null) : Change;

/// <summary>Reads the oldest emissions that are not fanned out yet, or that triggers have not heard yet.</summary>
/// <param name="Unheard">Which of both.</param>
/// <param name="Bytes">No more once their data have so many; one at least.</param>
internal sealed record EmissionsOpen(bool Unheard, int Limit, long Bytes) : Change
{
    public List<Emission> Emissions { get; } = [];
}

/// <summary>Deletes emissions that are done and were made before an id, with their deliveries, as far as those have ended.</summary>
internal sealed record EmissionsPruned(long Before, int Limit) : Change
{
    /// <summary>How many; set when the change was applied.</summary>
    public int Deleted { get; set; }
}

/// <summary>What an attempt means for its endpoint.</summary>
/// <param name="Id">The endpoint.</param>
/// <param name="Succeeded">Whether it took the delivery.</param>
/// <param name="IsGone">Whether it said that it is gone for good.</param>
/// <param name="DisableAfter">How long it may fail without a success between.</param>
/// <param name="Apart">How far apart the first and the last of these failures are at least.</param>
/// <param name="Error">The failure's code.</param>
internal sealed record EndpointAttempted(string Id, bool Succeeded, bool IsGone, TimeSpan DisableAfter, TimeSpan Apart, string? Error, DateTimeOffset At)
{
    /// <summary>Whether this attempt disabled it. Set when the change was applied.</summary>
    public bool IsDisabled { get; set; }
}
