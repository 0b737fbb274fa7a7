using Automation.Server.Callbacks;
using Automation.Server.Deliveries;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Steps;

/// <summary>One step run: what the step gets, and how it leaves effects. Nothing it queues is lost or sent before the transaction that saves its result.</summary>
internal abstract class StepContext
{
    public abstract StepDefinition Step { get; }

    public abstract Event Event { get; }

    /// <summary>Output of the step that led here; the event's data at the first step.</summary>
    public abstract Json Input { get; }

    public abstract long RunId { get; }

    /// <summary>Where a callback to this step comes.</summary>
    public virtual CallbackAddress Callback => throw new NotSupportedException();

    /// <summary>Rounds that this step has made by <see cref="StepResult.Again"/>.</summary>
    public abstract int Round { get; }

    /// <summary>The same text whenever this step of this run is tried again: <c>run_….step.iteration</c>. Receivers drop repeats by it.</summary>
    public abstract string IdempotencyKey { get; }

    public abstract DateTimeOffset Now { get; }

    /// <summary>Fires at the step's <c>timeout</c>, when the run is cancelled, and when the server stops.</summary>
    public abstract CancellationToken Cancelled { get; }

    /// <summary>True once <see cref="Cancelled"/> has fired because of the step's <c>timeout</c>: a failure that may say more than that it took too long.</summary>
    public abstract bool TimedOut { get; }

    /// <summary>Queues a delivery; saved in the same transaction as this step's result. Returns its id.</summary>
    public abstract long Queue(DeliveryRequest delivery);

    /// <summary>Answers the caller of a webhook with <c>"respond": "result"</c>, after this step's result is saved. False when nobody waits or an answer was given before.</summary>
    public abstract bool Respond(ResponseToCaller response);

    /// <summary>Sets run variables, seen as <c>vars</c> by later steps; saved with this step's result.</summary>
    public abstract void SetVariables(Json values);

    /// <summary>A line in the step's log. <paramref name="level"/>: debug, info, warn or error.</summary>
    public abstract void Log(string level, string text);

    /// <summary>Calls the script that the step added at load, with the run's scope.</summary>
    /// <exception cref="StepException">The script failed, took too long or was killed.</exception>
    public abstract ValueTask<Json> CallScriptAsync();

    /// <summary>As <see cref="CallScriptAsync()"/>, with another <c>input</c>.</summary>
    /// <exception cref="StepException">The script failed, took too long or was killed.</exception>
    public virtual ValueTask<Json> CallScriptAsync(Json input) => throw new NotSupportedException();

    /// <summary>As <see cref="CallScriptAsync()"/>, with another <c>event</c>.</summary>
    /// <exception cref="StepException">The script failed, took too long or was killed.</exception>
    public virtual ValueTask<Json> CallScriptOnAsync(Json accepted) => throw new NotSupportedException();

    /// <summary>Works out a template that the step added at load (<see cref="StepCheck.Template"/>), with another <c>input</c>; its expressions see nothing else.</summary>
    /// <exception cref="StepException">An expression failed, or what it gave does not fit.</exception>
    public virtual ValueTask<object> FillAsync(ConfigTemplate template, Json input) => throw new NotSupportedException();

    /// <summary>Checks a value by the schema that the step added at load. Returns what is wrong with it, see <see cref="SchemaErrors"/>.</summary>
    /// <exception cref="StepException">The check took too long or too much.</exception>
    public virtual ValueTask<Json> ValidateAsync(Json value) => throw new NotSupportedException();

    /// <summary>Has a run of another workflow stored with this step's result, or finds the one that an earlier try of this step run stored.</summary>
    /// <exception cref="StepException">The workflow cannot be called, or not with this input.</exception>
    public virtual ValueTask<CalledRun> CallWorkflowAsync(string workflowId, Json input, bool waits) => throw new NotSupportedException();

    /// <summary>Emits an event; saved in the same transaction as this step's result. Returns the emission's id.</summary>
    /// <exception cref="StepException">Events have led to events too often.</exception>
    public virtual long Emit(string type, Json data, string? key, string? emitId) => throw new NotSupportedException();

    /// <summary>What the step remembers of the run's key; null when nothing. Only for step types that are <see cref="StepTypeAttribute.PerKey"/>, as the members below.</summary>
    public virtual StepMemory? Memory => throw new NotSupportedException();

    /// <summary>True when the run begins here because the step's timer was due, at the event's <see cref="Event.AcceptedAt"/>. The config's expressions are null then.</summary>
    public virtual bool IsTimer => throw new NotSupportedException();

    /// <summary>Has the step remember something else, and sets its timer anew or stops it; saved with this step's result, also when it fails afterwards. Not called: all stays as it is.</summary>
    /// <returns>False when it is more than may be remembered: all stays as it is.</returns>
    public virtual bool TryRemember(Json? state, DateTimeOffset? forgetAt, TimerRequest? timer) => throw new NotSupportedException();

    /// <summary>The state of any key, as last stored; of this run's own key as it is now. Null when it keeps none.</summary>
    public virtual ValueTask<Json?> LookUpAsync(string workflowId, string key) => throw new NotSupportedException();

    /// <summary>The run's key; null when its workflow has none.</summary>
    public virtual string? Key => null;

    /// <summary>The run's workflow.</summary>
    public virtual string WorkflowId => throw new NotSupportedException();
}

/// <summary>What a step remembers of a key.</summary>
/// <param name="Type">The step type that remembers it.</param>
/// <param name="State">A JSON value of its own.</param>
/// <param name="ForgetAt">When it is forgotten by itself; null for never.</param>
internal sealed record StepMemory(string Type, Json State, DateTimeOffset? ForgetAt);

/// <summary>A run of the key is to begin at the step.</summary>
/// <param name="DueAt">When; a time that has passed is at once.</param>
internal sealed record TimerRequest(DateTimeOffset DueAt)
{
    /// <summary>An event that the step heard before, whose copy the run gets; null for the event of this run.</summary>
    public HeldEvent? Held { get; init; }
}

/// <summary>An event that a step keeps for later.</summary>
/// <param name="EventId">Which.</param>
/// <param name="Input">What the step got with it.</param>
internal sealed record HeldEvent(long EventId, Json Input);

/// <summary>What a <c>respond</c> step answers.</summary>
internal sealed record ResponseToCaller(int Status, IReadOnlyDictionary<string, string> Headers, string? ContentType, ReadOnlyMemory<byte> Body);
