using System.Runtime.InteropServices;
using Automation.Server.Storage;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Triggers.Schedules;

/// <summary>Fires the schedules whose time has come.</summary>
/// <remarks>
/// It knows only the next time; the rest is in the journal's index. The event of a time, its run and the schedule's next time are one unit, which is stored only if the schedule is still at that
/// time: neither a crash nor a second server makes a time fire twice. While intake is full or the disk fails, times wait and all come to their turn. What came while the server was not there
/// is the affair of the trigger's <see cref="MissedTimes"/>: at the start, and when the clock or the whole machine made a jump.
/// </remarks>
internal sealed class ScheduleTimer(
    Journal journal, WorkflowCatalog catalog, ScheduleTable table, Intake intake, IdSource ids, TimeProvider time, ILogger<ScheduleTimer> log) : BackgroundService
{
    // Offered at once, so that they share commits; what is due beyond that comes after.
    private const int Batch = 256;

    private const int MovesPerUnit = 1000;

    private static readonly TimeSpan BusyPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DateTimeOffset watchedUntil;
    private bool wasAway = true;

    /// <summary>Looks for schedules that another server left.</summary>
    public void Look()
    {
        lock (gate) changed.TrySetResult();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        catalog.Changed += Hear;
        watchedUntil = time.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LookAsync(Listen(), stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (JournalException error)
            {
                Log.TimerFailed(log, error.Message, RetryPause);
                await Task.Delay(RetryPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                watchedUntil = time.GetUtcNow();
            }
        }

        catalog.Changed -= Hear;
    }

    private async Task LookAsync(Task heard, CancellationToken stopping)
    {
        await table.FollowAsync(catalog.Current);
        var now = time.GetUtcNow();
        wasAway |= now - watchedUntil > Schedule.Grace;
        if (wasAway) await ResumeAsync(now);
        wasAway = false;
        var look = new SchedulesDue(now, Batch);
        await journal.CommitAsync(look);
        var pause = look.Due.Count > 0 ? await FireAsync(look.Due) : null;
        watchedUntil = time.GetUtcNow();
        if (look.Due.Count == 0) await SleepAsync(look.Next, heard, stopping);
        else if (pause is { } some) await SleepAsync(watchedUntil + some, heard, stopping);
    }

    /// <summary>Has the schedules go on whose times came while nobody looked after them.</summary>
    private async Task ResumeAsync(DateTimeOffset now)
    {
        var look = new SchedulesDue(now, int.MaxValue);
        await journal.CommitAsync(look);
        var moves = new List<Change>();
        foreach (var due in look.Due)
        {
            if (ScheduleTable.Active(catalog.Current, due) is not { } active || Schedule.TryOf(active.Config) is not { } schedule) continue;
            var next = schedule.Resume(due.At, now, active.Config.Missed);
            if (next != due.At) moves.Add(new ScheduleMoved(due.Id, due.At, next, Fires: false));
        }

        for (var at = 0; at < moves.Count; at += MovesPerUnit) await journal.CommitAsync(CollectionsMarshal.AsSpan(moves)[at..Math.Min(moves.Count, at + MovesPerUnit)]);
        if (look.Due.Count > 0) Log.Resumed(log, look.Due.Count, moves.Count);
    }

    /// <returns>How long to wait before those are tried again that could not be stored; null when there are none.</returns>
    private async Task<TimeSpan?> FireAsync(List<DueSchedule> due)
    {
        var outcomes = await Task.WhenAll(due.Select(FireAsync));
        if (Array.TrueForAll(outcomes, outcome => outcome is IntakeOutcome.Accepted)) return null;
        return Array.Exists(outcomes, outcome => outcome is IntakeOutcome.Unavailable or IntakeOutcome.Refused) ? RetryPause : BusyPause;
    }

    private async Task<IntakeOutcome> FireAsync(DueSchedule due)
    {
        if (ScheduleTable.Active(catalog.Current, due) is not { } active) return IntakeOutcome.Busy; // the table is about to follow
        if (Schedule.TryOf(active.Config) is not { } schedule)
        {
            Log.NoZone(log, due.Id.WorkflowId, due.Id.TriggerId, active.Config.TimeZone);
            await journal.CommitAsync(new ScheduleStopped(due.Id, Forget: false));
            return IntakeOutcome.Accepted;
        }

        var offer = new Offer(ScheduleEvent.Create(ids.Next(), due, active.Config.Data, time.GetUtcNow()), [active.Target]);
        var move = new ScheduleMoved(due.Id, due.At, schedule.Next(due.At), Fires: true);
        return (await intake.AcceptAsync([offer], alongside: () => move)).Outcome;
    }

    private async Task SleepAsync(DateTimeOffset? until, Task heard, CancellationToken stopping)
    {
        var planned = time.GetUtcNow() + Alarm.LongestSleep;
        if (until < planned) planned = until.Value;
        await Alarm.SleepAsync(time, planned, heard, stopping);
        var now = time.GetUtcNow();
        watchedUntil = planned < now ? planned : now;
    }

    private Task Listen()
    {
        lock (gate)
        {
            changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return changed.Task; // what changes from here on is followed, or is heard of
        }
    }

    private void Hear(WorkflowSet workflows) => Look();
}
