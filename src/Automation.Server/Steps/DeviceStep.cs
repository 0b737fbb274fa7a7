using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps;

/// <summary>A step type that remembers what it saw of each key, and may hold an event until a timer of the key is due.</summary>
/// <remarks>
/// What it decides follows from its memory, the event and the time at which the event was accepted, and from nothing else: the events of a key, replayed in their order, give the same decisions. What it
/// remembers and its timer are stored with the run's progress (P3). Properties that may hold expressions are null when a timer is due; the others are <see cref="LiteralAttribute"/>.
/// </remarks>
internal abstract class DeviceStep<TConfig, TMemory> : Step<TConfig>
    where TConfig : notnull
    where TMemory : class
{
    /// <summary>Outcomes for an event that goes on later, or never.</summary>
    public const string Held = "held", Dropped = "dropped";

    /// <summary>An event came.</summary>
    /// <param name="config">Of the step.</param>
    /// <param name="memory">What it remembers of the key; null when nothing.</param>
    /// <param name="at">When the event was accepted.</param>
    /// <param name="context">Of this step run.</param>
    protected abstract Decision OnEvent(TConfig config, TMemory? memory, DateTimeOffset at, StepContext context);

    /// <summary>The timer is due; <paramref name="context"/> has what was held.</summary>
    protected virtual Decision OnTimer(TConfig config, TMemory memory, DateTimeOffset at, StepContext context) => throw new InvalidOperationException($"{GetType().Name} sets no timer.");

    /// <summary>Last touch on what goes on. When it fails, what was decided is remembered all the same: what cannot be finished would have each later event of the key fail.</summary>
    protected virtual ValueTask<StepResult> FinishAsync(TConfig config, StepResult result, StepContext context) => ValueTask.FromResult(result);

    protected sealed override async ValueTask<StepResult> RunAsync(TConfig config, StepContext context)
    {
        var memory = context.Memory?.State.To<TMemory>();
        if (context.IsTimer && memory is null) return StepResult.To(Dropped, context.Input); // an operator had the step forget the key in between
        var at = context.Event.AcceptedAt;
        var decision = context.IsTimer ? OnTimer(config, memory!, at, context) : OnEvent(config, memory, at, context);
        if (!TryRemember(decision, context))
        {
            if (decision.WhenTooLarge is not { } smaller || !TryRemember(smaller, context))
            {
                throw new StepException(new StepError("step_state_too_large", $"The step would keep more of the key \"{context.Key}\" than it may (Runs:MaxStepStateBytes). Hold fewer or smaller events, or pass on less to the step.", Retryable: false));
            }

            decision = smaller;
        }

        return await FinishAsync(config, decision.Result, context);
    }

    private static bool TryRemember(Decision decision, StepContext context) =>
        decision.Keeps || context.TryRemember(decision.Memory is { } changed ? Json.From(changed) : null, decision.ForgetAt, decision.Timer);

    /// <summary>The step ends so, and remembers from now on.</summary>
    protected static Decision To(StepResult result, TMemory? memory) => new(result, memory);

    /// <summary>The step ends so; what it remembers and its timer stay as they are.</summary>
    protected static Decision Keep(StepResult result) => new(result, null) { Keeps = true };

    protected static StepResult Pass(StepContext context) => StepResult.Done(context.Input);

    protected static StepResult Hold(StepContext context) => StepResult.To(Held, context.Input);

    protected static StepResult Drop(StepContext context) => StepResult.To(Dropped, context.Input);

    protected static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    /// <exception cref="StepException">It is no number, or beyond 1.8e308.</exception>
    protected static double Number(Json value, string property, StepContext context)
    {
        using var document = value.ToDocument();
        if (document.RootElement.ValueKind is JsonValueKind.Number && document.RootElement.GetDouble() is var number)
        {
            return double.IsFinite(number) ? number : throw Invalid(property, $"The number {document.RootElement.GetRawText()} is too large.", context);
        }

        throw Invalid(property, "Expected a number, not " + Workflows.Configs.ConfigWords.Shown(document.RootElement) + ".", context);
    }

    /// <summary>True for a time of an event's own that cannot be right: taken for true, it would make all that follow late.</summary>
    protected static bool IsAhead(DateTimeOffset time, DateTimeOffset acceptedAt) => time - acceptedAt > TimeSpan.FromHours(1);

    protected static StepException Invalid(string property, string message, StepContext context) =>
        new(new StepError("config_invalid", $"{property}: {message}", Pointer: $"/steps/{context.Step.Id}/{property}", Retryable: false));

    /// <summary>What becomes of an event, and what is remembered.</summary>
    protected sealed record Decision(StepResult Result, TMemory? Memory)
    {
        public bool Keeps { get; init; }

        public DateTimeOffset? ForgetAt { get; init; }

        public TimerRequest? Timer { get; init; }

        /// <summary>What to decide instead when this is more than may be remembered; null to fail.</summary>
        public Decision? WhenTooLarge { get; init; }
    }
}
