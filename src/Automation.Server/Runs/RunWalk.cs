using System.Runtime.ExceptionServices;
using Automation.Server.Deliveries;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Walks one run's tokens over its version's graph, from its last save to its end.</summary>
/// <remarks>
/// All progress is in memory until it is saved: before a step that reaches outside at once, when a caller is to be answered, and at the end. A save is one unit of
/// the journal: the snapshot or the end, the step runs, and the deliveries that the ended steps queued (P3). Deliveries start, and callers are answered, only after it.
/// A walk that ends early (the server stops, the journal fails) leaves the run as it was last saved; steps after that are run again with the same idempotency keys (P4).
/// It ends only when all of its branches have ended, so that a run is never walked twice at a time. Saves follow one another: what one could not store, no later one leaves out.
/// </remarks>
internal sealed class RunWalk : IDisposable
{
    private readonly Lock gate = new();
    private readonly List<Token> active = [];
    private readonly List<Task> branches = [];
    private readonly Dictionary<string, StepOutput> outputs = new(StringComparer.Ordinal);
    private readonly StepTrace trace = new();
    private readonly List<Delivery> queued = [];
    private readonly RunWindow window;
    private readonly CancellationToken stopping;
    private readonly TaskCompletionSource<RunAnswer>? answer;
    private Json variables = Json.Parse("{}");
    private ResponseToCaller? response;
    private bool answered;
    private int count;
    private long grown;
    private int saved;
    private Task? saving;
    private Json lastOutput;
    private RunFailure? failure;
    private CancellationTokenSource? siblings;
    private ExceptionDispatchInfo? broken;

    public RunWalk(RunWork work, RunServices services, RunWindow window, TaskCompletionSource<RunAnswer>? answer, CancellationToken stopping)
    {
        Work = work;
        Services = services;
        this.window = window;
        this.answer = answer;
        this.stopping = stopping;
        StartedAt = work.StartedAt ?? services.Time.GetUtcNow();
        if (work.Snapshot is { } saved) Restore(RunSnapshot.Read(saved, () => work.Event.Data));
        else active.Add(new Token(work.Start, null, work.Event.Data, "", false));
    }

    public RunWork Work { get; }

