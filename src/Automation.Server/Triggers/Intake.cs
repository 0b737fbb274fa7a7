using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers;

/// <summary>A workflow that an event starts, and by which trigger.</summary>
internal readonly record struct TriggerTarget(WorkflowVersion Version, TriggerDefinition Trigger);

/// <summary>What became of an event offered to <see cref="Intake"/>.</summary>
internal enum IntakeOutcome
{
    /// <summary>Committed to disk (P1); its runs will end (P2).</summary>
    Accepted,

    /// <summary>Refused, nothing stored: more accepted events are waiting than the limit allows (P9). Try again after a second.</summary>
    Busy,

    /// <summary>Refused: the journal cannot write at the moment, or the server is stopping.</summary>
    Unavailable,
}

/// <summary>How a run that a caller waits for ended, or what its <c>respond</c> step said.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Response">From a <c>respond</c> step; null when the run ended without one.</param>
/// <param name="Output">Output of the run's last step, when it succeeded.</param>
/// <param name="FailedStep">The step that failed the run.</param>
/// <param name="Error">Why the run failed; null when it did not.</param>
internal sealed record RunAnswer(long RunId, ResponseToCaller? Response, Json Output, string? FailedStep, StepError? Error);

/// <summary>The one door for events: stores an event and the runs it starts in one transaction, then hands the runs to the engine.</summary>
internal sealed class Intake
{
    /// <summary>
    /// Completes with <see cref="IntakeOutcome.Accepted"/> only after the commit and its fsync. <paramref name="answer"/> is completed by the first of the event's
    /// runs that responds or ends; it is not stored, so it never completes after a restart.
    /// </summary>
    public ValueTask<IntakeOutcome> AcceptAsync(Event accepted, IReadOnlyList<TriggerTarget> targets, TaskCompletionSource<RunAnswer>? answer, CancellationToken cancellation) =>
        throw new NotImplementedException();
}
