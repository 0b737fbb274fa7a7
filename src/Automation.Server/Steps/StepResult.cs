using Automation.Server.Values;

namespace Automation.Server.Steps;

/// <summary>How a step ended: the outcome that chooses what comes next, and the output that goes there.</summary>
internal readonly record struct StepResult(string Outcome, Json Output)
{
    public const string DoneOutcome = "done", ErrorOutcome = "error";

    public static StepResult Done(Json output) => new(DoneOutcome, output);

    public static StepResult Done<T>(T output) => new(DoneOutcome, Json.From(output));

    public static StepResult To(string outcome, Json output) => new(outcome, output);
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
    [property: System.Text.Json.Serialization.JsonIgnore] bool Retryable = true);
