using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Automation.Server.Callbacks;
using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>How a walk ended.</summary>
internal enum WalkEnd
{
    /// <summary>The run ended.</summary>
    Ended,

    /// <summary>All that is left of the run waits. It is stored, and nobody holds it.</summary>
    Waiting,

    /// <summary>As <see cref="Waiting"/>, but a wait was over by then: the run is still this server's and is to be walked again.</summary>
    Woken,
}

/// <summary>Walks one run's tokens over its version's graph, from its last save to its end, or until all of them wait.</summary>
/// <remarks>
/// All progress is in memory until it is saved: before a step that reaches outside at once, when a caller is to be answered, and at the end. A save is one unit of
/// the journal: the snapshot or the end, the step runs, and the deliveries that the ended steps queued (P3). Deliveries start, and callers are answered, only after it.
/// A walk that ends early (the server stops, the journal fails) leaves the run as it was last saved; steps after that are run again with the same idempotency keys (P4).
/// It ends only when all of its branches have ended, so that a run is never walked twice at a time. Saves follow one another: what one could not store, no later one leaves out.
/// </remarks>
internal sealed class RunWalk : IDisposable
{
    // Between two tries to store something while the journal cannot write: it tries itself, and answers at once.
    private static readonly TimeSpan SavePause = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly List<Task> branches = [];
    private readonly StepTrace trace = new();
    private readonly RunProgress progress;
    private readonly List<Delivery> queued = [];
    private readonly List<Change> called = [];
    private readonly RunWindow window;
    private readonly Action<DateTimeOffset> waiting;
    private readonly Action<RunAccepted> started;
    private readonly Action<EndedWaits> woken;
    private readonly TimeSpan? limit;
    private readonly DateTimeOffset? deadline; // when the run has to have ended; null for never
    private readonly CancellationToken stopping;
    private readonly TaskCompletionSource<RunAnswer>? answer;
    private ResponseToCaller? response;
    private bool answered;
    private bool isAnswerKept;
    private Json? state;
    private bool hasNewState;
    private ImmutableDictionary<string, StepMemory> memories;
    private readonly Dictionary<string, StepRemembered> remembered = [];
    private readonly SemaphoreSlim memoryTurn = new(1);
    private long grown;
    private int changes;
    private int saved;
    private bool hasBegun;
    private bool isClosed;
    private Task? saving;
    private CancellationTokenSource? siblings;
    private ExceptionDispatchInfo? broken;

    /// <param name="work">The run.</param>
    /// <param name="services">What it needs.</param>
    /// <param name="window">Where its size is counted.</param>
    /// <param name="answer">Takes the answer to its caller; null when none waits.</param>
    /// <param name="waiting">Told of the time of each wait that was stored and that ends by itself.</param>
    /// <param name="started">Told of each run that was stored because this one started it.</param>
    /// <param name="woken">Told of the waits of other runs that this one ended.</param>
    /// <param name="stopping">Ends the walk where it is.</param>
    public RunWalk(
        RunWork work, RunServices services, RunWindow window, TaskCompletionSource<RunAnswer>? answer, Action<DateTimeOffset> waiting, Action<RunAccepted> started, Action<EndedWaits> woken, CancellationToken stopping)
    {
        this.waiting = waiting;
        this.started = started;
        this.woken = woken;
        limit = LimitOf(work.Version, services.MaxRunTime);
        deadline = work.Deadline ?? services.Time.GetUtcNow() + limit;
        Work = work;
        Services = services;
        this.window = window;
        this.answer = answer;
        this.stopping = stopping;
        StartedAt = work.StartedAt ?? services.Time.GetUtcNow();
        progress = new RunProgress(work, services, trace);
        state = work.Key is null ? null : work.State ?? Json.Parse("{}");
        memories = work.Memories;
    }

    public RunWork Work { get; }

