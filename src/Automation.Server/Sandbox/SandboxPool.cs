namespace Automation.Server.Sandbox;

/// <summary>Runs scripts and expressions in processes of their own, and keeps a bad script from hurting any other.</summary>
/// <remarks>
/// A call goes to the least loaded process whose first unanswered call is young; if there is none it waits here, in order, and another process is
/// started if there may be one. What waits is bounded by the callers: each waits for its own call.
/// When a process dies the first unanswered call is to blame, if the reason is known, else it gets one more try; all others run again.
/// </remarks>
internal sealed class SandboxPool : IAsyncDisposable
{
    private const long RuntimeBytes = 96L * 1024 * 1024; // resident beside the heap: 40 MB at start, buffers, compiled code

    private readonly SandboxOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<SandboxPool> logger;
    private readonly int kept;
    private readonly SandboxWatch watch;
    private readonly Lock gate = new();
    private readonly List<SandboxProcess> running = [];
    private readonly List<Task> lives = [];
    private readonly Queue<SandboxRequest> again = new(), waiting = new();
    private volatile bool hasWaiting;
    private bool isStarting, isDisposed;

    /// <param name="options">What a script may use.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Takes starts and ends of processes.</param>
    /// <param name="kept">Processes that stay when they are idle.</param>
    public SandboxPool(SandboxOptions options, TimeProvider time, ILogger<SandboxPool> logger, int kept = 1)
    {
        (this.options, this.time, this.logger, this.kept) = (options, time, logger, kept);
        watch = new SandboxWatch(time, LookAfter);
    }

    /// <summary>Processes that are ready.</summary>
    public int ProcessCount
    {
        get
        {
            lock (gate) return running.Count;
        }
    }

    /// <summary>The ids of the processes that are ready.</summary>
    public IReadOnlyList<int> ProcessIds
    {
        get
        {
            lock (gate) return [.. running.Select(p => p.Id)];
        }
    }

    /// <summary>Runs one unit. Calls that go to the same process run in the order in which they were made.</summary>
    /// <returns>The value or the error, whatever the script does.</returns>
    /// <exception cref="SandboxUnavailableException">No process can be started.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up; the script may run all the same.</exception>
    /// <exception cref="ArgumentException">The program has no such unit.</exception>
    public ValueTask<SandboxResult> CallAsync(SandboxProgram program, string unitId, SandboxScope scope, CancellationToken ct)
    {
        var request = new CallRequest(program, program.IndexOf(unitId), scope);
        Submit(request, ct);
        return new ValueTask<SandboxResult>(request.Task);
    }

    /// <summary>Compiles every unit and runs none: all syntax errors, at most one for each unit or expression.</summary>
    /// <exception cref="SandboxUnavailableException">No process can be started.</exception>
    public Task<IReadOnlyList<SandboxError>> CheckAsync(SandboxProgram program, CancellationToken ct)
    {
        var request = new CheckRequest(program);
        Submit(request, ct);
        return request.Task;
    }

    public async ValueTask DisposeAsync()
    {
        Task[] all;
        lock (gate)
        {
            if (isDisposed) return;
            isDisposed = true;
            foreach (var process in running) process.Kill();
            all = [.. lives];
        }

        watch.Dispose();
        await Task.WhenAll(all);
        AbandonWaiting(new ObjectDisposedException(nameof(SandboxPool)));
    }

    private void Submit(SandboxRequest request, CancellationToken ct)
    {
        SandboxProcess? target;
        request.CancelOn(ct);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            target = hasWaiting ? null : Choose();
            if (target is null || !target.TrySend(request))
            {
                target = null;
                waiting.Enqueue(request);
            }
        }

