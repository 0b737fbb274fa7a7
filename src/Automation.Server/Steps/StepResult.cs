using Automation.Server.Values;

namespace Automation.Server.Steps;

/// <summary>How a step ended: the outcome that chooses what comes next, and the output that goes there.</summary>
internal readonly record struct StepResult(string Outcome, Json Output)
{
    public const string DoneOutcome = "done", ErrorOutcome = "error";

    public static StepResult Done(Json output) => new(DoneOutcome, output);

    public static StepResult Done<T>(T output) => new(DoneOutcome, Json.From(output));

    public static StepResult To(string outcome, Json output) => new(outcome, output);

    /// <summary>Rounds to be made of the steps that the outcome leads to; null for an ordinary end.</summary>
    public LoopPlan? Loop { get; private init; }

    /// <summary>What to wait for, for as long as it takes; null for an ordinary end.</summary>
    public StepWait? Wait { get; private init; }

    /// <summary>True when the whole run is to end here, in success.</summary>
    public bool EndsRun { get; private init; }

    /// <summary>
    /// Runs what <paramref name="body"/> leads to once for each item. When all have ended, the step ends by <c>done</c> with what each round put out, in the order of the items.
    /// </summary>
    /// <param name="body">The outcome, <see cref="StepTypeAttribute.Body"/> of the step type.</param>
    /// <param name="items">A JSON array, the output of that outcome.</param>
    /// <param name="plan">Its <see cref="LoopPlan.Items"/> are those of the array.</param>
    public static StepResult Each(string body, Json items, LoopPlan plan) => new(body, items) { Loop = plan };

    /// <summary>Runs what <paramref name="body"/> leads to once, then this step again with what that put out as its input.</summary>
    public static StepResult Again(string body, Json input) => new(body, input) { Loop = new LoopPlan(null, 1, ItemErrorPolicy.Fail) };

    /// <summary>Parks the run's token, durably; then <see cref="Step.ResumeAsync"/> goes on. The run takes no memory meanwhile, when nothing else of it is under way.</summary>
    public static StepResult WaitFor(StepWait wait) => new(DoneOutcome, Json.Null) { Wait = wait };

    /// <summary>Ends the whole run in success; other branches end the step they are at.</summary>
    public static StepResult EndRun(Json output) => new(DoneOutcome, output) { EndsRun = true };
}

/// <summary>What a loop step wants.</summary>
/// <param name="Items">What to go through; null for a step that decides after each round whether there is another.</param>
/// <param name="Concurrency">Most rounds at a time.</param>
/// <param name="OnItemError">What an error in a round does that no step of the round took.</param>
internal sealed record LoopPlan(IReadOnlyList<Json>? Items, int Concurrency, ItemErrorPolicy OnItemError);

/// <summary>What becomes of a loop when a round of it fails.</summary>
internal enum ItemErrorPolicy
{
    /// <summary>The loop fails with that error; rounds under way end the step they are at.</summary>
    Fail,

    /// <summary>The round's result is <c>{ error, item }</c>, and the loop goes on.</summary>
    Collect,

    /// <summary>No further round begins; those under way end, and the loop is done with the results that there are.</summary>
    Stop,
}

/// <summary>What a step waits for.</summary>
/// <param name="Memo">What the step wants to know again when it is over; a JSON value of its own.</param>
internal sealed record StepWait(Json Memo)
{
    /// <summary>When the waiting ends by itself; null for never.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>A text by which whatever else ends it finds it, as a key of an event that is expected; null when only time ends it.</summary>
    public string? Match { get; init; }

    /// <summary>True when what ended the step's wait was not what it is for: the same wait goes on, with its time, and meets the events that came meanwhile.</summary>
    public bool GoesOn { get; init; }
}

/// <summary>An expected failure of a step. Its message is shown to users: it names the thing at fault and holds no secret.</summary>
/// <param name="error">What went wrong, in the form an <c>error</c> outcome hands on.</param>
internal sealed class StepException(StepError error) : Exception(error.Message)
{
    public StepException(string code, string message)
        : this(new StepError(code, message))
    {
    }

    public StepError Error { get; } = error;
}

/// <summary>Why a step failed. JSON: <c>{ code, message, script?, line?, column?, pointer?, details? }</c>.</summary>
/// <param name="Code">A stable lower-case word, as <c>script_failed</c>, <c>timed_out</c>, <c>receiver_refused</c>.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Script">The author's file, where a script failed.</param>
/// <param name="Line">1-based line in <paramref name="Script"/>, or in the inline code.</param>
/// <param name="Column">1-based column.</param>
/// <param name="Pointer">JSON pointer of the expression in the workflow file.</param>
/// <param name="Details">More for the <c>error</c> branch, as <c>{ "status": 503 }</c>.</param>
/// <param name="Retryable">False when trying again cannot help.</param>
internal sealed record StepError(
    string Code,
    string Message,
    string? Script = null,
    int? Line = null,
    int? Column = null,
    string? Pointer = null,
    Json? Details = null,
    [property: System.Text.Json.Serialization.JsonIgnore] bool Retryable = true)
{
    /// <summary>How long the other side asked to be left alone; the pause before another try is no shorter.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Code of a run whose key could not be worked out.</summary>
    public const string KeyFailed = "key_failed";
}
