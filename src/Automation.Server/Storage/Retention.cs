using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Automation.Server.Storage;

/// <summary>How much a round deleted: runs and events that were too old, events that were too many, states of keys, activations and versions.</summary>
internal readonly record struct RetentionCounts(int TooOld, int TooMany, int States = 0, int Versions = 0);

/// <summary>What the active version of a workflow says about how long its runs are kept; null when it says nothing.</summary>
internal delegate WorkflowRetention? RetentionOf(string workflowId);

/// <summary>Whether a workflow is there, and its active version has a trigger.</summary>
internal delegate bool HasTrigger(string workflowId, string triggerId);

/// <summary>Deletes ended runs and handled events that are too old or too many, expired states of keys, what filters of triggers that are gone remember, old versions, and what belongs to nobody, once an hour, a few hundred in one transaction; then gives space back to the disk.</summary>
/// <remarks>
/// A reader looks for what is to go, so that the writer is kept from its work only by the deletes themselves. Two servers that do it at once share the work: each transaction deletes what is there.
/// A round that was cut off is finished by the next.
/// </remarks>
internal sealed class Retention(
    Journal journal, IServiceScopeFactory scopes, IOptions<RetentionOptions> settings, RetentionOf of, HasTrigger has, TimeProvider time, ILogger<Retention> log) : BackgroundService
{
    // Soon enough for servers that are restarted often, late enough not to slow a start.
    private static readonly TimeSpan FirstRound = TimeSpan.FromMinutes(1);

    private readonly RetentionOptions options = settings.Value;

    public async Task<RetentionCounts> RunOnceAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var tooOld = 0;
        foreach (var workflow in await ReadAsync(db => db.Runs.Select(r => r.WorkflowId).Distinct().ToListAsync(cancellation))) tooOld += await PruneRunsAsync(workflow, now, cancellation);
        var oldest = now - options.MaxAge;
        tooOld += await PruneEventsAsync(db => db.Events.Where(e => e.OpenRuns == 0 && e.Runs.Count == 0), IdSource.LowestAt(oldest), cancellation);
        if (tooOld > 0) Log.Pruned(log, tooOld);
        // Counted over indexes that are small: that of runs by event, and that of duplicates. The table of events holds the bodies.
        var tooMany = await PruneByCountAsync(db => db.Runs.Select(r => r.EventId).Distinct(), db => db.Events.Where(e => e.OpenRuns == 0), cancellation);
        tooMany += await PruneByCountAsync(db => db.Events.Where(e => e.State == "duplicate").Select(e => e.Id), db => db.Events.Where(e => e.State == "duplicate"), cancellation);
        if (tooMany > 0) Log.PrunedByCount(log, tooMany, options.MaxEvents);
        var states = await ForgetAsync(cancellation) + await ForgetFiltersAsync(oldest, cancellation);
        if (states > 0) Log.Forgotten(log, states);
        var versions = await PruneVersionsAsync(cancellation);
        if (versions > 0) Log.PrunedVersions(log, versions);
        await PruneLeftoversAsync(cancellation);
        await PruneAuditAsync(now, cancellation);
        await PruneEmissionsAsync(oldest, cancellation);
        await ReleaseSpaceAsync(cancellation);
        return new RetentionCounts(tooOld, tooMany, states, versions);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = options.Interval < FirstRound ? options.Interval : FirstRound; ; wait = options.Interval)
        {
            try
            {
                await Task.Delay(wait, time, stoppingToken);
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.PruneFailed(log, error);
            }
        }
    }

    private async Task<int> PruneRunsAsync(string workflow, DateTimeOffset now, CancellationToken cancellation)
    {
        var rule = of(workflow);
        var tooMany = rule?.MaxRuns is { } most
            ? await ReadAsync(db => db.Runs.Where(r => r.WorkflowId == workflow).OrderByDescending(r => r.Id).Skip(most - 1).Select(r => r.Id).FirstOrDefaultAsync(cancellation))
            : 0;
        var before = Math.Max(IdSource.LowestAt(now - (rule?.MaxAge ?? options.MaxAge)), tooMany);
        var failedBefore = rule?.FailedMaxAge is { } own ? IdSource.LowestAt(now - own) : Math.Max(IdSource.LowestAt(now - (rule?.MaxAge ?? options.FailedMaxAge)), tooMany);
        var end = Math.Max(before, failedBefore);
        return await InBatchesAsync(
            (db, after) => db.Runs
                .Where(r => r.WorkflowId == workflow && r.Id > after && r.Id < end && r.EndedAt != null && (r.State == "failed" ? r.Id < failedBefore : r.Id < before))
                .OrderBy(r => r.Id).Select(r => r.Id),
            async runs =>
            {
                var batch = new RunsPruned(runs);
                await journal.CommitAsync(batch);
                return batch.Deleted;
            },
            cancellation);
    }

    /// <param name="counted">Events that count.</param>
    /// <param name="which">Those that go when they are older than all that may stay.</param>
    private async Task<int> PruneByCountAsync(Func<ManagementDb, IQueryable<long>> counted, Func<ManagementDb, IQueryable<EventRow>> which, CancellationToken cancellation)
    {
        var oldest = await ReadAsync(db => counted(db).OrderByDescending(id => id).Skip(options.MaxEvents - 1).Select(id => (long?)id).FirstOrDefaultAsync(cancellation));
        return oldest is { } first ? await PruneEventsAsync(which, first, cancellation) : 0;
    }

    private Task<int> PruneEventsAsync(Func<ManagementDb, IQueryable<EventRow>> which, long before, CancellationToken cancellation) => InBatchesAsync(
        (db, after) => which(db).Where(e => e.Id > after && e.Id < before).OrderBy(e => e.Id).Select(e => e.Id),
        async events =>
        {
            var batch = new EventsPruned(events);
            await journal.CommitAsync(batch);
            return batch.Deleted;
        },
        cancellation);

    /// <summary>Deletes what <paramref name="find"/> gives, ids in ascending order after the given one, a batch at a time. Returns how many.</summary>
    private async Task<int> InBatchesAsync(Func<ManagementDb, long, IQueryable<long>> find, Func<List<long>, Task<int>> delete, CancellationToken cancellation)
    {
        var deleted = 0;
        for (var after = 0L; ;)
        {
            var ids = await ReadAsync(db => find(db, after).Take(options.BatchSize).ToListAsync(cancellation));
            if (ids.Count > 0) deleted += await delete(ids);
            if (ids.Count < options.BatchSize) return deleted;
            after = ids[^1];
            await PauseAsync(cancellation);
        }
    }

    private async Task ReleaseSpaceAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var step = new SpaceReleased(options.BatchSize);
            await journal.CommitAsync(step);
            if (!step.HasMore) return;
            await PauseAsync(cancellation);
        }
    }

    /// <summary>States whose time is over are not seen by runs any more; here their rows go.</summary>
    private async Task<int> ForgetAsync(CancellationToken cancellation)
    {
        for (var deleted = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = new StatesExpired(time.GetUtcNow(), options.BatchSize);
            await journal.CommitAsync(batch);
            deleted += batch.Deleted;
            if (batch.Deleted < options.BatchSize) return deleted;
            await PauseAsync(cancellation);
        }
    }

    /// <summary>What filters of triggers that are gone remember and counted goes when nothing was counted for so long: not at once, as a file may be back soon, or be another server's.</summary>
    private async Task<int> ForgetFiltersAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        var deleted = 0;
        var old = await ReadAsync(db => db.FilterCounts.Where(c => c.CountedAt < before).Select(c => new { c.WorkflowId, c.TriggerId }).ToListAsync(cancellation));
        foreach (var gone in old.Where(c => !has(c.WorkflowId, c.TriggerId)))
        {
            for (var hasMore = true; hasMore;)
            {
                var batch = new FiltersForgotten(gone.WorkflowId, gone.TriggerId, before, options.BatchSize);
                await journal.CommitAsync(batch);
                deleted += batch.Deleted;
                hasMore = batch.Deleted == options.BatchSize;
                await PauseAsync(cancellation);
            }
        }

        return deleted;
    }

    /// <summary>Activations beyond the newest, then versions that are of none and of no run.</summary>
    private async Task<int> PruneVersionsAsync(CancellationToken cancellation)
    {
        var deleted = 0;
        foreach (var workflow in await ReadAsync(db => db.Activations.GroupBy(a => a.WorkflowId).Where(g => g.Count() > options.MaxVersions).Select(g => g.Key).ToListAsync(cancellation)))
        {
            var first = await ReadAsync(db => db.Activations.Where(a => a.WorkflowId == workflow).OrderByDescending(a => a.Id).Skip(options.MaxVersions - 1).Select(a => a.Id).FirstAsync(cancellation));
            for (ActivationsPruned batch; ; await PauseAsync(cancellation))
            {
                await journal.CommitAsync(batch = new ActivationsPruned(workflow, first, options.BatchSize));
                deleted += batch.Deleted;
                if (batch.Deleted < options.BatchSize) break;
            }
        }

        var unused = await ReadAsync(db => db.Versions.Where(v => !db.Activations.Any(a => a.WorkflowId == v.WorkflowId && a.Hash == v.Hash)).Select(v => new { v.WorkflowId, v.Hash }).ToListAsync(cancellation));
        foreach (var of in unused.GroupBy(v => v.WorkflowId, v => v.Hash))
        {
            var named = await ReadAsync(db => db.Runs.Where(r => r.WorkflowId == of.Key).Select(r => r.Version).Distinct().ToListAsync(cancellation));
            foreach (var hashes in of.Except(named).Chunk(options.BatchSize))
            {
                var batch = new VersionsPruned(of.Key, hashes);
                await journal.CommitAsync(batch);
                deleted += batch.Deleted;
                await PauseAsync(cancellation);
            }
        }

        return deleted;
    }

    private async Task PruneLeftoversAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var step = new LeftoversPruned(time.GetUtcNow(), options.BatchSize);
            await journal.CommitAsync(step);
            if (!step.HasMore) return;
            await PauseAsync(cancellation);
        }
    }

    /// <summary>Only where a setting says so: else the audit log is kept.</summary>
    private async Task PruneAuditAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        if (options.AuditMaxAge == TimeSpan.Zero) return;
        for (AuditPruned batch; ; await PauseAsync(cancellation))
        {
            await journal.CommitAsync(batch = new AuditPruned(now - options.AuditMaxAge, now, options.BatchSize));
            if (batch.Deleted < options.BatchSize) return;
        }
    }

    private async Task PruneEmissionsAsync(DateTimeOffset before, CancellationToken cancellation)
    {
        var first = IdSource.LowestAt(before);
        while (await ReadAsync(db => db.Emissions.AnyAsync(e => e.Id < first && e.EndedAt != null, cancellation)))
        {
            var step = new EmissionsPruned(first, 1); // one may have thousands of deliveries
            await journal.CommitAsync(step);
            if (step.Deleted == 0) return;
            await PauseAsync(cancellation);
        }
    }

    private async Task PauseAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (options.Pause > TimeSpan.Zero) await Task.Delay(options.Pause, time, cancellation);
    }

    private async Task<T> ReadAsync<T>(Func<ManagementDb, Task<T>> read)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await read(scope.ServiceProvider.GetRequiredService<ManagementDb>());
    }
}
