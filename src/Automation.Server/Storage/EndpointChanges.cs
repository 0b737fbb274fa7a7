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

/// <summary>Registers an endpoint, or gives it another config; what it failed before is forgotten. One that is registered by a file can be changed by that alone.</summary>
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

/// <summary>Pauses, disables or re-activates an endpoint, with all that waits for it.</summary>
internal sealed record EndpointStateSet(string Id, string State, string? Reason, DateTimeOffset At) : Change
{
    /// <summary>Set when the change was applied.</summary>
    public bool IsFound { get; set; }
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

/// <summary>Reads the key that the secrets of endpoints follow from; the given one becomes it when there is none.</summary>
internal sealed record EndpointKeyRead(byte[] Fresh) : Change
{
    public byte[] Key { get; set; } = [];
}

/// <summary>Describes an event type, or forgets it.</summary>
internal sealed record EventTypeStored(string Name, string? Description, Json? Example, bool FromFile, DateTimeOffset At) : Change;

/// <inheritdoc cref="EventTypeStored"/>
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
    /// <summary>The last endpoint that was looked at; null until triggers have it.</summary>
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
/// <param name="EndedAt">Set with the last part.</param>
internal sealed record EmissionAdvanced(long Id, string? From, string To, int Deliveries, DateTimeOffset? EndedAt) : Change;

/// <summary>Reads the oldest emissions that are not done.</summary>
internal sealed record EmissionsOpen(int Limit) : Change
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
internal sealed record EndpointAttempted(string Id, bool Succeeded, bool IsGone, TimeSpan DisableAfter, TimeSpan Apart, string? Error, DateTimeOffset At);
