using System.Text;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Filters;

/// <summary>What the filters of a trigger took and dropped.</summary>
/// <param name="Sample">The last event that was dropped: <c>{ at, by, type, subject, data }</c>, where <c>data</c> is cut to a few kilobytes of text.</param>
internal sealed record FilterTally(long Passed, long When, long Dedupe, long Changed, long Throttle, long Repeat, Json? Sample);

/// <summary>Counts what filters take and drop, and stores it every ten seconds and at the end. A crash loses the counts of the last seconds, no event.</summary>
/// <remarks>Several servers add to the same rows.</remarks>
internal sealed class FilterTallies(Journal journal, TimeProvider time, ILogger<FilterTallies> log) : BackgroundService
{
    private const int SampleLength = 4096;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private Dictionary<(string Workflow, string Trigger), FilterTally> tallies = [];

    /// <param name="id">Whose filters.</param>
    /// <param name="by">The filter that dropped the event; null when it got past them.</param>
    /// <param name="accepted">The event.</param>
    public void Count(FilterId id, string? by, Event accepted)
    {
        lock (gate)
        {
            var place = (id.WorkflowId, id.TriggerId);
            var before = tallies.GetValueOrDefault(place) ?? new FilterTally(0, 0, 0, 0, 0, 0, null);
            // One sample an interval is enough, and making it costs more than the count.
            var sample = by is null or "repeat" ? before.Sample : before.Sample ?? SampleOf(by, accepted);
            tallies[place] = by switch
            {
                "when" => before with { When = before.When + 1, Sample = sample },
                "dedupe" => before with { Dedupe = before.Dedupe + 1, Sample = sample },
                "changed" => before with { Changed = before.Changed + 1, Sample = sample },
                "throttle" => before with { Throttle = before.Throttle + 1, Sample = sample },
                "repeat" => before with { Repeat = before.Repeat + 1 },
                _ => before with { Passed = before.Passed + 1 },
            };
        }
    }

    /// <summary>Stores what was counted; returns of how many triggers.</summary>
    /// <exception cref="JournalException">It is not stored; it counts on.</exception>
    public async Task<int> StoreOnceAsync()
    {
        Dictionary<(string Workflow, string Trigger), FilterTally> taken;
        lock (gate) (taken, tallies) = (tallies, []);
        if (taken.Count == 0) return 0;
        try
        {
            var now = time.GetUtcNow();
            await journal.CommitAsync([.. taken.Select(t => new FilterCounted(t.Key.Workflow, t.Key.Trigger, t.Value, now))]);
        }
        catch (JournalException)
        {
            lock (gate)
            {
                foreach (var (place, t) in taken)
                {
                    var later = tallies.GetValueOrDefault(place) ?? new FilterTally(0, 0, 0, 0, 0, 0, null);
                    tallies[place] = new(later.Passed + t.Passed, later.When + t.When, later.Dedupe + t.Dedupe, later.Changed + t.Changed, later.Throttle + t.Throttle, later.Repeat + t.Repeat, later.Sample ?? t.Sample);
                }
            }

            throw;
        }

        return taken.Count;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryStoreAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested) await TryStoreAsync();
        }
    }

    private async Task TryStoreAsync()
    {
        try
        {
            await StoreOnceAsync();
        }
        catch (JournalException error)
        {
            Log.CountsFailed(log, error.Message);
        }
    }

    private static Json SampleOf(string by, Event accepted)
    {
        var text = Encoding.UTF8.GetString(accepted.Data.Utf8.Span[..Math.Min(SampleLength, accepted.Data.Utf8.Length)]);
        return Json.From(new { at = accepted.AcceptedAt.UtcDateTime, by, accepted.Type, accepted.Subject, data = accepted.Data.Utf8.Length > SampleLength ? text + "…" : text });
    }
}
