using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Triggers.Filters;

namespace Automation.Server.Triggers;

/// <summary>What goes before the store: filters of triggers, and what tells repetitions.</summary>
internal sealed partial class Intake
{
    // Another server, or a commit that failed, came in between each time: then it is too busy to be decided now.
    private const int MostTries = 10;

    private static bool HasFilters(IReadOnlyList<Offer> offers)
    {
        foreach (var offer in offers)
        {
            foreach (var target in offer.Targets)
            {
                if (target.Filter is not null || target.Message is not null) return true;
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
                if (await FilterOnceAsync(offers, answer, beside, isFirst: tries == 0) is { } result) return result;
            }

            return new IntakeResult(IntakeOutcome.Busy, []);
        }
        catch (Exception error) when (error is JournalException or SandboxUnavailableException)
        {
            return new IntakeResult(error is JournalException { Refused: true } ? IntakeOutcome.Refused : IntakeOutcome.Unavailable, []);
        }
    }

    /// <summary>Null: what was decided did not hold, and is to be decided again.</summary>
    private async ValueTask<IntakeResult?> FilterOnceAsync(IReadOnlyList<Offer> offers, TaskCompletionSource<RunAnswer>? answer, Beside beside, bool isFirst)
    {
        var candidates = offers.SelectMany(offer => offer.Targets.Select(target => new Candidate(offer.Event, target))).ToList();
        using var place = await ReadAsync(candidates, isFirst);
        // By a sender's id nearly none repeats one: the store says so if it does, and then it is looked for. To look each time would have them all wait for one another.
        if (!isFirst || candidates.Exists(c => c.HasOwnKey)) await repetitions.FindAsync(candidates);
        var stored = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var isStored = false;
        try
        {
            if (!candidates.TrueForAll(candidate => candidate.Decide(gate, stored.Task))) return null;
            var finals = candidates.Where(c => c.Decision is { DroppedBy: not null } d && d.Final != stored.Task).Select(c => c.Decision!.Final).ToList();
            var taken = candidates.FindAll(c => !c.IsDropped);
            var left = offers.Where(offer => offer.Targets.Count == 0 || taken.Exists(c => c.Event == offer.Event)).ToList();
            if (left.Count == 0) place?.Dispose();
            if (finals.Count > 0 && !(await Task.WhenAll(finals)).All(isFinal => isFinal)) return null;
            var repeated = Repetitions.Of(candidates, taken);
            var result = left.Count == 0
                ? await StoreRepeatedAsync(repeated, beside)
                : await StoreAsync(left.ConvertAll(offer => offer with { Targets = [.. taken.Where(c => c.Event == offer.Event).Select(c => c.Target)] }), answer, beside.Take, new Filtered(place, taken, repeated));
            if (result.Outcome is not IntakeOutcome.Accepted) return result.IsSuperseded && candidates.Exists(c => c.Decision?.Passed is not null || c.Mark is not null) ? null : result;
            isStored = true;
            foreach (var candidate in candidates.Where(c => c.Target.Filter is not null)) tallies.Count(candidate.Id, candidate.DroppedBy, candidate.Event);
            var next = 0;
            var first = left.Count == 0 ? repetitions.FirstOf(candidates) : null;
            return result with { Runs = candidates.ConvertAll(c => c.IsDropped ? 0 : result.Runs[next++]), IsFiltered = left.Count == 0 && first is null, First = first };
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

    /// <summary>Works out what the filters go by, and returns at the candidates' turn.</summary>
    /// <returns>Their place in the order; null when nobody has to wait.</returns>
    private async ValueTask<AcceptOrder.Place?> ReadAsync(List<Candidate> candidates, bool isFirst)
    {
        foreach (var candidate in candidates) candidate.Read();
        var open = candidates.FindAll(candidate => candidate.IsOpen || (candidate.Remembers && !gate.IsKnown(candidate.Id)));
        var place = order.Enter(mayWait: open.Count > 0 || candidates.Exists(c => isFirst ? c.HasOwnKey : c.Mark is not null));
        try
        {
            foreach (var candidate in open)
            {
                await candidate.ReadAsync(sandbox);
                if (candidate.Remembers && !gate.IsKnown(candidate.Id)) await gate.LearnAsync(candidate.Id);
            }

            if (place is not null) await place.Turn;
            return place;
        }
        catch
        {
            place?.Dispose();
            throw;
        }
    }

    private async ValueTask<IntakeResult> StoreRepeatedAsync(IReadOnlyList<EventRepeated> repeated, Beside beside)
    {
        Change[] unit = beside.Take() is { } other ? [.. repeated, other] : [.. repeated];
        if (unit.Length > 0) await journal.CommitAsync(unit);
        return new IntakeResult(IntakeOutcome.Accepted, []);
    }

    /// <summary>What the filters have made of events that are to be stored.</summary>
    /// <param name="Place">Their place in the order; null when nobody has to wait.</param>
    /// <param name="Taken">One for each of the targets, in their order.</param>
    /// <param name="Repeated">Others, offered with them, that repeat an event.</param>
    private sealed record Filtered(AcceptOrder.Place? Place, IReadOnlyList<Candidate> Taken, IReadOnlyList<EventRepeated> Repeated);

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
}
