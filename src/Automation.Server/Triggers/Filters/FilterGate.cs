using Automation.Server.Storage;

namespace Automation.Server.Triggers.Filters;

/// <summary>Decides which events get past the filters of their triggers, by what those remember.</summary>
/// <remarks>
/// What they remember is a row of the journal, which changes in the transaction of an event that gets past. A cache of bounded size is in front of it, so that a dropped event costs neither a
/// read nor a write. An event may be judged by what another one, not committed yet, has left: it is final when that is (<see cref="FilterDecision.Final"/>). Two servers that let an event of a key pass at once
/// find that out in the transaction, and the later one is judged again.
/// </remarks>
internal sealed class FilterGate(Journal journal)
{
    // Of each of the two generations of the cache. An entry takes some 300 bytes, and what dedupe remembers.
    private const int GenerationSize = 100_000;

    private readonly Lock gate = new();
    private Dictionary<FilterId, Entry> young = [];
    private Dictionary<FilterId, Entry> old = [];

    /// <summary>Whether <see cref="Decide"/> can be asked at once.</summary>
    public bool IsKnown(FilterId id)
    {
        lock (gate) return Find(id) is not null;
    }

    /// <summary>Has what is remembered of a key at hand.</summary>
    /// <exception cref="JournalException">It cannot be read now.</exception>
    public async Task LearnAsync(FilterId id)
    {
        var read = new FilterMemoryRead(id);
        await journal.CommitAsync(read);
        lock (gate)
        {
            if (Find(id) is null) Add(id, new Entry(read.Memory, read.LastPassed, Task.FromResult(true)));
        }
    }

    /// <summary>Decides about an event; null when what is remembered of its key is not at hand.</summary>
    /// <param name="id">Whose filters.</param>
    /// <param name="filters">With the event's values.</param>
    /// <param name="accepted">The event.</param>
    /// <param name="stored">Completes when the event's unit is stored, with false when it was not.</param>
    public FilterDecision? Decide(FilterId id, TriggerFilters filters, Event accepted, Task<bool> stored)
    {
        lock (gate)
        {
            if (Find(id) is not { } entry) return null;
            var (by, next) = FilterMemory.Decide(filters, entry.Memory, accepted.AcceptedAt);
            if (by is not null) return new FilterDecision(by, null, entry.Stored);
            Add(id, new Entry(next, accepted.Id, stored));
            return new FilterDecision(null, new FilterPassed(id, next, entry.LastPassed, accepted.Id, FilterMemory.ForgetAt(filters, accepted.AcceptedAt)), entry.Stored);
        }
    }

    /// <summary>What is at hand of a key is not what is stored.</summary>
    public void Forget(FilterId id)
    {
        lock (gate)
        {
            young.Remove(id);
            old.Remove(id);
        }
    }

    private Entry? Find(FilterId id)
    {
        if (young.TryGetValue(id, out var entry)) return entry;
        if (!old.Remove(id, out entry)) return null;
        Add(id, entry);
        return entry;
    }

    private void Add(FilterId id, Entry entry)
    {
        if (young.Count >= GenerationSize && !young.ContainsKey(id)) (old, young) = (young, []);
        young[id] = entry;
    }

    private sealed record Entry(FilterMemory? Memory, long LastPassed, Task<bool> Stored);
}

/// <summary>What becomes of an event at the filters of a trigger.</summary>
/// <param name="DroppedBy">The filter that drops it; null when it gets past.</param>
/// <param name="Passed">To be stored with it; null when it is dropped.</param>
/// <param name="Final">Completes when what it was judged by is stored; false when that could not be, and the event is to be judged again.</param>
internal sealed record FilterDecision(string? DroppedBy, FilterPassed? Passed, Task<bool> Final);
