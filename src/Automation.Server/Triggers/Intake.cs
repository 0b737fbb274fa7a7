using System.Runtime.InteropServices;
using Automation.Server.Measures;
using Automation.Server.Runs;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Triggers;

/// <summary>A workflow that an event starts, and by which trigger.</summary>
/// <param name="Version">The version that takes the event.</param>
/// <param name="Trigger">The trigger of it that matched.</param>
/// <param name="Waits">True when the caller is answered with what this run says or ends with.</param>
internal readonly record struct TriggerTarget(WorkflowVersion Version, TriggerDefinition Trigger, bool Waits = false)
{
    /// <summary>True when the trigger's filters are passed by.</summary>
    public bool Unfiltered { get; init; }

    /// <summary>The sender's own id of the message, by which its repetitions are told where the trigger has no <c>idempotencyKey</c>, and for how long; null for none.</summary>
    public (string Id, TimeSpan Window)? Message { get; init; }

    public TriggerFilter? Filter => Unfiltered ? null : Trigger.Filter;
}

/// <summary>An event and what it starts.</summary>
internal readonly record struct Offer(Event Event, IReadOnlyList<TriggerTarget> Targets)
{
    /// <summary>Set for an event that starts nothing and is stored only if a run waits for it: see <see cref="WaitMatch"/>.</summary>
    public string? OnlyForWaits { get; init; }
}

/// <summary>What became of an event offered to <see cref="Intake"/>.</summary>
internal enum IntakeOutcome
{
    /// <summary>Committed to disk (P1); its runs will end (P2).</summary>
    Accepted,

    /// <summary>Refused, nothing stored: more accepted events are waiting than the limit allows (P9). Try again after a second.</summary>
    Busy,

    /// <summary>Refused: the journal cannot write at the moment, or the server is stopping.</summary>
    Unavailable,

    /// <summary>Refused, nothing stored: the database does not take this event and never will. Its log line says why.</summary>
    Refused,
}

/// <summary>How a run that a caller waits for ended, or what its <c>respond</c> step said.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Response">From a <c>respond</c> step; null when the run ended without one.</param>
/// <param name="Output">Output of the run's last step, when it succeeded.</param>
/// <param name="FailedStep">The step that failed the run.</param>
/// <param name="Error">Why the run failed, or that it was cancelled; null when it succeeded.</param>
internal sealed record RunAnswer(long RunId, ResponseToCaller? Response, Json Output, string? FailedStep, StepError? Error)
{
    /// <summary>What callers are told of a run that an operator cancelled.</summary>
    public static readonly StepError Cancelled = new("cancelled", "The run was cancelled by an operator.");
}

/// <summary>Stores events and starts their runs: <see cref="Intake.AcceptAsync"/> for those who take in what comes from outside.</summary>
internal delegate ValueTask<IntakeResult> AcceptEvents(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer);

/// <summary>The one door for events: stores an event and the runs it starts in one transaction, then hands the runs to the engine.</summary>
internal sealed partial class Intake(Journal journal, RunEngine engine, SandboxPool sandbox, IdSource ids, FilterGate gate, FilterTallies tallies, Repetitions repetitions, IOptions<RunOptions> options)
{
    private readonly AcceptOrder order = new();

    /// <summary>
    /// Takes the events of one request or message: all of them are stored, or none. Completes with <see cref="IntakeOutcome.Accepted"/> only after the
    /// commit and its fsync.
    /// </summary>
    /// <param name="offers">One or more.</param>
    /// <param name="answer">Completed by the first of the runs that <see cref="TriggerTarget.Waits"/> that responds or ends; it is not stored, so it never completes after a restart.</param>
    /// <param name="fromRun">True for a message that a run sent. It is taken also while the server stops, because the run can only end when it is stored; the runs it starts then wait for the next start.</param>
    /// <param name="alongside">Gives what is to be stored in the same unit, or null; asked once there is room.</param>
    /// <remarks>While runs wait in the journal, new ones queue up behind them, so that accept order is kept.</remarks>
    public ValueTask<IntakeResult> AcceptAsync(
        IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer = null, bool fromRun = false, Func<Change?>? alongside = null) =>
        engine.Stopping && !fromRun ? ValueTask.FromResult(new IntakeResult(IntakeOutcome.Unavailable, []))
        : HasFilters(offers) ? FilterAsync(offers, answer, alongside)
        : StoreAsync(offers, answer, alongside, null);

