using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers.Filters;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Triggers;

/// <summary>Events that repeat an earlier one by their <c>idempotencyKey</c>, and what their callers are answered.</summary>
internal sealed class Repetitions(Journal journal, RunEngine engine, IServiceScopeFactory scopes, TimeProvider time)
{
    // Between two looks whether the first of equal events has been answered.
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Says of each candidate that repeats an event that it does.</summary>
    /// <exception cref="JournalException">It cannot be known now.</exception>
    public async ValueTask FindAsync(IReadOnlyList<Candidate> candidates)
    {
        Dictionary<FirstEventId, long> offered = [];
        foreach (var candidate in candidates)
        {
            if (candidate.Mark is not { } mark) continue;
            if (offered.TryGetValue(mark, out var neighbour))
            {
                candidate.Repeat(neighbour, null);
                continue;
            }

            var first = new FirstEventRead(mark, candidate.Event.AcceptedAt);
            await journal.CommitAsync(first);
            if (first.EventId is { } earlier) candidate.Repeat(earlier, first);
            offered[mark] = first.EventId ?? candidate.Event.Id;
        }
    }

    /// <summary>What is to be stored of events that start nothing because they repeat one.</summary>
    /// <param name="candidates">All of them.</param>
    /// <param name="taken">Those that start something.</param>
    public static IReadOnlyList<EventRepeated> Of(IReadOnlyList<Candidate> candidates, IReadOnlyList<Candidate> taken) =>
        [.. candidates.Where(c => c.Repeats is not null).DistinctBy(c => c.Event).Where(c => taken.All(t => t.Event != c.Event)).Select(c => new EventRepeated(c.Event, c.Repeats!.Value))];

    /// <summary>The earlier event that all of the candidates repeat, where a filter drops nothing.</summary>
    public FirstEvent? FirstOf(IReadOnlyList<Candidate> candidates) =>
        candidates.FirstOrDefault(c => c.First is not null)?.First is { } first ? new FirstEvent(first.EventId!.Value, first.RunId, cancellation => AnswerAsync(first, cancellation)) : null;

    /// <summary>What the first event's caller was answered, or is to be.</summary>
    /// <remarks>This process says so where that caller asked it. Else, and should another one have taken the run over, a reader looks for the stored answer: at once, and then the later the longer it takes.</remarks>
    private async Task<RunAnswer> AnswerAsync(FirstEventRead first, CancellationToken cancellation)
    {
        if (first.Answer is { } known) return known.To<RunAnswer>()!;
        var told = engine.AnswerOf(first.RunId);
        for (var pause = told is null ? TimeSpan.Zero : LongestPause; ; pause = Longer(pause))
        {
            var look = Task.Delay(pause, time, cancellation);
            if (told is not null && await Task.WhenAny(told, look) == told) return await told;
            await look;
            if (await ReadAsync(first.RunId, cancellation) is { } answer) return answer;
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause < ShortestPause ? ShortestPause : pause < LongestPause / 2 ? pause * 2 : LongestPause;

    private async Task<RunAnswer?> ReadAsync(long runId, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var answer = await scope.ServiceProvider.GetRequiredService<ManagementDb>().FirstEvents.Where(f => f.RunId == runId).Select(f => f.Answer).FirstOrDefaultAsync(cancellation);
        return answer is null ? null : Json.Parse(answer).To<RunAnswer>();
    }
}

/// <summary>An event that others repeat.</summary>
/// <param name="EventId">The event.</param>
/// <param name="RunId">The run that it started.</param>
/// <param name="AnswerAsync">Completes with what its caller was answered, or is to be; not before there is such an answer.</param>
internal sealed record FirstEvent(long EventId, long RunId, Func<CancellationToken, Task<RunAnswer>> AnswerAsync);