    public RunServices Services { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>The run's variables, a JSON object.</summary>
    public Json Variables
    {
        get
        {
            lock (gate) return variables;
        }
    }

    /// <summary>True while a caller waits who has not been answered.</summary>
    public bool TakesResponse => answer is not null && !answered && response is null;

    /// <summary>True once a step has failed the run: the others end the step they are at.</summary>
    public bool HasFailed
    {
        get
        {
            lock (gate) return failure is not null;
        }
    }

    /// <summary>Walks to the end and saves it.</summary>
    /// <returns>The state the run ended in.</returns>
    /// <exception cref="OperationCanceledException">The server stops; the run stays open.</exception>
    /// <exception cref="JournalException">A save failed; the run stays open as last saved.</exception>
    public async Task<string> ToEndAsync()
    {
        var first = active.ToArray();
        lock (gate)
        {
            if (first.Length > 1) siblings = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        }

        foreach (var token in first) Begin(token);
        for (var at = 0; BranchAt(at) is { } branch; at++) await branch; // a branch adds those that leave it before it ends
        broken?.Throw();
        return await EndAsync();
    }

    /// <summary>The values that the token's expressions and scripts see.</summary>
    public Sandbox.SandboxScope Scope(ScopeUse uses, Token token)
    {
        lock (gate)
        {
            return new Sandbox.SandboxScope
            {
                Event = uses.HasFlag(ScopeUse.Event) ? Work.Event.ToScope() : null,
                Input = uses.HasFlag(ScopeUse.Input) ? token.Input : null,
                Steps = uses.HasFlag(ScopeUse.Steps) ? ScopeJson.Steps(outputs) : null,
                Vars = uses.HasFlag(ScopeUse.Vars) ? variables : null,
                Run = uses.HasFlag(ScopeUse.Run) ? ScopeJson.Run(Work, StartedAt) : null,
                Env = uses.HasFlag(ScopeUse.Env) ? Services.Env : null,
            };
        }
    }

    public void Dispose()
    {
        window.Grow(-grown);
        trace.Dispose();
        siblings?.Dispose();
    }

    private void Begin(Token token)
    {
        var branch = BranchAsync(token);
        lock (gate) branches.Add(branch);
    }

    private Task? BranchAt(int index)
    {
        lock (gate) return index < branches.Count ? branches[index] : null;
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
                broken ??= ExceptionDispatchInfo.Capture(error);
                others = siblings;
            }

            if (others is not null) await others.CancelAsync();
        }
    }

    private async Task FollowAsync(Token token)
    {
        while (true)
        {
            CancellationToken cancelled;
            lock (gate)
            {
                if (failure is not null || broken is not null) return;
                cancelled = siblings?.Token ?? stopping;
            }

            var step = Work.Version.Steps[token.Step];
            if (step.Type.About.Effect && !step.Disabled) await SaveAsync();
            var (run, execution) = await StepRunner.RunAsync(this, step, token, cancelled);
            var next = Complete(step, token, run, execution, out var respondNow);
            if (respondNow)
            {
                await SaveAsync();
                Answer(new RunAnswer(Work.RunId, response, Json.Null, null, null));
            }

            if (next.Count == 0) return;
            for (var i = 1; i < next.Count; i++) Begin(next[i]);
            token = next[0];
        }
    }

    private List<Token> Complete(StepDefinition step, Token token, StepRun run, StepExecution? execution, out bool respondNow)
    {
        lock (gate)
        {
            count++;
            trace.Add(count, step, token, run);
            outputs[step.Id] = new StepOutput(run.Result.Outcome, run.Result.Output);
            lastOutput = run.Result.Output;
            respondNow = false;
            if (run.Error is null && execution is not null)
            {
                if (execution.Queued is { } deliveries) queued.AddRange(deliveries);
                if (execution.Variables is { } values) variables = ScopeJson.Merge(variables, values);
                respondNow = response is null && execution.Response is not null;
                response ??= execution.Response;
            }

            active.Remove(token);
            var next = Next(step, token, run);
            if (TakesTooMuch(run.Result.Output.Utf8.Length))
            {
                failure ??= new RunFailure(step.Id, new StepError("run_too_large", $"The steps of the run have put out {grown} bytes, more than a run may (Runs:MaxRunBytes). Pass on less, or split the work into several runs.", Retryable: false));
                next = [];
            }
            else if (next.Count > 0 && count >= Services.MaxStepRuns)
            {
                failure ??= new RunFailure(step.Id, new StepError("too_many_steps", $"The run has run {count} steps, which is the most a run may (Runs:MaxStepRuns). Steps that several arrows lead to run once for each.", Retryable: false));
                next = [];
            }

            if (next.Count > 1) siblings ??= CancellationTokenSource.CreateLinkedTokenSource(stopping);
            active.AddRange(next);
            respondNow &= active.Count > 0; // else the end answers
            return next;
        }
    }

    private bool TakesTooMuch(int size)
    {
        grown += size;
        window.Grow(size);
        return grown > Services.MaxRunBytes;
    }

    private List<Token> Next(StepDefinition step, Token token, StepRun run)
    {
        if (step.Next.TryGetValue(run.Result.Outcome, out var ids))
        {
            var tokens = new List<Token>(ids.Length);
            foreach (var id in ids) tokens.Add(new Token(id, count, run.Result.Output, IterationAt(id, step.Id, token), token.Handling));
            return tokens;
        }

        if (run.Error is not { } error) return [];
        if (Work.Version.OnError is { } handler && !token.Handling)
        {
            return [new Token(handler, count, run.Result.Output, $"{token.Iteration}.{step.Id}", true)];
        }

        failure ??= new RunFailure(step.Id, error);
        return [];
    }

    private string IterationAt(string id, string from, Token token) => Work.Version.MergePoints.Contains(id) ? $"{token.Iteration}.{from}" : token.Iteration;

    /// <summary>Returns when everything that has happened until now is saved. Nothing to save: returns at once.</summary>
    private async ValueTask SaveAsync()
    {
        int wanted;
        lock (gate) wanted = count;
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
        var upTo = count;
        var snapshot = new RunSnapshot(count, variables, outputs, active) { Failure = failure }.Write();
        var changes = TakeDeliveries(out var deliveries);
        changes.Insert(0, new RunSaved(Work.RunId, StartedAt, snapshot, trace.Take()));
        await StartAsync(Services.Journal.CommitAsync(changes.ToArray()), deliveries);
        lock (gate)
        {
            saved = upTo;
            Work.Snapshot = snapshot;
            Work.StartedAt = StartedAt;
        }
    }

    private async Task<string> EndAsync()
    {
        var state = failure is null ? "succeeded" : "failed";
        var changes = TakeDeliveries(out var deliveries);
        Json? error = failure is null ? null : Json.From(failure.Error);
        changes.Add(new RunEnded(Work.RunId, Work.Event.Id, state, StartedAt, Services.Time.GetUtcNow(), trace.Take(), failure?.Step, error));
        await StartAsync(Services.Journal.CommitAsync(changes.ToArray()), deliveries);
        Answer(new RunAnswer(Work.RunId, response, lastOutput, failure?.Step, failure?.Error));
        return state;
    }

    private List<Change> TakeDeliveries(out List<(Delivery Delivery, bool Held)> deliveries)
    {
        deliveries = queued.Count == 0 ? [] : queued.ConvertAll(d => (d, Services.Deliveries.TryReserve(d.Destination)));
        queued.Clear();
        return deliveries.ConvertAll<Change>(d => new DeliveryQueued(d.Delivery, d.Held));
    }

    private async ValueTask StartAsync(ValueTask stored, List<(Delivery Delivery, bool Held)> deliveries)
    {
        try
        {
            await stored;
        }
        catch (JournalException)
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
        }
    }

    private void Answer(RunAnswer result)
    {
        if (answer is null || answered) return;
        answered = true;
        answer.TrySetResult(result);
    }

    private void Restore(RunSnapshot snapshot)
    {
        count = saved = snapshot.Count;
        failure = snapshot.Failure;
        variables = snapshot.Variables;
        foreach (var (step, output) in snapshot.Outputs) outputs.Add(step, output);
        active.AddRange(snapshot.Tokens);
    }
}