    private async ValueTask<IntakeResult> StoreAsync(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer, Func<Change?>? alongside, Filtered? filtered)
    {
        var count = offers.Sum(offer => offer.Targets.Count);
        if (!engine.TryAdmit(count)) return new IntakeResult(IntakeOutcome.Busy, []);
        var works = Works(offers, count, filtered, out var unkeyed);
        using var place = filtered?.Place ?? order.Enter(mayWait: unkeyed.Count > 0);
        try
        {
            foreach (var at in unkeyed) works[at] = await WithKeyAsync(works[at]);
        }
        catch (SandboxUnavailableException)
        {
            engine.Withdraw(count);
            return new IntakeResult(IntakeOutcome.Unavailable, []);
        }

        if (place is not null) await place.Turn;
        var size = works.Sum(work => (long)work.Bytes);
        var held = engine.TryHold(count, size);
        var changes = new List<Change>(count + offers.Count);
        var next = 0;
        foreach (var offer in offers)
        {
            var accepted = offer.Event;
            changes.Add(offer.OnlyForWaits is { } pattern ? new EventAccepted(accepted, 0) { WaitPattern = pattern, OnlyForWaits = true } : new EventAccepted(accepted, offer.Targets.Count));
            foreach (var (version, trigger, waits) in offer.Targets)
            {
                var candidate = filtered?.Taken[next];
                var work = works[next++];
                changes.Add(new RunAccepted(work.RunId, accepted.Id, version.WorkflowId, version.Hash, trigger.Id, accepted.AcceptedAt, held) { Key = work.Key, MaxBlocked = options.Value.MaxBlockedPerKey, HasSteps = version.RemembersKeys, Watches = version.Watches, Repeats = candidate?.Claim(options.Value.IdempotencyWindow) });
                if (answer is not null && waits) engine.AnswerTo(work.RunId, answer);
            }
        }

        if (alongside?.Invoke() is { } other) changes.Add(other);
        if (filtered is not null) changes.AddRange([.. filtered.Repeated, .. filtered.Taken.Select(candidate => candidate.Decision?.Passed).OfType<FilterPassed>()]);
        try
        {
            var stored = journal.CommitAsync(CollectionsMarshal.AsSpan(changes));
            place?.Dispose(); // its place in the journal is taken
            await stored;
        }
        catch (JournalException error)
        {
            engine.Withdraw(count, size, held);
            foreach (var work in works) engine.ForgetCaller(work.RunId);
            return new IntakeResult(error.Refused ? IntakeOutcome.Refused : IntakeOutcome.Unavailable, []) { IsSuperseded = error.Superseded };
        }

        ServerMeter.EventsAccepted.Add(offers.Count);
        next = 0;
        foreach (var change in changes)
        {
            if (change is EventAccepted { Ended: { } ended }) engine.TakeUp(ended);
            if (change is not RunAccepted run) continue;
            var work = works[next++];
            work.State = run.State;
            work.Owner = run.Owner ?? 0;
            if (run.Steps is { } memories) work.Memories = memories;
            if (run.HasFiredTimer) engine.TakeUpNext(KeyTurn.Timer);
            engine.Expect(run);
            if (run.IsRefused) engine.Refuse(work, held);
            else if (run.IsBlocked) engine.Block(work, held);
            else if (held) engine.Enqueue(work);
        }

        if (!held) engine.TakeUp();
        return new IntakeResult(IntakeOutcome.Accepted, works.ConvertAll(work => work.RunId));
    }

    /// <param name="unkeyed">Those of them whose key the sandbox has to say.</param>
    private List<RunWork> Works(IReadOnlyList<Offer> offers, int count, Filtered? filtered, out List<int> unkeyed)
    {
        var works = new List<RunWork>(count);
        unkeyed = [];
        foreach (var (accepted, targets) in offers)
        {
            foreach (var (version, trigger, _) in targets)
            {
                var candidate = filtered?.Taken[works.Count];
                var work = new RunWork(ids.Next(), accepted, version, trigger.Start) { KeepsAnswer = candidate?.Mark is not null };
                if (version.Key is { } rule)
                {
                    try
                    {
                        work = work with { Key = candidate?.Key ?? rule.Of(accepted) };
                        if (work.Key is null) unkeyed.Add(works.Count);
                    }
                    catch (StepException failed)
                    {
                        work = work with { KeyProblem = failed.Error };
                    }
                }

                works.Add(candidate?.Problem is { } problem ? work with { KeyProblem = problem } : work);
            }
        }

        return works;
    }

    /// <exception cref="SandboxUnavailableException">The key cannot be worked out now.</exception>
    private async ValueTask<RunWork> WithKeyAsync(RunWork work)
    {
        try
        {
            return work with { Key = await work.Version.Key!.OfAsync(work.Event, work.Version.Program, sandbox) };
        }
        catch (StepException failed)
        {
            return work with { KeyProblem = failed.Error };
        }
    }
}

/// <summary>What became of the events offered.</summary>
/// <param name="Outcome">The same for all.</param>
/// <param name="Runs">Those they started, in the order of the offers and their targets, 0 for a target whose filters dropped the event; empty unless accepted.</param>
internal readonly record struct IntakeResult(IntakeOutcome Outcome, IReadOnlyList<long> Runs)
{
    /// <summary>True when it was refused because of what somebody else stored in between.</summary>
    public bool IsSuperseded { get; init; }

    /// <summary>True when filters dropped all of it: nothing was stored.</summary>
    public bool IsFiltered { get; init; }

    /// <summary>The earlier event that all of it repeats, where a filter drops nothing; null for none. It was stored as a duplicate, and starts nothing.</summary>
    public FirstEvent? First { get; init; }
}
