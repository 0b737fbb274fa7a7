using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Compilation;

/// <summary>The simple properties of a workflow file; <c>triggers</c> and <c>steps</c> stand beside them.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record WorkflowProperties
{
    [JsonPropertyName("$schema"), Literal, Description("Where editors find the JSON Schema of workflow files.")]
    public string? Schema { get; init; }

    [Literal, Description("What people call the workflow; its id when left out."), StringLength(200, MinimumLength = 1)]
    public string? Name { get; init; }

    [Literal, Description("What the workflow is for.")]
    public string? Description { get; init; }

    [Literal, Description("Whose turn a run is, as \"${event.params.device}\": runs with the same key go one at a time, in the order in which their events came, and share a durable state.")]
    public Json? Key { get; init; }

    [Literal, Description("What a failed run does to its key. park: later runs of the key wait until somebody retries or skips the failed one. continue: they go on."), DefaultValue(KeyFailurePolicy.Park)]
    public KeyFailurePolicy OnKeyFailure { get; init; } = KeyFailurePolicy.Park;

    [Literal, Description("How long a key's state, and what steps remember of the key, is kept after its last change; for ever when left out."), Range(typeof(TimeSpan), "00:00:01", "3660.00:00:00")]
    public Duration? StateTtl { get; init; }

    [Literal, Description("Longest time of a run, waiting included; then it fails with run_timeout. The server's limit when left out."), Range(typeof(TimeSpan), "00:00:00.001", "3660.00:00:00")]
    public Duration? Timeout { get; init; }

    [Literal, Description("How long ended runs are kept; as the server's settings say when left out.")]
    public RetentionProperties? Retention { get; init; }

    [Literal, Description("JSON Schema (draft 2020-12) of what those who call the workflow give it: the data of the event.")]
    public Json? Input { get; init; }

    [Literal, Description("JSON Schema (draft 2020-12) of what those who call the workflow get.")]
    public Json? Output { get; init; }

    [Literal, Description("Id of the step a run begins with. Needed when more than one step has nothing that leads to it.")]
    public string? Start { get; init; }

    [Literal, Description("Id of the step that gets errors which no step's own error outcome takes; or { \"step\", \"workflow\" }, where workflow is the id of one that is started when a run fails.")]
    public ErrorHandler? OnError { get; init; }
}

/// <summary>A workflow's <c>retention</c>.</summary>
internal sealed record RetentionProperties
{
    [Literal, Description("Ended runs are deleted when they are so old, as \"7d\"; the setting Retention:MaxAge when left out."), Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public Duration? MaxAge { get; init; }

    [Literal, Description("Of more runs than so many the oldest ended ones are deleted."), Range(1, int.MaxValue)]
    public int? MaxRuns { get; init; }

    [Literal, Description("Failed runs are kept so long, whatever the others say."), Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public Duration? FailedMaxAge { get; init; }
}

/// <summary>What a failed run does to the runs of its key.</summary>
internal enum KeyFailurePolicy
{
    Park,
    Continue,
}

/// <summary>The workflow's key, the one property of it that holds expressions.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record KeyConfig(Json Key);

/// <summary>What every step may have beside its config; <c>type</c> and <c>next</c> stand beside them.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
internal sealed record StepProperties
{
    /// <summary>A day: of a try, and of a pause between two. The process that runs the workflow holds the run for so long; its timers take 49 days.</summary>
    public const string LongestHold = "1.00:00:00";

    [Literal, Description("What people call the step; its id when left out."), StringLength(200, MinimumLength = 1)]
    public string? Name { get; init; }

    [Literal, Description("Notes for people.")]
    public string? Notes { get; init; }

    [Literal, Description("How often to try again after an error; once only when left out.")]
    public RetryProperties? Retry { get; init; }

    [Literal, Description("Longest time of one try, as \"30s\"; 1d at most."), Range(typeof(TimeSpan), "00:00:00.001", LongestHold)]
    public Duration? Timeout { get; init; }

    [Literal, Description("Pass the step over: its input goes on as its output."), DefaultValue(false)]
    public bool Disabled { get; init; }
}

/// <summary>A step's <c>retry</c>.</summary>
internal sealed record RetryProperties
{
    [Literal, Description("Tries in all, the first included."), Range(1, 100), DefaultValue(3)]
    public int Attempts { get; init; } = 3;

    [Literal, Description("Whether the pause doubles each time or stays the same."), DefaultValue(Backoff.Exponential)]
    public Backoff Backoff { get; init; } = Backoff.Exponential;

    [Literal, Description("Pause before the second try, 1d at most."), Range(typeof(TimeSpan), "00:00:00", StepProperties.LongestHold), DefaultValue("1s")]
    public Duration Initial { get; init; } = new(TimeSpan.FromSeconds(1));

    [Literal, Description("Longest pause, 1d at most."), Range(typeof(TimeSpan), "00:00:00", StepProperties.LongestHold), DefaultValue("5m")]
    public Duration Max { get; init; } = new(TimeSpan.FromMinutes(5));

    [Literal, Description("Share of the pause that is random, both ways."), Range(0.0, 1.0), DefaultValue(0.2)]
    public double Jitter { get; init; } = 0.2;

    public RetryPolicy ToPolicy() => new(Attempts, Backoff is Backoff.Exponential, Initial, Max, Jitter);
}

/// <summary>How the pauses between tries grow.</summary>
internal enum Backoff
{
    Exponential,
    Constant,
}
