using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Automation.Server.Storage;

/// <summary>How many events and states of keys a round deleted.</summary>
internal readonly record struct RetentionCounts(int TooOld, int TooMany, int States = 0);

/// <summary>Deletes handled events that are too old or too many, and expired states of keys, once an hour, a few hundred in one transaction.</summary>
/// <remarks>Two servers that do it at once share the work: each transaction deletes what is there. A round that was cut off is finished by the next.</remarks>
internal sealed class Retention(Journal journal, IServiceScopeFactory scopes, IOptions<RetentionOptions> settings, TimeProvider time, ILogger<Retention> log) : BackgroundService
{
    // Soon enough for servers that are restarted often, late enough not to slow a start.
    private static readonly TimeSpan FirstRound = TimeSpan.FromMinutes(1);

    private readonly RetentionOptions options = settings.Value;

    public async Task<RetentionCounts> RunOnceAsync(CancellationToken cancellation)
    {
        var oldest = time.GetUtcNow() - options.MaxAge;
        var tooOld = await PruneAsync(IdSource.LowestAt(oldest), cancellation);
        if (tooOld > 0) Log.Pruned(log, tooOld, oldest);
        var tooMany = await FirstToKeepAsync(cancellation) is { } keep ? await PruneAsync(keep, cancellation) : 0;
        if (tooMany > 0) Log.PrunedByCount(log, tooMany, options.MaxEvents);
        var states = await ForgetAsync(cancellation);
        if (states > 0) Log.Forgotten(log, states);
        return new RetentionCounts(tooOld, tooMany, states);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var wait = FirstRound; ; wait = options.Interval)
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

    private async Task<int> PruneAsync(long before, CancellationToken cancellation)
    {
        for (var deleted = 0; ;)
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = new EventsPruned(before, options.BatchSize);
            await journal.CommitAsync(batch);
            deleted += batch.Deleted;
            if (batch.Deleted < options.BatchSize) return deleted;
            if (options.Pause > TimeSpan.Zero) await Task.Delay(options.Pause, time, cancellation);
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
            if (options.Pause > TimeSpan.Zero) await Task.Delay(options.Pause, time, cancellation);
        }
    }

    /// <summary>The oldest event within the count; null when there are not that many.</summary>
    /// <remarks>Counted over the index of runs by event, which is small; the table of events holds the bodies.</remarks>
    private async Task<long?> FirstToKeepAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ManagementDb>();
        return await db.Runs.Select(r => r.EventId).Distinct().OrderByDescending(id => id).Skip(options.MaxEvents - 1).Select(id => (long?)id).FirstOrDefaultAsync(cancellation);
    }
}
