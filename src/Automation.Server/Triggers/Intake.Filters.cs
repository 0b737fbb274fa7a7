using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Steps.Types.Devices;
using Automation.Server.Storage;
using Automation.Server.Triggers.Filters;

namespace Automation.Server.Triggers;

/// <summary>What goes before the store: filters of triggers.</summary>
internal sealed partial class Intake
{
    // Another server, or a commit that failed, came in between each time: then it is too busy to be decided now.
    private const int MostTries = 10;

    // Between two looks whether the first of equal events has been answered.
    private static readonly TimeSpan AnswerPause = TimeSpan.FromMilliseconds(100);

    private static bool HasFilters(IReadOnlyList<Offer> offers)
    {
        foreach (var offer in offers)
        {
            foreach (var target in offer.Targets)
            {
                if (target.Filter is not null) return true;
            }
        }

        return false;
    }

    private async ValueTask<IntakeResult> FilterAsync(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer, Func<Change?>? alongside)
    {
        var beside = new Beside(alongside);
        try
        {
            for (var tries = 0; tries < MostTries; tries++)
            {
                if (await FilterOnceAsync(offers, answer, beside) is { } result) return result;
            }

            return new IntakeResult(IntakeOutcome.Busy, []);
        }
        catch (Exception error) when (error is JournalException or SandboxUnavailableException)
        {
            return new IntakeResult(error is JournalException { Refused: true } ? IntakeOutcome.Refused : IntakeOutcome.Unavailable, []);
        }
    }

    /// <summary>Null: what was decided did not hold, and is to be decided again.</summary>
    private async ValueTask<IntakeResult?> FilterOnceAsync(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer, Beside beside)
    {
        var candidates = offers.SelectMany(offer => offer.Targets.Select(target => new Candidate(offer.Event, target))).ToList();
        foreach (var candidate in candidates) candidate.Read();
        var open = candidates.FindAll(candidate => candidate.IsOpen || (candidate.Remembers && !gate.IsKnown(candidate.Id)));
        using var place = order.Enter(mayWait: open.Count > 0 || candidates.Exists(c => c.Mark is not null));
        foreach (var candidate in open)
        {
            await candidate.ReadAsync(sandbox);
            if (candidate.Remembers && !gate.IsKnown(candidate.Id)) await gate.LearnAsync(candidate.Id);
        }

        if (place is not null) await place.Turn;
        var marks = new HashSet<FirstEventId>();
        foreach (var candidate in candidates.Where(c => c.Mark is not null))
        {
            if (marks.Add(candidate.Mark!.Value)) await candidate.LookForFirstAsync(journal);
            else candidate.RepeatsNeighbour();
        }

        var stored = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isStored = false;
        try
        {
            foreach (var candidate in candidates)
            {
                if (!candidate.Decide(gate, stored.Task)) return null;
            }

            var finals = candidates.Where(c => c.Decision is { DroppedBy: not null } d && d.Final != stored.Task).Select(c => c.Decision!.Final).ToList();
            var taken = offers.Select((offer, at) => offer with { Targets = [.. candidates.Where(c => c.Event == offer.Event && !c.IsDropped).Select(c => c.Target)] }).Where((offer, at) => offer.Targets.Count > 0 || offers[at].Targets.Count == 0).ToList();
            IReadOnlyList<long> runs = [];
            if (taken.Count == 0)
            {
                place?.Dispose();
                if (!(await Task.WhenAll(finals)).All(isFinal => isFinal)) return null;
                if (beside.Take() is { } other) await journal.CommitAsync(other);
            }
            else
            {
                if (finals.Count > 0 && !(await Task.WhenAll(finals)).All(isFinal => isFinal)) return null;
                var passed = candidates.Select(c => c.Decision?.Passed).OfType<FilterPassed>().ToList();
                var problems = candidates.Where(c => !c.IsDropped).Select(c => c.Problem).ToList();
                var result = await StoreAsync(taken, answer, beside.Take, new Filtered(place, passed, problems, [.. candidates.Where(c => !c.IsDropped).Select(c => c.Claim(options.Value.IdempotencyWindow))]));
                if (result.Outcome is not IntakeOutcome.Accepted) return result.IsSuperseded && (passed.Count > 0 || marks.Count > 0) ? null : result;
                runs = result.Runs;
            }

            isStored = true;
            foreach (var candidate in candidates.Where(c => c.Target.Filter is not null)) tallies.Count(candidate.Id, candidate.DroppedBy, candidate.Event);
            var next = 0;
            var first = taken.Count == 0 ? candidates.Find(c => c.First is not null) : null;
            return new IntakeResult(IntakeOutcome.Accepted, candidates.ConvertAll(c => c.IsDropped ? 0 : runs[next++]))
            {
                IsFiltered = taken.Count == 0 && first is null,
                First = first is null ? null : new FirstEvent(first.First!.EventId!.Value, first.First.RunId, cancellation => AnswerAsync(first.Mark!.Value, cancellation)),
            };
        }
        finally
        {
            if (!isStored)
            {
                foreach (var candidate in candidates.Where(c => c.Decision?.Passed is not null)) gate.Forget(candidate.Id);
            }

            stored.SetResult(isStored);
        }
    }

