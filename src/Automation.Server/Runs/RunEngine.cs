using System.Collections.Concurrent;
using System.Threading.Channels;
using Automation.Server.Measures;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Automation.Server.Runs;

/// <summary>Walks the runs that this server holds, and takes up those that nobody does.</summary>
/// <remarks>
/// Runs come right after their commit (<see cref="Enqueue"/>) while there is room in memory; the others wait in the journal and are claimed in accept order.
/// Two servers never walk one run: a run is held by the server that accepted or claimed it. A run of which all that is left waits is held by nobody and does not
/// count as open: it is a row with an index entry, and comes back as one to be claimed.
/// </remarks>
internal sealed class RunEngine : BackgroundService
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1), RemotePause = TimeSpan.FromMilliseconds(200), PollPause = TimeSpan.FromSeconds(10);

    private readonly RunServices services;
    private readonly RunOptions options;
    private readonly RunFeed feed;
    private readonly VersionLookup versions;
    private readonly Channel<RunWork> queue = Channel.CreateUnbounded<RunWork>();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<RunAnswer>> callers = new();
    private readonly ConcurrentDictionary<long, RunWalk> walks = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource> cancellations = new(); // asked for, of runs that are or may be walked
    private readonly SemaphoreSlim claimSignal = new(0, 1);
    private readonly CancellationTokenSource stopWalks = new();
    private readonly CancellationToken walksStop; // outlives its source: a walk may begin while that goes
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isShared, hasDropped, isPollDue;
    private long countedAs; // the server as which it counts
    private long open;
    private long unclaimed;
    private volatile bool stopping;
    private bool disposed;

    public RunEngine(RunServices services, IOptions<RunOptions> options, RunFeed feed, VersionLookup versions)
    {
        this.services = services;
        walksStop = stopWalks.Token;
        this.options = options.Value;
        this.feed = feed;
        this.versions = versions;
        Window = new RunWindow(this.options.MaxHeld, this.options.MaxHeldBytes);
        Window.Left += OnLeft;
        open = services.Journal.OpenRunsAtStart;
        unclaimed = services.Journal.ClaimableAtStart;
        countedAs = services.Journal.Server;
    }

    /// <summary>Raised after a wait was stored that ends by itself at the time given, which may have passed.</summary>
    public event Action<DateTimeOffset>? Waiting;

    public RunWindow Window { get; }

    /// <summary>Accepted runs that have not ended, in memory and in the journal.</summary>
    public long Open => Volatile.Read(ref open);

    /// <summary>Runs in the journal that wait for room in memory.</summary>
    public long Unclaimed => Volatile.Read(ref unclaimed);

    public bool Stopping => stopping;

    /// <summary>Counts runs that are about to be accepted; false when that would be more than may be open (P9). More than that at once get in when no other is open.</summary>
    public bool TryAdmit(int runs)
    {
        var all = Interlocked.Add(ref open, runs);
        if (all <= options.MaxOpen || all == runs) return true;
        Interlocked.Add(ref open, -runs);
        return false;
    }

    /// <summary>
    /// Makes room in memory for admitted runs. False: there is none, or others wait already; they are to be stored for later, and are counted as such before
    /// they are, so that whoever comes next queues up behind them.
    /// </summary>
    public bool TryHold(int runs, long bytes)
    {
        if (!stopping && Unclaimed == 0 && Window.TryEnter(runs, bytes)) return true;
        Interlocked.Add(ref unclaimed, runs);
        return false;
    }

    /// <summary>Takes back what <see cref="TryAdmit"/> counted: the runs were not stored.</summary>
    public void Withdraw(int runs) => Interlocked.Add(ref open, -runs);

    /// <summary>Takes back what <see cref="TryAdmit"/> and <see cref="TryHold"/> counted: the runs could not be stored.</summary>
    public void Withdraw(int runs, long bytes, bool held)
    {
        Interlocked.Add(ref open, -runs);
        if (held) Window.Leave(runs, bytes);
        else Interlocked.Add(ref unclaimed, -runs);
    }

    /// <summary>An admitted run was stored that another run of its key has to end before: it leaves memory, and is free to be claimed then.</summary>
    public void Block(RunWork work, bool held)
    {
        if (held) Window.Leave(1, work.Bytes);
        else Interlocked.Decrement(ref unclaimed);
    }

    /// <summary>An admitted run was stored as failed, because too many others of its key wait.</summary>
    public void Refuse(RunWork work, bool held)
    {
        Block(work, held);
        Interlocked.Decrement(ref open);
        if (callers.TryRemove(work.RunId, out var caller)) caller.TrySetResult(new RunAnswer(work.RunId, null, Json.Null, null, RunAccepted.KeyFull));
        feed.Publish(work.RunId, work.Version.WorkflowId, "failed", services.Time.GetUtcNow());
    }

    /// <summary>Blocked runs were cancelled in the journal.</summary>
    public void ForgetBlocked(KeyDrained drained)
    {
        foreach (var run in drained.Runs) OnCancelled(new RunCancelled(run, services.Time.GetUtcNow()) { State = "pending", WorkflowId = drained.WorkflowId, WasBlocked = true });
        TakeUp(drained.Ended);
    }

    /// <summary>Takes up the run whose turn it is now.</summary>
    public void TakeUpNext(KeyTurn turn)
    {
        if (turn is KeyTurn.None) return;
        if (turn is KeyTurn.Timer) Interlocked.Increment(ref open);
        Interlocked.Increment(ref unclaimed);
        Signal();
    }

    /// <summary>A run was stored, and with it the timers of its workflow's <c>silence</c> triggers.</summary>
    public void Expect(RunAccepted run)
    {
        if (run.Watches.Count > 0) Waiting?.Invoke(run.CreatedAt + run.Watches.Min(watch => watch.After));
    }

    /// <summary>Sees that runs are taken up that were stored for later.</summary>
    public void TakeUp() => Signal();

    /// <summary>
    /// Has the runs go on whose waits ended: those that were made free to be claimed as soon as there is room (they may be more than <see cref="RunOptions.MaxOpen"/>), those that this server walks at once.
    /// </summary>
    public void TakeUp(EndedWaits ended)
    {
        foreach (var (runId, woken) in ended.Held)
        {
            if (walks.TryGetValue(runId, out var walk)) walk.Wake(woken);
        }

        if (ended.Runs == 0) return;
        Interlocked.Add(ref open, ended.Runs);
        Interlocked.Add(ref unclaimed, ended.Runs);
        Signal();
    }

    /// <summary>
    /// Ends a run wherever it is: in the journal, or in its walk, whose steps under way are cut off. Returns what the journal last said of it: still held when a step
    /// does not end within <paramref name="patience"/>; then it ends as cancelled when that does. The called runs it waited for are ended after it.
    /// </summary>
    /// <exception cref="JournalException">The journal cannot write now.</exception>
    public async Task<RunCancelled> CancelAsync(long runId, TimeSpan patience)
    {
        var change = await CancelOneAsync(runId, patience);
        foreach (var called in change.Calls) await CancelAsync(called, patience);
        return change;
    }

    private async Task<RunCancelled> CancelOneAsync(long runId, TimeSpan patience)
    {
        // Noted before the journal is asked: a walk that has not let go by then finds it.
        var left = cancellations.GetOrAdd(runId, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (walks.TryGetValue(runId, out var walk)) walk.Cancel();
        var change = new RunCancelled(runId, services.Time.GetUtcNow());
        try
        {
            await services.Journal.CommitAsync(change);
            for (var since = services.Time.GetTimestamp(); change.IsHeldElsewhere && services.Time.GetElapsedTime(since) < patience;)
            {
                await Task.Delay(RemotePause, services.Time); // its server was told
                change = new RunCancelled(runId, services.Time.GetUtcNow()) { EndedByWalk = true, Calls = change.Calls };
                await services.Journal.CommitAsync(change);
            }

            if (change is { IsHeld: true, IsHeldElsewhere: false })
            {
                await left.Task.WaitAsync(patience, services.Time);
                change = new RunCancelled(runId, services.Time.GetUtcNow()) { EndedByWalk = true, Calls = change.Calls };
                await services.Journal.CommitAsync(change);
            }
        }
        catch (TimeoutException)
        {
            return change; // stays noted
        }
        catch (JournalException)
        {
            cancellations.TryRemove(KeyValuePair.Create(runId, left));
            throw;
        }

        cancellations.TryRemove(KeyValuePair.Create(runId, left));
        if (change.Cancelled) OnCancelled(change);
        return change;
    }

    /// <summary>Looks after what other servers left, or this one before it had to register anew. The counts are those of all servers then; what is being stored at the moment is missing until the next look.</summary>
    public void Look(ServersLooked look)
    {
        var counts = isShared || look.Servers > 1 || look.Dead.Count > 0 || hasDropped || countedAs != services.Journal.Server;
        isShared = look.Servers > 1;
        hasDropped = false;
        countedAs = services.Journal.Server;
        if (counts)
        {
            Volatile.Write(ref open, look.OpenRuns);
            Volatile.Write(ref unclaimed, look.Claimable);
            if (look.Claimable > 0) Signal();
        }

        foreach (var run in look.Cancelled)
        {
            cancellations.TryAdd(run, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            if (walks.TryGetValue(run, out var walk)) walk.Cancel();
        }
    }

    /// <summary>Walks a run that was stored as held.</summary>
    public void Enqueue(RunWork work) => queue.Writer.TryWrite(work);

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, true)) return; // the container knows it by two names
        stopWalks.Cancel(); // a walk still under way stops here, before what it works with goes
        stopWalks.Dispose();
        claimSignal.Dispose();
        base.Dispose();
    }

    /// <summary>Completes <paramref name="answer"/> when the run responds or ends in this process.</summary>
    public void AnswerTo(long runId, TaskCompletionSource<RunAnswer> answer) => callers[runId] = answer;

    /// <summary>What a caller of this process is answered of the run; null when none waits for it here. Another server that takes the run over does not complete it.</summary>
    public Task<RunAnswer>? AnswerOf(long runId) => callers.TryGetValue(runId, out var caller) ? caller.Task : null;

    public void ForgetCaller(long runId) => callers.TryRemove(runId, out _);

    /// <summary>Stops taking runs up, lets those in memory end within the drain time, then cancels what is left.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        stopping = true;
        Interlocked.MemoryBarrier(); // the last run to leave either sees it, or is seen to have left
        if (Window.Runs > 0)
        {
            await Task.WhenAny(drained.Task, Task.Delay(options.DrainTime, services.Time, cancellationToken));
        }

        if (Window.Runs > 0) Log.LeftOpen(services.Logger, Window.Runs);
        await stopWalks.CancelAsync();
        queue.Writer.TryComplete();
        await base.StopAsync(cancellationToken);
    }

    /// <summary>Claims what there is room for. Returns how many runs were taken up.</summary>
    public async Task<int> ClaimOnceAsync()
    {
        var (room, known, polls) = (Window.Room, Unclaimed, isPollDue);
        if (room == 0 || (known <= 0 && !isShared && !polls)) return 0;
        isPollDue = false;
        var claimed = await services.Journal.ClaimRunsAsync(Math.Min(room, 256), Window.RoomBytes, services.Time.GetUtcNow());
        if (known > 0 || isShared) Interlocked.Add(ref unclaimed, -claimed.Count); // else nobody had counted them
        if (claimed.Count == 0 && isShared) Interlocked.Exchange(ref unclaimed, 0); // others have taken them
        else if (claimed.Count == 0 && polls && Window.Runs == 0) Interlocked.CompareExchange(ref unclaimed, 0, known); // it was counted wrongly, unless more were since
        foreach (var run in claimed) await TakeUpAsync(run);
        return claimed.Count;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var workers = Enumerable.Range(0, options.MaxConcurrent).Select(_ => WalkLoopAsync());
        return Task.WhenAll([.. workers, ClaimLoopAsync(stoppingToken), PollLoopAsync(stoppingToken)]);
    }

    /// <summary>Has the journal asked now and then, whatever is counted here: a wake-up that was missed delays runs, and strands none.</summary>
    private async Task PollLoopAsync(CancellationToken cancellation)
    {
        while (true)
        {
            await Task.Delay(PollPause, services.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (cancellation.IsCancellationRequested) return;
            isPollDue = true;
            Signal();
        }
    }

    private async Task WalkLoopAsync()
    {
        await foreach (var work in queue.Reader.ReadAllAsync(CancellationToken.None))
        {
            if (walksStop.IsCancellationRequested) continue;
            if (work.Owner != services.Journal.Server)
            {
                Drop(work); // others took this server for dead meanwhile
                continue;
            }

            SignalIfRoom();
            await WalkAsync(work);
        }
    }

    private async Task WalkAsync(RunWork work)
    {
        feed.Publish(work.RunId, work.Version.WorkflowId, "running", services.Time.GetUtcNow());
        callers.TryGetValue(work.RunId, out var answer);
        while (true)
        {
            try
            {
                var end = await WalkOnceAsync(work, answer);
                if (end is WalkEnd.Woken) continue;
                if (end is WalkEnd.Ended) callers.TryRemove(work.RunId, out _);
                break;
            }
            catch (Exception) when (walksStop.IsCancellationRequested)
            {
                return; // not by a fault of the run
            }
            catch (JournalException error) when (error.Superseded)
            {
                Log.Superseded(services.Logger, PublicId.Format(PublicId.Run, work.RunId), work.Version.WorkflowId);
                callers.TryRemove(work.RunId, out _); // whoever walks it now does not know its caller
                hasDropped = true;
                break;
            }
            catch (JournalException error) when (!IsOfThisRun(error))
            {
                Log.SaveFailed(services.Logger, PublicId.Format(PublicId.Run, work.RunId), work.Version.WorkflowId, error.Message, RetryPause);
            }
            catch (SandboxUnavailableException unavailable)
            {
                Log.SaveFailed(services.Logger, PublicId.Format(PublicId.Run, work.RunId), work.Version.WorkflowId, unavailable.Message, RetryPause); // needed for a key of what its end starts
            }
            catch (Exception defect)
            {
                Log.WalkDefect(services.Logger, PublicId.Format(PublicId.Run, work.RunId), work.Version.WorkflowId, defect);
                var key = work.Key is null ? null : new RunKey(work.Version.WorkflowId, work.Key) { Parks = work.Version.Key!.Parks };
                if (await TryEndAsync("failed", work.RunId, work.Owner, work.Event, work.Version.WorkflowId, work.Version.Hash, work.Version.OnErrorWorkflow, key, new StepError("internal_error", "The run ended by a defect of this program; the server's log says more under its id."))) break;
            }

            if (!await PauseAsync()) return;
        }

        Interlocked.Decrement(ref open);
        Window.Leave(1, work.Bytes);
        TellLeft(work.RunId);
    }

    /// <summary>A run was stored that another one started: it is nobody's.</summary>
    private void OnStarted(RunAccepted run)
    {
        Expect(run);
        if (run.HasFiredTimer) TakeUpNext(KeyTurn.Timer);
        if (run.IsRefused)
        {
            feed.Publish(run.RunId, run.WorkflowId, "failed", services.Time.GetUtcNow());
            return;
        }

        Interlocked.Increment(ref open);
        if (!run.IsBlocked) TakeUpNext(KeyTurn.Run);
    }

    private void Drop(RunWork work)
    {
        Log.Superseded(services.Logger, PublicId.Format(PublicId.Run, work.RunId), work.Version.WorkflowId);
        callers.TryRemove(work.RunId, out _);
        hasDropped = true;
        Interlocked.Decrement(ref open);
        Window.Leave(1, work.Bytes);
        TellLeft(work.RunId);
    }

    private void TellLeft(long runId)
    {
        if (cancellations.TryRemove(runId, out var asked)) asked.SetResult();
    }

    /// <summary>A run was ended in the journal that no walk had.</summary>
    private void OnCancelled(RunCancelled run)
    {
        if (run.State != "waiting") Interlocked.Decrement(ref open);
        if (run.State != "waiting" && !run.WasBlocked) Interlocked.Decrement(ref unclaimed);
        TakeUpNext(run.Next);
        TakeUp(run.Ended);
        if (callers.TryRemove(run.RunId, out var caller)) caller.TrySetResult(new RunAnswer(run.RunId, null, Json.Null, null, RunAnswer.Cancelled));
        feed.Publish(run.RunId, run.WorkflowId, "cancelled", services.Time.GetUtcNow());
    }

    private async Task<WalkEnd> WalkOnceAsync(RunWork work, TaskCompletionSource<RunAnswer>? answer)
    {
        using var walk = new RunWalk(work, services, Window, answer, due => Waiting?.Invoke(due), OnStarted, TakeUp, walksStop);
        walks[work.RunId] = walk;
        try
        {
            if (cancellations.ContainsKey(work.RunId)) walk.Cancel();
            if (work.StartedAt is null) ServerMeter.RunLag.Record((services.Time.GetUtcNow() - work.Event.AcceptedAt).TotalMilliseconds);
            var end = await walk.WalkAsync();
            if (end is WalkEnd.Woken) return end;
            TakeUpNext(walk.Next);
            var now = services.Time.GetUtcNow();
            if (end is WalkEnd.Ended) ServerMeter.RunDuration.Record((now - work.Event.AcceptedAt).TotalMilliseconds, KeyValuePair.Create(ServerMeter.State, (object?)walk.State));
            feed.Publish(work.RunId, work.Version.WorkflowId, end is WalkEnd.Ended ? walk.State : "waiting", now);
            return end;
        }
        finally
        {
            walks.TryRemove(KeyValuePair.Create(work.RunId, walk)); // it may be walked again already
        }
    }

    /// <summary>True when the run's own rows are at fault, so that trying again would fail for ever.</summary>
    private static bool IsOfThisRun(JournalException error) => error.Refused || error.InnerException is not (null or JournalException);

    /// <summary>Does not fail and does not give up before the server stops: the run is this server's already, and nobody else would take it.</summary>
    private async Task TakeUpAsync(ClaimedRun run)
    {
        WorkflowVersion? version;
        string? dropped;
        while (true)
        {
            try
            {
                version = await versions.GetAsync(run.WorkflowId, run.VersionHash);
                dropped = version is null ? null : await WhyDroppedAsync(run, version);
                break;
            }
            catch (JournalException error) when (!IsOfThisRun(error))
            {
                Log.ClaimFailed(services.Logger, error);
                if (!await PauseAsync()) return;
            }
            catch (Exception defect)
            {
                Log.WalkDefect(services.Logger, PublicId.Format(PublicId.Run, run.RunId), run.WorkflowId, defect);
                (version, dropped) = (null, null);
                break;
            }
        }

        if (dropped is not null)
        {
            Log.TimerDropped(services.Logger, run.WorkflowId, run.TriggerId, run.Key ?? "", dropped);
            while (!await TryEndAsync("cancelled", run.RunId, run.Owner, run.Event, run.WorkflowId, run.VersionHash, null, new RunKey(run.WorkflowId, run.Key!), null))
            {
                if (!await PauseAsync()) return;
            }

            Interlocked.Decrement(ref open);
            TellLeft(run.RunId);
            return;
        }

        var trigger = version?.Triggers.GetValueOrDefault(run.TriggerId);
        if (version is null || !(trigger is not null || run.TriggerId == ManualStart || run.Event.Trigger is KeyTimer.StepTrigger))
        {
            var error = new StepError("version_unavailable", $"Version {run.VersionHash} of {run.WorkflowId}, which this run is pinned to, cannot be loaded by this program. Replay the event on the current version.");
            var key = run.Key is null ? null : new RunKey(run.WorkflowId, run.Key) { Parks = true };
            while (!await TryEndAsync("failed", run.RunId, run.Owner, run.Event, run.WorkflowId, run.VersionHash, null, key, error))
            {
                if (!await PauseAsync()) return;
            }

            Interlocked.Decrement(ref open);
            TellLeft(run.RunId);
            return;
        }

        var work = new RunWork(run.RunId, run.Event, version, trigger?.Start ?? version.Start)
        {
            Owner = run.Owner,
            Snapshot = run.Snapshot,
            Woken = run.Woken,
            Key = run.Key,
            KeyProblem = version.Key is not null && run.Key is null ? KeyMissing : null,
            State = run.State,
            Memories = run.Steps,
            KeepsAnswer = run.KeepsAnswer,
            StartedAt = run.StartedAt,
            Deadline = run.Deadline,
            ClaimedBytes = run.Snapshot?.Utf8.Length ?? 0,
        };
        Window.Enter(work.Bytes);
        queue.Writer.TryWrite(work);
    }

    /// <summary>Why the run of a key's timer is not to be; null when it is, and for all other runs. A workflow that is off hears nothing, so that its silences would be false.</summary>
    private async ValueTask<string?> WhyDroppedAsync(ClaimedRun run, WorkflowVersion version)
    {
        if (run.Event.Trigger is not (KeyTimer.StepTrigger or KeyTimer.SilenceTrigger)) return null;
        if (!version.HasTimerOf(run.TriggerId, run.Event.Trigger is KeyTimer.StepTrigger)) return "the active version has no such step";
        return run.StartedAt is null && !await versions.IsOnAsync(run.WorkflowId) ? "the workflow is switched off, or its file is gone" : null;
    }

    /// <summary>False when it is to be tried again. A run whose end is refused for good, or meets a defect, is left as it is until the next start: nobody walks it, and only later runs of its key wait for it.</summary>
    private async Task<bool> TryEndAsync(string state, long runId, long owner, Event accepted, string workflowId, string version, string? onErrorWorkflow, RunKey? key, StepError? error)
    {
        try
        {
            var now = services.Time.GetUtcNow();
            var told = error is null ? [] : await services.ErrorRuns.OfAsync(workflowId, version, onErrorWorkflow, runId, accepted, null, error, now);
            var end = new RunEnded(runId, owner, accepted.Id, state, now, now, Json.Parse("[]"), null, error is null ? null : Json.From(error)) { KeepsLastSave = error is not null, Key = key, IsCalled = accepted.Trigger == Event.OfCall };
            var answer = new RunAnswer(runId, null, Json.Null, null, error ?? RunAnswer.Cancelled);
            await services.Journal.CommitAsync([.. told, new AnswerKept(runId, Json.From(answer)), end]);
            foreach (var change in told)
            {
                if (change is RunAccepted run) OnStarted(run);
                else if (change is EventAccepted { Ended: { } ended }) TakeUp(ended);
            }

            TakeUpNext(end.Next);
            TakeUp(end.Ended);
            if (callers.TryRemove(runId, out var caller)) caller.TrySetResult(answer);
            feed.Publish(runId, workflowId, state, now);
            return true;
        }
        catch (Exception failed)
        {
            if (failed is JournalException { Superseded: true }) return true;
            if (failed is SandboxUnavailableException || (failed is JournalException fault && !IsOfThisRun(fault))) return false;
            Log.LeftAsItIs(services.Logger, PublicId.Format(PublicId.Run, runId), workflowId, failed);
            return true;
        }
    }

    private async Task ClaimLoopAsync(CancellationToken cancellation)
    {
        var tookUp = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var claimed = stopping ? 0 : await ClaimOnceAsync();
                tookUp += claimed;
                if (claimed > 0) continue;
                if (tookUp > 0) Log.TookUp(services.Logger, tookUp);
                tookUp = 0;
                await claimSignal.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception error)
            {
                Log.ClaimFailed(services.Logger, error);
                if (!await PauseAsync()) return;
            }
        }
    }

    private async Task<bool> PauseAsync()
    {
        try
        {
            await Task.Delay(RetryPause, services.Time, walksStop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void OnLeft()
    {
        if (stopping && Window.Runs == 0) drained.TrySetResult();
        SignalIfRoom();
    }

    /// <summary>Takes up what waits in the journal, many at a time; or few, when a walker may have nothing to do.</summary>
    private void SignalIfRoom()
    {
        if (Unclaimed <= 0) return;
        var room = Window.Room;
        if (room > 0 && (room >= options.MaxHeld / 2 || queue.Reader.Count == 0)) Signal();
    }

    private void Signal()
    {
        try
        {
            if (claimSignal.CurrentCount == 0) claimSignal.Release();
        }
        catch (SemaphoreFullException)
        {
            // another thread signalled in between
        }
    }

    private static readonly StepError KeyMissing = new(StepError.KeyFailed, "The workflow's key could not be worked out for this event.", Pointer: "/key", Retryable: false);

    /// <summary>Trigger id of runs that an operator started without naming a trigger.</summary>
    public const string ManualStart = "manual";
}
