using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Waits for a while or until a time. The run takes no memory meanwhile, and a restart does not lose or shorten the wait.</summary>
/// <remarks>
/// Input: any. Output: the input. A time that has passed, also while the server was down, is over at once. Waits of more than ten years are refused:
/// they are mistakes.
/// </remarks>
[StepType("delay", Title = "Delay", Category = "Logic", Icon = "timer")]
[Description("Waits for a while, or until a time.")]
internal sealed class DelayStep : Step<DelayStep.Config>
{
    private const string TooFar = "It is more than ten years away.";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    public sealed record Config(
        [property: Description("How long.")] Duration? For = null,
        [property: Description("Until when: a time with its offset from UTC, as 2026-03-29T08:00:00+02:00.")] string? Until = null);

    public override void Check(StepCheck check)
    {
        if (check.Config.TryGetProperty("for", out _) == check.Config.TryGetProperty("until", out var until)) check.Problem("", "A delay has either \"for\" or \"until\".");
        else if (until.ValueKind is JsonValueKind.String && until.GetString() is { } text && !text.Contains("${", StringComparison.Ordinal) && Time(text) is null) check.Problem("/until", Mistake(text));
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        if (config.For?.Value > Longest) throw Invalid("for", TooFar, context);
        var until = config.Until is { } text ? Time(text) ?? throw Invalid("until", Mistake(text), context) : context.Now + (config.For ?? default).Value;
        if (until - context.Now > Longest) throw Invalid("until", TooFar, context);
        return ValueTask.FromResult(until <= context.Now ? StepResult.Done(context.Input) : StepResult.WaitFor(new StepWait(Json.Null) { Until = until }));
    }

    public override ValueTask<StepResult> ResumeAsync(Json memo, Json? data, StepContext context) => ValueTask.FromResult(StepResult.Done(context.Input));

    private static DateTimeOffset? Time(string text) =>
        text.Length > 10 && text[10] is 'T' && (text[^1] is 'Z' || text[^6] is '+' or '-') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;

    private static string Mistake(string text) => $"\"{text}\" is not a time with its offset from UTC, such as \"2026-03-29T08:00:00Z\".";

    private static StepException Invalid(string property, string message, StepContext context) =>
        new(new StepError("config_invalid", $"{property}: {message}", Pointer: $"/steps/{context.Step.Id}/{property}", Retryable: false));
}
