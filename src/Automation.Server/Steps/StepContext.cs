using Automation.Server.Deliveries;
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
}

/// <summary>What a <c>respond</c> step answers.</summary>
internal sealed record ResponseToCaller(int Status, IReadOnlyDictionary<string, string> Headers, string? ContentType, ReadOnlyMemory<byte> Body);
