using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using Automation.Server.Storage.Management;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary><c>accepted</c> until every run of the event has ended.</summary>
internal enum EventState
{
    Accepted,
    Done,
    Failed,
    Filtered,
    Duplicate,
}

/// <summary>An event in a list.</summary>
internal record EventSummary
{
    public static readonly Expression<Func<EventRow, EventSummary>> FromRow = e => new EventSummary
    {
        Id = PublicId.Format(PublicId.Event, e.Id),
        State = Enum.Parse<EventState>(e.State, true),
        Trigger = e.TriggerType,
        Type = e.Type,
        Source = e.Source,
        Subject = e.Subject,
        AcceptedAt = e.AcceptedAt,
        ContentType = e.ContentType,
        BodyBytes = e.Body.Length,
        OpenRuns = e.OpenRuns,
        FailedRuns = e.FailedRuns,
        CopyOf = e.CopyOf == null ? null : PublicId.Format(PublicId.Event, e.CopyOf.Value),
    };

    private static readonly Func<EventRow, EventSummary> Compiled = FromRow.Compile();

    public required string Id { get; init; }

    public required EventState State { get; init; }

    [Description("Trigger type: webhook, mqtt, schedule, manual …")]
    public required string Trigger { get; init; }

    [Description("CloudEvents type.")]
    public required string Type { get; init; }

    [Description("CloudEvents source.")]
    public required string Source { get; init; }

    [Description("CloudEvents subject; for MQTT the topic name.")]
    public required string? Subject { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    [Description("Of the body, as the sender named it.")]
    public required string? ContentType { get; init; }

    public required int BodyBytes { get; init; }

    public required int OpenRuns { get; init; }

    public required int FailedRuns { get; init; }

    [Description("The event that a timer held or a trigger missed and that this is a copy of, accepted at the time the timer was due; or the one that it repeats. Null for an event of its own.")]
    public required string? CopyOf { get; init; }

    public static EventSummary Of(EventRow row) => Compiled(row);
}

/// <summary>An event with all that came in.</summary>
[method: SetsRequiredMembers]
internal sealed record EventDetails(
    EventSummary Summary,
    [property: Description("CloudEvents attributes and what the trigger adds (headers, query, params, topic …); what authenticates the caller is masked.")] Json Attributes,
    [property: Description("The parsed body: a JSON value, a form as an object, text, or { base64 }.")] Json Data,
    [property: Description("The runs that it started.")] IReadOnlyList<RunSummary> Runs) : EventSummary(Summary)
{
    [System.Text.Json.Serialization.JsonIgnore]
    public EventSummary Summary { get; } = Summary;
}
