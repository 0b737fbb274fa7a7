using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Runs;

/// <summary>Ends the waits whose time is up, and has their runs go on; fires the timers of keys.</summary>
/// <remarks>
/// It knows only the next due time; the rest is in the journal's index. A wait ends in one commit and its run is claimed in another, so a crash between the two
/// leaves a run that is claimed at the next start.
/// </remarks>
internal sealed class WaitTimer : BackgroundService
{
    // Ended in one commit; ten thousand that are due at once take some ten commits.
    private const int Batch = 1000;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Journal journal;
    private readonly RunEngine engine;
    private readonly TimeProvider time;
    private readonly ILogger<WaitTimer> log;
    private DateTimeOffset wakeAt = DateTimeOffset.MaxValue;
    private TaskCompletionSource sooner = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WaitTimer(Journal journal, RunEngine engine, TimeProvider time, ILogger<WaitTimer> log)
    {
        this.journal = journal;
        this.engine = engine;
        this.time = time;
        this.log = log;
        engine.Waiting += Expect;
    }

    /// <summary>Looks for waits that another server left.</summary>
    public void Look() => Expect(DateTimeOffset.MinValue);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                Task heard;
                lock (gate)
                {
                    wakeAt = DateTimeOffset.MaxValue;
                    sooner = new(TaskCreationOptions.RunContinuationsAsynchronously);
                    heard = sooner.Task; // what is stored from here on is in the answer, or is heard of
                }

                var ended = await EndOnceAsync();
                if (ended.IsMore) continue;
                await SleepAsync(ended.NextDue, heard, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (JournalException error)
            {
                Log.TimerFailed(log, error.Message, RetryPause);
                await Task.Delay(RetryPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<(bool IsMore, DateTimeOffset? NextDue)> EndOnceAsync()
    {
        var now = time.GetUtcNow();
        var (ended, fired) = (new WaitsTimedOut(now, Batch), new KeyTimersFired(now, Batch));
        await journal.CommitAsync(ended, fired);
        ended.Ended.Runs += fired.Runs;
        engine.TakeUp(ended.Ended);
        return (ended.Count == Batch || fired.Count == Batch, ended.NextDue < fired.NextDue || fired.NextDue is null ? ended.NextDue : fired.NextDue);
    }

    private async Task SleepAsync(DateTimeOffset? until, Task heard, CancellationToken stopping)
    {
        lock (gate)
        {
            if (heard.IsCompleted) return;
            wakeAt = until ?? DateTimeOffset.MaxValue;
        }

        await Alarm.SleepAsync(time, until, heard, stopping);
    }

    private void Expect(DateTimeOffset due)
    {
        lock (gate)
        {
            if (due < wakeAt) sooner.TrySetResult();
        }
    }
}