    /// <summary>The first event's run may be walked by another server, or after a restart: its answer is looked for where it is kept.</summary>
    private async Task<RunAnswer> AnswerAsync(FirstEventId id, CancellationToken cancellation)
    {
        while (true)
        {
            var read = new FirstEventRead(id, time.GetUtcNow());
            await journal.CommitAsync(read);
            if (read.Answer is { } answer) return answer.To<RunAnswer>()!;
            await Task.Delay(AnswerPause, time, cancellation);
        }
    }

    /// <summary>What the filters have made of events that are to be stored.</summary>
    /// <param name="Place">Their place in the order; null when nobody has to wait.</param>
    /// <param name="Passed">To be stored with them.</param>
    /// <param name="Problems">Why filters could not be worked out, for each of the targets: its run fails with it.</param>
    /// <param name="Repeats">What tells repetitions, for each of the targets.</param>
    private sealed record Filtered(AcceptOrder.Place? Place, IReadOnlyList<FilterPassed> Passed, IReadOnlyList<StepError?> Problems, IReadOnlyList<(string Mark, DateTimeOffset Until)?> Repeats);

    /// <summary>What is stored alongside: asked for once, however often the store is tried.</summary>
    private sealed class Beside(Func<Change?>? ask)
    {
        private bool isAsked;
        private Change? change;

        public Change? Take()
        {
            if (!isAsked) (isAsked, change) = (true, ask?.Invoke());
            return change;
        }
    }

    /// <summary>An event and a target of it, at the target's filters.</summary>
    private sealed class Candidate(Event accepted, TriggerTarget target)
    {
        private TriggerFilters? filters;
        private string? key;

        public Event Event => accepted;

        public TriggerTarget Target => target;

        public StepError? Problem { get; private set; }

        public FilterDecision? Decision { get; private set; }

        /// <summary>True when the sandbox has to be asked.</summary>
        public bool IsOpen => target.Filter is not null && Problem is null && (filters is null || key is null);

        public bool Remembers => target.Filter is { Remembers: true } && Problem is null && key is not null;

        public FilterId Id => new(target.Version.WorkflowId, target.Trigger.Id, key ?? "");

        public string? DroppedBy => Decision?.DroppedBy;

        /// <summary>What tells its repetitions; null when nothing does.</summary>
        public FirstEventId? Mark => Problem is null && filters?.IdempotencyKey is { IsNull: false } value ? new(target.Version.WorkflowId, target.Trigger.Id, DedupeStep.MarkOf(value)) : null;

        /// <summary>The event that it repeats; null when there is none.</summary>
        public FirstEventRead? First { get; private set; }

        public async ValueTask LookForFirstAsync(Journal journal)
        {
            var read = new FirstEventRead(Mark!.Value, accepted.AcceptedAt);
            await journal.CommitAsync(read);
            if (read.EventId is not null) First = read;
            if (First is not null) RepeatsNeighbour();
        }

        /// <summary>It repeats an event of the same request.</summary>
        public void RepeatsNeighbour() => Decision = new FilterDecision("repeat", null, Task.FromResult(true));

        public (string Mark, DateTimeOffset Until)? Claim(TimeSpan window) => Mark is { } mark ? (mark.Mark, accepted.AcceptedAt + (filters!.IdempotencyWindow?.Value ?? window)) : null;

        public bool IsDropped => DroppedBy is not null;

        public void Read()
        {
            if (target.Filter is not { } filter) return;
            try
            {
                filters = filter.Of(accepted);
                key = target.Version.Key is { } rule ? rule.Of(accepted) : "";
            }
            catch (StepException failed)
            {
                Problem = failed.Error;
            }
        }

        public async ValueTask ReadAsync(SandboxPool sandbox)
        {
            if (!IsOpen) return;
            try
            {
                filters ??= await target.Filter!.OfAsync(accepted, target.Version.Program, sandbox);
                key ??= await target.Version.Key!.OfAsync(accepted, target.Version.Program, sandbox);
            }
            catch (StepException failed)
            {
                Problem = failed.Error;
            }
        }

        /// <summary>False when what the filters remember is not at hand any more.</summary>
        public bool Decide(FilterGate gate, Task<bool> stored)
        {
            if (target.Filter is null || Problem is not null || IsDropped) return true;
            if (filters!.When is false || !Remembers) Decision = new FilterDecision(filters.When is false ? "when" : null, null, Task.FromResult(true));
            else Decision = gate.Decide(Id, filters, accepted, stored);
            return Decision is not null;
        }
    }
}
