using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Filters;

/// <summary>What a trigger may drop before anything of it is stored. An event has to get past all that are given, in this order; only one that does changes what they remember of its key.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record TriggerFilters
{
    public static readonly string[] Names = ["idempotencyKey", "idempotencyWindow", "when", "dedupe", "changed", "throttle"];

    /// <summary>Those that look at earlier events.</summary>
    public static readonly string[] Remembering = ["dedupe", "changed", "throttle"];

    [Description("What tells a repetition, as \"${event.headers['x-request-id']}\": an event with the same value as an earlier one of this trigger starts nothing, and is answered as that was. null for an event that repeats none.")]
    public Json? IdempotencyKey { get; init; }

    [Description("How long repetitions are known; Runs:IdempotencyWindow when left out."), Range(typeof(TimeSpan), "00:00:01", "366.00:00:00"), Literal]
    public Duration? IdempotencyWindow { get; init; }

    [Description("An expression that gives true for the events to take; the others are not stored.")]
    public bool? When { get; init; }

    [Description("Drops events that repeat an earlier one.")]
    public DedupeFilter? Dedupe { get; init; }

    [Description("Drops events whose value has not changed since the last that was taken.")]
    public ChangedFilter? Changed { get; init; }

    [Description("Takes the first event of each interval.")]
    public ThrottleFilter? Throttle { get; init; }

    /// <summary>The same filters, but <c>changed</c> without <c>forget</c> forgets after the workflow's <c>stateTtl</c>, where there is one.</summary>
    public TriggerFilters ForgetAfter(TimeSpan? stateTtl) =>
        stateTtl is { } time && Changed is { Forget: null } changed ? this with { Changed = changed with { Forget = new Duration(time) } } : this;

    public sealed record DedupeFilter(
        [property: Description("What makes two events the same, an expression.")] Json By,
        [property: Description("How long a value is remembered."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration Within,
        [property: Description("Most values remembered of a key."), Range(1, 10_000), Literal] int Max = 1000);

    public sealed record ChangedFilter(
        [property: Description("What is compared, an expression.")] Json Value,
        [property: Description("A number counts as changed when it differs by more than this."), Range(0, 1_000_000_000_000)] double? Deadband = null,
        [property: Description("A number counts as changed when it differs by more than so many percent of the last one."), Range(0, 1_000_000)] double? DeadbandPercent = null,
        [property: Description("Take an unchanged value too when the last one is older than this."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00"), Literal] Duration? Forget = null);

    public sealed record ThrottleFilter(
        [property: Description("Length of the interval."), Range(typeof(TimeSpan), "00:00:00.001", "366.00:00:00"), Literal] Duration Per);
}