    public RunServices Services { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary><c>succeeded</c>, <c>failed</c> or <c>cancelled</c>, after <see cref="WalkEnd.Ended"/>.</summary>
    public string State => progress.IsCancelled ? "cancelled" : progress.Failure is null ? "succeeded" : "failed";

    /// <summary>True when an operator wants the run to end, or its time is up.</summary>
    public bool IsCutOff
    {
        get
        {
            lock (gate) return progress.IsCutOff;
        }
    }

    /// <summary>Who of its key has the turn after the end of the run.</summary>
    public KeyTurn Next { get; private set; }

    /// <summary>The key's state as the run has it now; null when it keeps none.</summary>
    public Json? KeyState
    {
        get
        {
            lock (gate) return hasNewState || Work.State is not null ? state : null;
        }
    }

    /// <summary>The run's variables, a JSON object.</summary>
    public Json Variables
    {
        get
        {
            lock (gate) return progress.Variables;
        }
    }

    /// <summary>True while a caller waits who has not been answered.</summary>
    public bool TakesResponse => (answer is { Task.IsCompleted: false } || Work.KeepsAnswer) && !answered && response is null;

    /// <summary>True once nothing is to follow a token's step: the run, or the round of a loop that the token is in, has failed.</summary>
    public bool IsStopped(Token token)
    {
        lock (gate) return progress.IsStopped(token);
    }

    /// <summary>Walks until the run ends or all that is left of it waits, and saves that.</summary>
    /// <exception cref="OperationCanceledException">The server stops; the run stays open.</exception>
    /// <exception cref="JournalException">A save failed; the run stays open as last saved.</exception>
    public async Task<WalkEnd> WalkAsync()
    {
        if (Work.KeyProblem is { } problem) progress.Fail(Work.Start, problem);
        using var timer = deadline is { } end ? WatchTime(end) : null;
        var meanwhile = await WokenMeanwhileAsync();
        List<Token> first;
        lock (gate)
        {
            hasBegun = true;
            first = progress.IsOver ? [] : [.. progress.Running];
            foreach (var woken in Work.Woken.Concat(meanwhile)) first.AddRange(progress.Wake(woken));
            if (Work.Woken.Count + meanwhile.Count > 0) changes++;
            if (first.Count > 1) siblings ??= CancellationTokenSource.CreateLinkedTokenSource(stopping);
        }

        foreach (var token in first) Begin(token);
        for (var at = 0; BranchAt(at) is { } branch; at++) await branch; // a branch adds those that leave it before it ends
        broken?.Throw();
        return progress.IsOver ? await EndAsync() : await SuspendAsync();
    }

    /// <summary>A wait of a run that is being walked is over. Does nothing when the walk is about to end: the journal tells it then.</summary>
    public void Wake(Woken woken)
    {
        lock (gate)
        {
            if (isClosed || broken is not null) return;
            if (!hasBegun)
            {
                Work.Woken = [.. Work.Woken, woken];
                return;
            }

            var next = progress.Wake(woken);
            if (next.Count > 0) siblings ??= CancellationTokenSource.CreateLinkedTokenSource(stopping);
            foreach (var token in next) BeginLater(token);
        }
    }

    /// <summary>Waits that ended after the run was claimed and before this walk was known to whoever ended them.</summary>
    private async ValueTask<IReadOnlyList<Woken>> WokenMeanwhileAsync()
    {
        if (!progress.HasWaits) return [];
        var read = new WokenRead(Work.RunId);
        await Services.Journal.CommitAsync(read);
        return read.Woken;
    }

    /// <summary>Ends the run: steps under way are cut off, nothing further begins, what has ended is kept. Does nothing once the walk is about to end.</summary>
    public void Cancel() => CutOff(() => progress.Cancel());

    private void CutOff(Action end)
    {
        CancellationTokenSource? branches;
        lock (gate)
        {
            if (isClosed) return;
            end();
            branches = progress.IsCutOff ? siblings : null;
        }

        try
        {
            branches?.Cancel(); // without the gate: what it cuts off goes on in here
        }
        catch (ObjectDisposedException)
        {
            // the branches have ended by themselves, and the walk with them
        }
    }

    /// <summary>The shorter of what the workflow and the server say; null for no limit.</summary>
    private static TimeSpan? LimitOf(WorkflowVersion version, TimeSpan most) =>
        most == TimeSpan.Zero || version.Timeout < most ? version.Timeout : most;

    /// <summary>Ends the run at its deadline, at once if that has passed. A timer takes 49 days at most: a run that is longer in memory than that is looked at again when it waits.</summary>
    private ITimer? WatchTime(DateTimeOffset end)
    {
        var left = end - Services.Time.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            CutOff(() => progress.TimeOut(limit!.Value));
            return null;
        }

        return left > TimeSpan.FromDays(49) ? null : Services.Time.CreateTimer(_ => CutOff(() => progress.TimeOut(limit!.Value)), null, left, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The values that the token's expressions and scripts see.</summary>
    public Sandbox.SandboxScope Scope(ScopeUse uses, Token token)
    {
        lock (gate)
        {
            var isInLoop = uses.HasFlag(ScopeUse.Item) && (token.Frame.Loop is not null || Work.Version.Steps[token.Step].Type.About.Body is not null);
            return new Sandbox.SandboxScope
            {
                Event = uses.HasFlag(ScopeUse.Event) ? Work.Event.ToScope() : null,
                Input = uses.HasFlag(ScopeUse.Input) ? token.Input : null,
                Steps = uses.HasFlag(ScopeUse.Steps) ? ScopeJson.Steps(token.Frame.SeenOutputs) : null,
                Vars = uses.HasFlag(ScopeUse.Vars) ? progress.Variables : null,
                Run = uses.HasFlag(ScopeUse.Run) ? ScopeJson.Run(Work, StartedAt, CallbacksSeenBy(token)) : null,
                Env = uses.HasFlag(ScopeUse.Env) ? Services.Env : null,
                Item = isInLoop ? ItemOf(token.Frame) : null,
                Index = isInLoop ? IndexOf(token) : null,
                State = uses.HasFlag(ScopeUse.State) ? state : null,
            };
        }
    }

    /// <summary>What a step remembers of the key as of the event's time; null for nothing.</summary>
    public StepMemory? MemoryOf(StepDefinition step)
    {
        lock (gate) return memories.GetValueOrDefault(step.Id) is { } memory && memory.Type == step.TypeName && !(memory.ForgetAt <= Work.Event.AcceptedAt) ? memory : null;
    }

    /// <summary>A run that begins at a step with what the token there has: its input, variables and the outputs of earlier steps.</summary>
    public Json TimerSnapshot(StepDefinition step, Token token, Json input)
    {
        lock (gate)
        {
            var root = new Frame(null, 0) { Last = input };
            foreach (var (id, output) in token.Frame.SeenOutputs) root.Outputs.Add(id, output);
            return new RunSnapshot(0, progress.Variables, root, [new Token(step.Id, Token.FromTimer, input, "", false, root)]).Write();
        }
    }

    public void Dispose()
    {
        memoryTurn.Dispose();
        window.Grow(-grown);
        trace.Dispose();
        siblings?.Dispose();
    }

    /// <summary>The nearest item: a round without items of its own shows that of the loop around it.</summary>
    private static Json? ItemOf(Frame? frame)
    {
        while (frame is { Item: null }) frame = frame.Parent;
        return frame?.Item;
    }

    /// <summary>For a step that decides about rounds, how many there were; else the number of the nearest round.</summary>
    private Json IndexOf(Token token) =>
        Json.From(Work.Version.Steps[token.Step] is { Type: RepeatStep } || token.Frame.Loop is null ? token.Round : token.Frame.Index);

    /// <summary>The callback URLs of the wait steps in the token's round, and in those around it.</summary>
    private IEnumerable<(string Step, string Url)> CallbacksSeenBy(Token token)
    {
        foreach (var step in Work.Version.Callbacks.Keys)
        {
            var loop = Work.Version.LoopAround(step);
            for (var frame = token.Frame; frame is not null; frame = frame.Parent)
            {
                if (frame.Loop?.At.Step == loop) yield return (step, Services.CallbackUrl(new CallbackAddress(Work.RunId, step, frame.Iteration)));
            }
        }
    }

    private void Begin(Token token)
    {
        var branch = BranchAsync(token);
        lock (gate) branches.Add(branch);
    }

    // Called with the gate held, so on another thread.
    private void BeginLater(Token token) => branches.Add(Task.Run(() => BranchAsync(token)));

    private Task? BranchAt(int index)
    {
        lock (gate)
        {
            if (index < branches.Count) return branches[index];
            isClosed = true;
            return null;
        }
    }

    /// <summary>Never throws: what ends a branch early ends the others too, and is thrown when all have ended.</summary>
    private async Task BranchAsync(Token token)
    {
        try
        {
            await FollowAsync(token);
        }
        catch (Exception error)
        {
            CancellationTokenSource? others;
            lock (gate)
            {
                if (progress.IsCutOff && error is OperationCanceledException && !stopping.IsCancellationRequested) return;
                broken ??= ExceptionDispatchInfo.Capture(error);
                others = siblings;
            }

            if (others is not null) await others.CancelAsync();
        }
    }

    private async Task FollowAsync(Token first)
    {
        for (var token = first; ;)
        {
            CancellationToken cancelled;
            List<Token>? next = null;
            lock (gate)
            {
                if (broken is not null) return;
                if (progress.IsStopped(token)) next = progress.Drop(token);
                cancelled = siblings?.Token ?? stopping;
            }

            if (next is null)
            {
                var step = Work.Version.Steps[token.Step];
                if (step.Type.About.Effect && !step.Disabled)
                {
                    await SaveAsync();
                    cancelled = Cancellable();
                }

                // What a step remembers is read, changed and taken over before another token reads it.
                var remembers = step.Type.About.PerKey;
                if (remembers) await memoryTurn.WaitAsync(cancelled);
                bool saveNow, respondNow;
                try
                {
                    var end = await StepRunner.RunAsync(this, step, token, cancelled);
                    next = Take(token, end, out saveNow, out respondNow);
                }
                finally
                {
                    if (remembers) memoryTurn.Release();
                }

                if (saveNow) await SaveAsync();
                if (saveNow && respondNow) Answer(new RunAnswer(Work.RunId, response, Json.Null, null, null));
            }

            if (next.Count == 0) return;
            for (var i = 1; i < next.Count; i++) Begin(next[i]);
            token = next[0];
        }
    }

    /// <summary>What cuts a step off that may take long; other steps are waited for.</summary>
    private CancellationToken Cancellable()
    {
        lock (gate)
        {
            siblings ??= CancellationTokenSource.CreateLinkedTokenSource(stopping);
            if (progress.IsCutOff) siblings.Cancel();
            return siblings.Token;
        }
    }

    private List<Token> Take(Token token, StepEnd end, out bool saveNow, out bool respondNow)
    {
        lock (gate)
        {
            changes++;
            saveNow = respondNow = false;
            var (run, execution) = end;
            if (end.PauseUntil is { } until)
            {
                var others = progress.Park(token, run.StartedAt, null, until, end.Earlier);
                saveNow = HasToTellOfWaits;
                return others;
            }

            if (execution?.Remembered is { } memory)
            {
                memory = memory with { ForgetAt = memory.ForgetAt ?? (memory.Timer is null ? Services.Time.GetUtcNow() + Work.Version.Key?.StateTtl : null) };
                remembered[memory.Step] = memory;
                memories = Apply(memory, memories);
            }

            if (run.Error is null && execution is not null)
            {
                if (execution.Queued is { } deliveries) queued.AddRange(deliveries);
                if (execution.Called is { } call && (run.Result.Wait is null || !progress.IsStopped(token))) called.AddRange(call);
                if (execution.State is { } after) (state, hasNewState) = (after, true);
                if (execution.Variables is { } values) progress.Variables = ScopeJson.Merge(progress.Variables, values);
                saveNow = respondNow = response is null && execution.Response is not null;
                response ??= execution.Response;
            }

            if (run.Error is null && run.Result.Wait is { } wait)
            {
                var said = wait.GoesOn && execution?.Lines is { } lines ? new Tries(token.Earlier?.Attempts ?? 0, lines) : null;
                var others = progress.Park(token, run.StartedAt, wait, wait.Until, said);
                saveNow |= HasToTellOfWaits;
                return others;
            }

            var before = progress.Bytes;
            var next = progress.Complete(token, run);
            grown += progress.Bytes - before;
            window.Grow(progress.Bytes - before);
            if (next.Count > 1) siblings ??= CancellationTokenSource.CreateLinkedTokenSource(stopping);
            saveNow |= HasToTellOfWaits;
            if (progress.IsOver && progress.Running.Count == 0) saveNow = false; // the end saves, and answers
            return next;
        }
    }

    /// <summary>The rows of waits are what ends them: while other branches are under way they cannot wait for the run to be stored as waiting.</summary>
    private bool HasToTellOfWaits => progress.HasNewWaits && progress.Running.Count > 0;

    /// <summary>Returns when everything that has happened until now is saved. Nothing to save: returns at once.</summary>
    private async ValueTask SaveAsync()
    {
        int wanted;
        lock (gate) wanted = changes;
        while (true)
        {
            Task save;
            lock (gate)
            {
                if (saved >= wanted) return;
                if (saving is null or { IsCompletedSuccessfully: true }) saving = SaveOnceAsync();
                save = saving; // one that failed stays, and fails all that come later
            }

            await save;
        }
    }

    // Called with the gate held: all before the first await is one moment of the walk.
    private async Task SaveOnceAsync()
    {
        var upTo = changes;
        var unit = Progress(isWaiting: false, out var deliveries);
        await StoreAsync(unit, deliveries);
        var stored = (RunSaved)unit[^1];
        lock (gate)
        {
            saved = upTo;
            Remember(stored);
        }

        foreach (var woken in stored.Woken) Wake(woken); // over already when they were stored
    }

    private async Task<WalkEnd> SuspendAsync()
    {
        var unit = Progress(isWaiting: true, out var deliveries);
        await StoreAsync(unit, deliveries);
        var stored = (RunSaved)unit[^1];
        Remember(stored);
        Work.Woken = stored.Woken;
        return stored.Woken.Count > 0 ? WalkEnd.Woken : WalkEnd.Waiting;
    }

    private async Task<WalkEnd> EndAsync()
    {
        if (State == "succeeded" && await OutputProblemAsync() is { } mismatch) progress.Fail(progress.LastStep, mismatch);
        var failure = progress.IsCancelled ? null : progress.Failure;
        var told = failure is null ? [] : await Services.ErrorRuns.OfAsync(Work.Version.WorkflowId, Work.Version.Hash, Work.Version.OnErrorWorkflow, Work.RunId, Work.Event, failure.Step, failure.Error, StartedAt);
        var unit = TakeEffects(out var deliveries);
        unit.AddRange(told);
        KeepAnswer(new RunAnswer(Work.RunId, response, progress.Root.Last, failure?.Step, progress.IsCancelled ? RunAnswer.Cancelled : failure?.Error), unit);
        Json? error = failure is null ? null : Json.From(failure.Error);
        var (begun, ended, passed) = progress.TakeWaits();
        unit.Add(new RunEnded(Work.RunId, Work.Owner, Work.Event.Id, State, StartedAt, Services.Time.GetUtcNow(), trace.Take(), failure?.Step, error)
        {
            HasWaited = progress.HasWaited,
            IsCalled = IsCalled,
            Output = IsCalled && State == "succeeded" ? progress.Root.Last : null,
            Key = TakeKey(),
            Snapshot = failure is null ? null : progress.SnapshotForRetry(),
            Waits = begun,
            EndedWaits = ended,
            PassedEvents = passed,
        });
        await StoreAsync(unit, deliveries);
        Next = ((RunEnded)unit[^1]).Next;
        Answer(new RunAnswer(Work.RunId, response, progress.Root.Last, failure?.Step, progress.IsCancelled ? RunAnswer.Cancelled : failure?.Error));
        return WalkEnd.Ended;
    }

    private bool IsCalled => Work.Event.Trigger == Event.OfCall;

    private async ValueTask<StepError?> OutputProblemAsync() =>
        IsCalled ? await Contract.CheckAsync(Services.Sandbox, Work.Version.Program, Contract.Output, progress.Root.Last, "output_invalid", "What the run gives does not fit the workflow's \"output\".", stopping) : null;

    private List<Change> Progress(bool isWaiting, out List<(Delivery Delivery, bool Held)> deliveries)
    {
        var unit = TakeEffects(out deliveries);
        var (begun, ended, passed) = progress.TakeWaits();
        if (response is not null) KeepAnswer(new RunAnswer(Work.RunId, response, Json.Null, null, null), unit);
        unit.Add(new RunSaved(Work.RunId, Work.Owner, StartedAt, progress.Snapshot(), trace.Take()) { Waits = begun, EndedWaits = ended, PassedEvents = passed, IsWaiting = isWaiting, At = Services.Time.GetUtcNow(), Deadline = deadline, Key = TakeKey() });
        return unit;
    }

    /// <summary>For repetitions of the run's event: the same answer as the first had.</summary>
    private void KeepAnswer(RunAnswer given, List<Change> unit)
    {
        if (!Work.KeepsAnswer || isAnswerKept) return;
        isAnswerKept = true;
        unit.Add(new AnswerKept(Work.RunId, Json.From(given)));
    }

    private RunKey? TakeKey()
    {
        if (Work.Key is not { } key || Work.Version.Key is not { } rule) return null;
        var now = Services.Time.GetUtcNow();
        var taken = new RunKey(Work.Version.WorkflowId, key) { State = hasNewState ? state : null, ChangedAt = now, ExpiresAt = now + rule.StateTtl, Parks = rule.Parks, Steps = [.. remembered.Values] };
        hasNewState = false;
        remembered.Clear();
        return taken;
    }

    private void Remember(RunSaved stored)
    {
        if (stored.Key?.State is { } saved) Work.State = saved;
        foreach (var memory in stored.Key?.Steps ?? []) Work.Memories = Apply(memory, Work.Memories);
        Work.Snapshot = stored.Snapshot;
        Work.StartedAt = StartedAt;
        Work.Deadline = deadline;
        Work.Woken = [];
    }

    private static ImmutableDictionary<string, StepMemory> Apply(StepRemembered memory, ImmutableDictionary<string, StepMemory> to) =>
        memory.State is { } state ? to.SetItem(memory.Step, new StepMemory(memory.Type, state, memory.ForgetAt)) : to.Remove(memory.Step);

    private List<Change> TakeEffects(out List<(Delivery Delivery, bool Held)> deliveries)
    {
        deliveries = queued.Count == 0 ? [] : queued.ConvertAll(d => (d, Services.Deliveries.TryReserve(d)));
        queued.Clear();
        List<Change> unit = [.. deliveries.Select(d => new DeliveryQueued(d.Delivery, d.Held)), .. called];
        called.Clear();
        return unit;
    }

    private async ValueTask StoreAsync(List<Change> unit, List<(Delivery Delivery, bool Held)> deliveries)
    {
        try
        {
            await CommitAsync([.. unit]);
        }
        catch (Exception error) when (error is JournalException or OperationCanceledException)
        {
            foreach (var (delivery, held) in deliveries)
            {
                if (held) Services.Deliveries.Release(delivery.Destination);
            }

            throw;
        }

        foreach (var (delivery, held) in deliveries)
        {
            if (held) Services.Deliveries.Start(delivery);
            else if (delivery.Request.OrderKey is not null) Services.Deliveries.Wake(); // it may be its turn
        }

        var begun = unit[^1] is RunSaved save ? save.Waits : unit[^1] is RunEnded { Snapshot: not null } end ? end.Waits : [];
        if (begun.Count > 0 && begun.Min(wait => wait.DueAt) is { } due) waiting(due);
        if (unit.Select(change => (change as RunSaved)?.Key ?? (change as RunEnded)?.Key).FirstOrDefault(key => key is not null) is { Steps: { Count: > 0 } steps } && steps.Min(step => step.Timer?.DueAt) is { } timer) waiting(timer);
        if (unit[^1] is RunSaved { IsWaiting: true, Deadline: { } last }) waiting(last);
        foreach (var change in unit)
        {
            if (change is RunAccepted run) started(run);
            else if (change is EventAccepted { Ended: { } byEvent }) woken(byEvent);
            else if (change is EventEmitted) Services.Emitted();
            else if (change is RunEnded { Ended: var byEnd }) woken(byEnd);
        }

        if (unit[^1] is RunSaved { PassedEvents.Count: > 0 }) waiting(Services.Time.GetUtcNow()); // its time may have come while its step looked at the event
    }

    /// <summary>Stores a unit, however long the journal cannot write: a run that began again at its last save instead would repeat what it did since, again and again.</summary>
    private async ValueTask CommitAsync(Change[] unit)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                await Services.Journal.CommitAsync(unit);
                return;
            }
            catch (JournalException error) when (!error.Refused && error.InnerException is JournalException)
            {
                if (isFirst) Log.SaveFailed(Services.Logger, PublicId.Format(PublicId.Run, Work.RunId), Work.Version.WorkflowId, error.InnerException.Message, SavePause);
            }

            await Task.Delay(SavePause, Services.Time, stopping);
        }
    }

    private void Answer(RunAnswer result)
    {
        if (answered) return;
        answered = true;
        answer?.TrySetResult(result);
    }
}
