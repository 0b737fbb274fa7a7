using System.Text;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Finds runs by a text: an id, or what stands in their key, workflow, error or event.</summary>
/// <remarks>
/// An id of a run, an event or a delivery is looked up. Any other text is compared, whatever its case, with one run after the other, the newest first: no index would serve, and every database
/// gives the same answer. What one search may cost is bounded by <see cref="LookedAtMost"/> and <see cref="Patience"/>; the next page goes on from there.
/// </remarks>
internal static class RunSearch
{
    public const int LongestText = 200, LookedAtMost = 5_000;

    // Of an event's body, so many bytes are looked at.
    private const int LongestBody = 256 << 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The sentence for a text that cannot be searched for; null for one that can.</summary>
    public static string? WhyNot(string text) =>
        text.Trim().Length == 0 ? "Give a text to search for, or leave this out." : text.Length > LongestText ? $"A text to search for has {LongestText} characters at the most." : null;

    /// <param name="rows">Those to look at.</param>
    /// <param name="limit">How many to find.</param>
    public static async Task<FoundRuns> FindAsync(IQueryable<RunRow> rows, string text, int limit, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        text = text.Trim();
        if (await OfIdAsync(rows, text, db, cancellation) is { } named)
        {
            var runs = await named.OrderByDescending(r => r.Id).Take(limit + 1).Select(RunSummary.FromRow).ToListAsync(cancellation);
            return runs.Count <= limit ? new FoundRuns(runs, runs.Count, null) : new FoundRuns(runs[..limit], limit, runs[limit - 1].Id);
        }

        var (found, looked, last, isOver) = (new List<long>(), 0, 0L, true);
        var start = time.GetTimestamp();
        await foreach (var run in rows.OrderByDescending(r => r.Id).Take(LookedAtMost + 1).Select(r => new Candidate(
            r.Id, r.WorkflowId, r.Key, r.FailedStep, r.Error == null ? null : r.Error.Substring(0, ErrorHead.Length), db.Events.Where(e => e.Id == r.EventId).Select(e => e.Body).FirstOrDefault()))
            .AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (looked == LookedAtMost || found.Count == limit || time.GetElapsedTime(start) > Patience)
            {
                isOver = false;
                break;
            }

            looked++;
            last = run.Id;
            if (Fits(run, text)) found.Add(run.Id);
        }

        var summaries = await db.Runs.Where(r => found.Contains(r.Id)).OrderByDescending(r => r.Id).Select(RunSummary.FromRow).ToListAsync(cancellation);
        return new FoundRuns(summaries, looked, isOver ? null : PublicId.Format(PublicId.Run, last));
    }

    private static async Task<IQueryable<RunRow>?> OfIdAsync(IQueryable<RunRow> rows, string text, ManagementDb db, CancellationToken cancellation)
    {
        if (PublicId.TryParse(PublicId.Run, text, out var run)) return rows.Where(r => r.Id == run);
        if (PublicId.TryParse(PublicId.Event, text, out var accepted)) return rows.Where(r => r.EventId == accepted);
        if (!PublicId.TryParse(PublicId.Delivery, text, out var delivery)) return null;
        var of = await db.Deliveries.Where(d => d.Id == delivery).Select(d => d.RunId).SingleOrDefaultAsync(cancellation);
        return rows.Where(r => r.Id == of);
    }

    private static bool Fits(Candidate run, string text)
    {
        if (Has(run.Workflow, text) || Has(run.Key, text) || Has(run.FailedStep, text)) return true;
        if (ErrorHead.Of(run.Error) is var error && (Has(error.Code, text) || Has(error.Message, text))) return true;
        return run.Body is { Length: > 0 } body && Has(Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, LongestBody)), text);
    }

    private static bool Has(string? where, string text) => where?.Contains(text, StringComparison.OrdinalIgnoreCase) is true;

    private sealed record Candidate(long Id, string Workflow, string? Key, string? FailedStep, string? Error, byte[]? Body);
}

/// <param name="Items">The newest first.</param>
/// <param name="Looked">How many runs were looked at.</param>
/// <param name="Before">The cursor to go on with; null when all were looked at.</param>
internal sealed record FoundRuns(IReadOnlyList<RunSummary> Items, int Looked, string? Before);
