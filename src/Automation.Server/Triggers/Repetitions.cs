using Automation.Server.Storage;
using Automation.Server.Triggers.Filters;

namespace Automation.Server.Triggers;

/// <summary>Events that repeat an earlier one by their <c>idempotencyKey</c>, and what their callers are answered.</summary>
internal sealed class Repetitions(Journal journal, TimeProvider time)
{
    // Between two looks whether the first of equal events has been answered.
    private static readonly TimeSpan AnswerPause = TimeSpan.FromMilliseconds(100);

    /// <summary>Says of each candidate that repeats an event that it does.</summary>
    /// <exception cref="JournalException">It cannot be known now.</exception>
    public async ValueTask FindAsync(IReadOnlyList<Candidate> candidates)
    {
        HashSet<FirstEventId> marks = [];
        foreach (var candidate in candidates)
        {
            if (candidate.Mark is not { } mark) continue;
            var first = new FirstEventRead(mark, candidate.Event.AcceptedAt);
            var repeatsNeighbour = !marks.Add(mark);
            if (!repeatsNeighbour) await journal.CommitAsync(first);
            if (repeatsNeighbour || first.EventId is not null) candidate.Repeat(repeatsNeighbour ? null : first);
        }
    }

    /// <summary>The earlier event that all of the candidates repeat, where a filter drops nothing.</summary>
    public FirstEvent? FirstOf(IReadOnlyList<Candidate> candidates) =>
        candidates.FirstOrDefault(c => c.First is not null)?.First is { } first ? new FirstEvent(first.EventId!.Value, first.RunId, cancellation => AnswerAsync(first.Id, cancellation)) : null;

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
}

/// <summary>An event that others repeat.</summary>
/// <param name="EventId">The event.</param>
/// <param name="RunId">The run that it started.</param>
/// <param name="AnswerAsync">Completes with what its caller was answered, or is to be; not before there is such an answer.</param>
internal sealed record FirstEvent(long EventId, long RunId, Func<CancellationToken, Task<RunAnswer>> AnswerAsync);