        watch.Wake();
        if (target is null) Pump();
        else target.Flush();
    }

    private SandboxProcess? Choose()
    {
        SandboxProcess? best = null;
        var least = int.MaxValue;
        foreach (var process in running)
        {
            var (inFlight, age, canTake) = process.Load;
            if (!canTake || inFlight >= least || (inFlight > 0 && age >= options.SlowCall)) continue;
            (best, least) = (process, inFlight);
        }

        return best;
    }

    // Gives waiting requests to processes that can take them. Called whenever that may have changed.
    private void Pump()
    {
        SandboxProcess[] touched;
        lock (gate)
        {
            hasWaiting = true;
            Interlocked.MemoryBarrier(); // an answer that comes now either sees hasWaiting, or its place is seen below
            while ((again.Count > 0 ? again : waiting).TryPeek(out var request))
            {
                if (!request.IsCompleted && Choose()?.TrySend(request) != true) break;
                (again.Count > 0 ? again : waiting).Dequeue();
            }

            hasWaiting = again.Count + waiting.Count > 0;
            if (hasWaiting && !isStarting && running.Count < options.MaxProcesses && !isDisposed)
            {
                isStarting = true;
                Live();
            }

            touched = [.. running];
        }

        foreach (var process in touched) process.Flush();
    }

    private void Answered()
    {
        Interlocked.MemoryBarrier();
        if (hasWaiting) Pump();
    }

    private void Live()
    {
        lives.RemoveAll(life => life.IsCompleted);
        lives.Add(Task.Run(LiveAsync));
    }

    // The life of one process, from its start to what is done with the calls it left.
    private async Task LiveAsync()
    {
        SandboxProcess process;
        Task<IReadOnlyList<SandboxRequest>> life;
        try
        {
            var begun = time.GetTimestamp();
            process = new SandboxProcess(SandboxLaunch.Start(options), options, time, logger);
            life = process.RunAsync(Answered);
            await ReadyAsync(process);
            process.ExtendCpu();
            logger.SandboxStarted(process.Id, (long)time.GetElapsedTime(begun).TotalMilliseconds);
        }
        catch (Exception e)
        {
            lock (gate) isStarting = false;
            logger.SandboxUnavailable(e);
            if (ProcessCount == 0) AbandonWaiting(e as SandboxUnavailableException ?? new SandboxUnavailableException($"Scripts cannot run: {e.Message}", e));
            return;
        }

        lock (gate)
        {
            isStarting = false;
            running.Add(process);
            if (isDisposed) process.Kill();
        }

        Pump();
        var left = await life;
        lock (gate) running.Remove(process);
        Inherit(process, left);
        process.Dispose();
    }

    private async Task ReadyAsync(SandboxProcess process)
    {
        try
        {
            await process.Ready.WaitAsync(options.StartTime, time);
        }
        catch (TimeoutException e)
        {
            process.Kill();
            throw new SandboxUnavailableException($"Scripts cannot run: the sandbox process was not ready after {options.StartTime.TotalSeconds:0} s.", e);
        }
    }

    private void Inherit(SandboxProcess process, IReadOnlyList<SandboxRequest> left)
    {
        if (left is [var head, ..])
        {
            var reason = ReasonToBlame(process, head);
            if (reason is { } blamed)
            {
                logger.SandboxKilled(process.Id, blamed, head.Unit, head.Program.Id, left.Count - 1);
                head.Blame(blamed, Sentence(blamed));
            }
            else if (!isDisposed)
            {
                logger.SandboxDied(process.Id, process.ExitCode, left.Count);
            }

            lock (gate)
            {
                foreach (var request in left.Skip(reason is null ? 0 : 1)) again.Enqueue(request);
            }
        }

        if (isDisposed) AbandonWaiting(new ObjectDisposedException(nameof(SandboxPool)));
        else Pump();
    }

    private static SandboxErrorKind? ReasonToBlame(SandboxProcess process, SandboxRequest head)
    {
        if (process.Condemned is { } condemned) return condemned.Request == head ? condemned.Reason : null;
        if (process.RanOutOfMemory) return SandboxErrorKind.OutOfMemory;
        return ++head.Deaths > 1 ? SandboxErrorKind.Crashed : null;
    }

    private string Sentence(SandboxErrorKind kind) => kind switch
    {
        SandboxErrorKind.TimedOut => $"The script ran longer than {options.WallTime.TotalMilliseconds:0} ms and was stopped.",
        SandboxErrorKind.OutOfMemory => $"The script used more than {options.HeapBytes / (1024 * 1024)} MB of memory and was stopped.",
        _ => "The process that ran the script died twice while running it.",
    };

    private void AbandonWaiting(Exception exception)
    {
        SandboxRequest[] all;
        lock (gate)
        {
            all = [.. again, .. waiting];
            again.Clear();
            waiting.Clear();
            hasWaiting = false;
        }

        foreach (var request in all) request.Abandon(exception);
    }

    // Returns whether any process is busy, so that the watch keeps its short interval.
    private bool LookAfter(bool extend)
    {
        SandboxProcess[] all;
        lock (gate) all = [.. running];
        var busy = false;
        foreach (var process in all)
        {
            var (inFlight, age, _) = process.Load;
            busy |= inFlight > 0;
            var resident = process.ResidentBytes;
            if (inFlight == 0) RetireIfUnused(process, age, resident);
            else if (age > options.WallTime) process.Condemn(SandboxErrorKind.TimedOut, options.WallTime);
            else if (resident > options.HeapBytes + RuntimeBytes) process.Condemn(SandboxErrorKind.OutOfMemory, TimeSpan.Zero);
            if (extend && inFlight > 0) process.ExtendCpu();
        }

        Answered();
        return busy || hasWaiting;
    }

    private void RetireIfUnused(SandboxProcess process, TimeSpan idle, long resident)
    {
        lock (gate)
        {
            var tooMany = running.Count > kept && idle > options.IdleTime;
            var tooLarge = resident > options.IdleBytes && idle > TimeSpan.FromSeconds(1);
            if ((!tooMany && !tooLarge) || process.Load.InFlight > 0) return;
            running.Remove(process);
        }

        logger.SandboxRetired(process.Id, resident);
        process.Retire();
    }
}
