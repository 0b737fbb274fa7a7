using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>Once a minute looks for keys that have been parked for too long, says so at <c>/health/ready</c>, and writes a line for each once a day.</summary>
/// <remarks>Only reads. Two servers that do it both write their lines; a restart writes them once more.</remarks>
internal sealed class ParkedKeys(IServiceScopeFactory scopes, IOptions<RunOptions> settings, TimeProvider time, ILogger<ParkedKeys> log) : BackgroundService
{
    // Told of in one day: what is more is in the count.
    private const int MaxTold = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly TimeSpan age = settings.Value.ParkedAge;
    private Dictionary<(long Run, DateTimeOffset At), DateTimeOffset> told = [];

    /// <summary>As of the last look; null when no key has been parked for too long.</summary>
    public string? Problem { get; private set; }

    /// <summary>Returns how many keys have been parked for too long.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var before = now - age;
        await using var scope = scopes.CreateAsyncScope();
        var parked = scope.ServiceProvider.GetRequiredService<ManagementDb>().Keys.Where(key => key.ParkedAt != null && key.ParkedAt <= before);
        var count = await parked.CountAsync(cancellation);
        var oldest = count == 0 ? [] : await parked.OrderBy(key => key.ParkedAt).Take(MaxTold).ToListAsync(cancellation);
        var still = new Dictionary<(long Run, DateTimeOffset At), DateTimeOffset>(oldest.Count);
        foreach (var key in oldest)
        {
            var parking = (key.ParkedRun!.Value, key.ParkedAt!.Value);
            var isNew = !told.TryGetValue(parking, out var last) || now - last >= TimeSpan.FromDays(1);
            still[parking] = isNew ? now : last;
            if (isNew) Log.Parked(log, key.Key, key.WorkflowId, key.ParkedAt.Value, PublicId.Format(PublicId.Run, key.ParkedRun.Value));
        }

        told = still;
        Problem = count == 0 ? null : $"{count} keys have been parked for longer than {new Duration(age)} by runs that failed (Runs:ParkedAge); /api/keys/parked lists them.";
        return count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await Task.Delay(Interval, time, stoppingToken);
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.ParkedUnknown(log, error);
            }
        }
    }
}
