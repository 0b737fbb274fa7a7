using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>Finds the run that a step of another one called, in an earlier try of the same step run.</summary>
/// <param name="Key">The step's idempotency key.</param>
internal sealed record CallRead(string Key) : Change
{
    /// <summary>The run, or the one that took its place; null when there is none. Set when the change was applied, as below.</summary>
    public long? RunId { get; set; }

    /// <summary>A <see cref="CallEnd"/>; null while the run is open.</summary>
    public Json? End { get; set; }
}

/// <summary>How a called run ended.</summary>
/// <param name="Run">Its public id.</param>
/// <param name="State"><c>succeeded</c>, <c>failed</c> or <c>cancelled</c>; <c>deleted</c> when its rows are gone.</param>
/// <param name="Output">What it gave, when it succeeded.</param>
/// <param name="Step">The step that failed it.</param>
/// <param name="Error">A <see cref="Steps.StepError"/>.</param>
internal sealed record CallEnd(string Run, string State, Json? Output, string? Step, Json? Error);
