using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Runs;
using Automation.Server.Steps;
using Automation.Server.Storage.Management;
using Automation.Server.Values;

namespace Automation.Server.Api;

/// <summary>A run's state; <c>running</c> is also a pending one that a server holds.</summary>
internal enum RunState
{
    Pending,
    Running,
    Waiting,
    Succeeded,
    Failed,
    Cancelled,
}

/// <summary>A run in a list.</summary>
internal record RunSummary
{
    public static readonly Expression<Func<RunRow, RunSummary>> FromRow = r => new RunSummary
    {
        Id = PublicId.Format(PublicId.Run, r.Id),
        Workflow = r.WorkflowId,
        Version = r.Version,
        Trigger = r.TriggerId,
        EventId = PublicId.Format(PublicId.Event, r.EventId),
        State = StateOf(r.State, r.Owner),
        CreatedAt = r.CreatedAt,
        StartedAt = r.StartedAt,
        EndedAt = r.EndedAt,
        FailedStep = r.FailedStep,
        Error = ErrorOf(r.Error),
        Key = r.Key,
        Blocked = r.Blocked,
        RetryOf = r.RetryOf == null ? null : PublicId.Format(PublicId.Run, r.RetryOf.Value),
        RetriedAs = r.RetriedAs == null ? null : PublicId.Format(PublicId.Run, r.RetriedAs.Value),
    };

    private static readonly Func<RunRow, RunSummary> Compiled = FromRow.Compile();

    public required string Id { get; init; }

    public required string Workflow { get; init; }

    [Description("Hash of the version that the run is pinned to.")]
    public required string Version { get; init; }

    [Description("Id of the trigger in the workflow.")]
    public required string Trigger { get; init; }

    public required string EventId { get; init; }

    public required RunState State { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset? StartedAt { get; init; }

    public required DateTimeOffset? EndedAt { get; init; }

    [Description("The step that failed the run.")]
    public required string? FailedStep { get; init; }

    [Description("Why the run failed.")]
    public required StepError? Error { get; init; }

    [Description("Runs of one workflow with the same key go one at a time; null for runs that go side by side.")]
    public required string? Key { get; init; }

    [Description("True while an earlier run of the key has the turn, or one that failed parks the key.")]
    public required bool Blocked { get; init; }

    [Description("The failed run whose place this one took.")]
    public required string? RetryOf { get; init; }

    [Description("The run that took the place of this failed one.")]
    public required string? RetriedAs { get; init; }

    public static RunSummary Of(RunRow row) => Compiled(row);

    private static RunState StateOf(string state, long? owner) =>
        state == "pending" && owner is not null ? RunState.Running : Enum.Parse<RunState>(state, true);

    private static StepError? ErrorOf(string? json) => json is null ? null : JsonSerializer.Deserialize<StepError>(json, JsonFormat.Wire);
}

/// <summary>A run with what its steps did.</summary>
[method: SetsRequiredMembers]
internal sealed record RunDetails(
    RunSummary Summary,
    [property: Description("What started the run; null when it is no longer kept.")] EventSummary? Event,
    [property: Description("Every step run so far, in the order in which they ended.")] IReadOnlyList<StepRunView> Steps,
    [property: Description("The deliveries that the run queued.")] IReadOnlyList<DeliverySummary> Deliveries,
    [property: Description("What the run waits for; empty once it has ended.")] IReadOnlyList<WaitView> Waits,
    [property: Description("How the run came from the version it began with to the one it is pinned to; empty when it was never moved.")] IReadOnlyList<RunMove> Moves,
    [property: Description("What people and their programs did to the run, oldest first: cancelRun, retryRun and the like.")] IReadOnlyList<RunActionView> Actions) : RunSummary(Summary)
{
    [JsonIgnore]
    public RunSummary Summary { get; } = Summary;
}

/// <summary>Something that was done to a run, as the audit log has it.</summary>
internal sealed record RunActionView(DateTimeOffset At, [property: Description("As user:anna.")] string Actor, string Action, [property: Description("What the answer was, as an HTTP status.")] int Status);

/// <summary>A step, or a pause before its next try, that a run waits for.</summary>
internal sealed record WaitView(
    string Step,
    [property: Description("Where in a loop the step waits for an answer; empty outside of loops.")] string Iteration,
    DateTimeOffset Since,
    [property: Description("When it is over by itself; null for never.")] DateTimeOffset? Until,
    [property: Description("Outcomes that an answer can choose from, none where it only confirms; null when it does not wait for an answer.")] IReadOnlyList<string>? Answers);

/// <summary>One execution of a step.</summary>
internal sealed record StepRunView(
    [property: Description("Counts from 1 in the run.")] int N,
    string Step,
    [property: Description("Step type, as webhook.send.")] string Type,
    [property: Description("Number of the step run whose output was the input; null when the input was the event's data.")] int? From,
    [property: Description("Where in a loop the step ran; empty outside of loops.")] string Iteration,
    Json Input,
    Json Output,
    [property: Description("What the step logged.")] IReadOnlyList<StepLogLine> Log,
    DateTimeOffset StartedAt,
    double DurationMs,
    [property: Description("Tries it took.")] int Attempts,
    [property: Description("done unless the step type says otherwise; error for a failure.")] string Outcome,
    StepError? Error);

/// <summary>A line in a step's log.</summary>
internal sealed record StepLogLine([property: Description("debug, info, warn or error.")] string Level, string Text);
