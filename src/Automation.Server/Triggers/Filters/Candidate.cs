using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Steps.Types.Devices;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Filters;

/// <summary>An event and a target of it, at the target's filters.</summary>
internal sealed class Candidate(Event accepted, TriggerTarget target)
{
    private TriggerFilters? filters;
    private FirstEventId? mark;

    public Event Event => accepted;

    public TriggerTarget Target => target;

    /// <summary>Why the filters, or the key, could not be worked out: the run fails with it.</summary>
    public StepError? Problem { get; private set; }

    /// <summary>Of its run; an empty text in workflows without one, null while it is not known.</summary>
    public string? Key { get; private set; }

    public FilterDecision? Decision { get; private set; }

    /// <summary>True when the sandbox has to be asked.</summary>
    public bool IsOpen => target.Filter is not null && Problem is null && (filters is null || Key is null);

    public bool Remembers => target.Filter is { Remembers: true } && Problem is null && Key is not null;

    public FilterId Id => new(target.Version.WorkflowId, target.Trigger.Id, Key ?? "");

    public string? DroppedBy => Decision?.DroppedBy;

    public bool IsDropped => DroppedBy is not null;

    /// <summary>What tells its repetitions; null when nothing does.</summary>
    public FirstEventId? Mark => Problem is not null || Told is not { } told ? null : mark ??= new(target.Version.WorkflowId, target.Trigger.Id, DedupeStep.MarkOf(told));

    /// <summary>True when the author says what tells repetitions.</summary>
    public bool HasOwnKey => filters?.IdempotencyKey is { IsNull: false };

    /// <summary>What the author says tells repetitions; else what the sender says.</summary>
    private Json? Told => filters?.IdempotencyKey is { IsNull: false } value ? value : target.Message is { } message ? Json.From(new { message = message.Id }) : null;

    /// <summary>The event that it repeats; null when there is none.</summary>
    public long? Repeats { get; private set; }

    /// <summary>That event, if it was stored before.</summary>
    public FirstEventRead? First { get; private set; }

    /// <summary>Works out what can be without the sandbox.</summary>
    public void Read()
    {
        if (target.Filter is not { } filter) return;
        try
        {
            filters = filter.Of(accepted);
            Key = target.Version.Key is { } rule ? rule.Of(accepted) : "";
        }
        catch (StepException failed)
        {
            Problem = failed.Error;
        }
    }

    /// <exception cref="SandboxUnavailableException">It cannot be worked out now.</exception>
    public async ValueTask ReadAsync(SandboxPool sandbox)
    {
        if (!IsOpen) return;
        try
        {
            filters ??= await target.Filter!.OfAsync(accepted, target.Version.Program, sandbox);
            Key ??= await target.Version.Key!.OfAsync(accepted, target.Version.Program, sandbox);
        }
        catch (StepException failed)
        {
            Problem = failed.Error;
        }
    }

    /// <summary>It repeats an event that is stored; or, with null, another one that is offered at the same time.</summary>
    public void Repeat(long eventId, FirstEventRead? first) => (Repeats, First, Decision) = (eventId, first, new FilterDecision("repeat", null, Task.FromResult(true)));

    /// <summary>What tells repetitions, and until when; null when nothing does.</summary>
    /// <param name="window">For how long, where the trigger does not say.</param>
    public (string Mark, DateTimeOffset Until)? Claim(TimeSpan window) => Mark is { } mark ? (mark.Mark, accepted.AcceptedAt + Window(window)) : null;

    private TimeSpan Window(TimeSpan window) => filters?.IdempotencyKey is { IsNull: false } ? filters.IdempotencyWindow?.Value ?? window : target.Message!.Value.Window;

    /// <summary>False when what the filters remember is not at hand any more.</summary>
    public bool Decide(FilterGate gate, Task<bool> stored)
    {
        if (target.Filter is null || Problem is not null || IsDropped) return true;
        if (filters!.When is false || !Remembers) Decision = new FilterDecision(filters.When is false ? "when" : null, null, Task.FromResult(true));
        else Decision = gate.Decide(Id, filters.ForgetAfter(target.Version.Key?.StateTtl), accepted, stored);
        return Decision is not null;
    }
}
