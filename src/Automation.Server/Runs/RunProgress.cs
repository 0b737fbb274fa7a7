using Automation.Server.Steps;
using Automation.Server.Steps.Types;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Where a run is: its tokens, the loops and joins they are in, and what became of the steps so far. Decides what comes next; does nothing itself.</summary>
/// <remarks>
/// Used by one thread at a time. A token is in one frame; a frame has as many members as there are tokens, open joins and loops in it, and ends with the last of
/// them. Every method that ends something returns the tokens to walk now.
/// Once the run has failed, the bookkeeping goes on and tokens are kept where they are to go on when the run is retried.
/// </remarks>
internal sealed class RunProgress
{
    private readonly WorkflowVersion version;
    private readonly RunServices services;
    private readonly StepTrace trace;
    private readonly List<Token> running = [];
    private readonly Dictionary<long, Token> parked = [];
    private readonly List<Token> left = []; // where a failed run goes on when it is retried
    private readonly List<Join> openJoins = [];
    private readonly List<Loop> loops = [];
    private readonly List<Wait> newWaits = [];
    private readonly List<long> endedWaits = [];
    private readonly List<PassedEvent> passedEvents = [];
    private readonly Queue<Frame> unsettled = new();
    private bool isStopped;
    private bool isCancelled;
    private bool isTimedOut;
    private bool isFinal;

    /// <summary>A run at its start.</summary>
    public RunProgress(RunWork work, RunServices services, StepTrace trace)
    {
        version = work.Version;
        LastStep = work.Start;
        this.services = services;
        this.trace = trace;
        if (work.Snapshot is { } saved)
        {
            Restore(RunSnapshot.Read(saved, () => work.Event.Data));
            return;
        }

        Root = new Frame(null, 0) { Members = 1 };
        running.Add(new Token(work.Start, null, work.Event.Data, "", false, Root));
    }

    public Frame Root { get; private set; } = null!;

    /// <summary>The run's variables, a JSON object.</summary>
    public Json Variables { get; set; } = Json.Parse("{}");

    /// <summary>The step that ended last since the run came into memory; the first before any.</summary>
    public string LastStep { get; private set; }

    /// <summary>Step runs so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes that the steps have put out since the run came into memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>Why the run fails; null while it does not.</summary>
    public RunFailure? Failure { get; private set; }

    /// <summary>True when nothing is to follow any more; branches under way end the step they are at.</summary>
    public bool IsOver => Failure is not null || HasStopped || Root.Members == 0;

    /// <summary>True when the run ends because an operator wants it to. Not saved: after a crash the run goes on.</summary>
    public bool IsCancelled => isCancelled;

    /// <summary>True when steps under way are cut off.</summary>
    public bool IsCutOff => isCancelled || isTimedOut;

    public IReadOnlyList<Token> Running => running;

    /// <summary>True when rows of waits may be stored for the run.</summary>
    public bool HasWaited { get; private set; }

    /// <summary>True while anything of the run waits.</summary>
    public bool HasWaits => parked.Count > 0 || openJoins.Exists(join => join.Wait is not null);

    /// <summary>True when a wait has begun, or goes on, that is not stored so.</summary>
    public bool HasNewWaits => newWaits.Count > 0 || passedEvents.Count > 0;

    /// <summary>True when a token is not to go on, whatever its step does.</summary>
    public bool IsStopped(Token token) => Failure is not null || HasStopped || token.Frame.IsStopped;

    private bool HasStopped => isStopped || isCancelled;

    /// <summary>Fails the run before a step has run.</summary>
    public void Fail(string step, StepError error)
    {
        Failure ??= new RunFailure(step, error);
        isFinal = true;
    }

    /// <summary>Ends the run, unless it is over already.</summary>
    public void Cancel() => isCancelled |= !IsOver;

    /// <summary>Fails the run because its time is up, unless it is over already. It cannot go on from there: its time stays up.</summary>
    public void TimeOut(TimeSpan limit)
    {
        if (IsOver) return;
        isTimedOut = isFinal = true;
        var at = running.Concat(parked.Values).Select(token => token.Step).Concat(openJoins.Select(join => join.Step)).FirstOrDefault() ?? version.Start;
        Failure = new RunFailure(at, new StepError("run_timeout", $"The run took longer than the {limit.TotalSeconds:0.###} s it may.", Pointer: "/timeout", Retryable: false));
    }

    /// <summary>A step has ended.</summary>
    public List<Token> Complete(Token token, StepRun run)
    {
        var next = new List<Token>();
        running.Remove(token);
        EndWait(token.Wait);
        var step = version.Steps[token.Step];
        var number = Record(step, token, run);
        if (run.Result.EndsRun && run.Error is null)
        {
            if (Failure is null) (isStopped, Root.Last) = (true, run.Result.Output); // also out of a loop
            else left.Add(Again(token));
            return next;
        }

        if (HasStopped) return next;
        if (token.Frame.IsStopped) GiveUp(token);
        else if (run.Error is null && run.Result.Loop is { } plan) Begin(new Loop(token, number, plan, run.StartedAt), next);
        else
        {
            Follow(step, token, number, run, [Again(token)], next);
            Leave(token.Frame);
        }

        Settle(next);
        return WithinLimits(step.Id, next);
    }

    /// <summary>A step waits; or, without <paramref name="wait"/>, makes a pause before its next try.</summary>
    /// <param name="token">The token at the step.</param>
    /// <param name="startedAt">When the step began.</param>
    /// <param name="wait">What the step waits for; null for a pause.</param>
    /// <param name="until">When it ends by itself.</param>
    /// <param name="earlier">The tries so far, before a pause; or what a wait that goes on has said.</param>
    public List<Token> Park(Token token, DateTimeOffset startedAt, StepWait? wait, DateTimeOffset? until, Tries? earlier)
    {
        if (IsStopped(token)) return Drop(token);
        running.Remove(token);
        if (wait is { GoesOn: true } && token is { Wait: { } same, Woken.EventId: { } passed })
        {
            parked.Add(same.Id, token with { Woken = null, Earlier = earlier });
            passedEvents.Add(new PassedEvent(same.Id, passed));
            return [];
        }

        EndWait(token.Wait);
        var row = new Wait(services.Ids.Next(), token.Step, startedAt, until, wait?.Match, wait?.Memo ?? Json.Null) { IsPause = wait is null };
        parked.Add(row.Id, token with { Wait = row, Woken = null, Earlier = earlier });
        newWaits.Add(row);
        HasWaited = true;
        return [];
    }

    /// <summary>A token goes no further, because its frame has stopped.</summary>
    public List<Token> Drop(Token token)
    {
        var next = new List<Token>();
        running.Remove(token);
        if (Failure is not null && !HasStopped && !token.Frame.IsStopped)
        {
            left.Add(token); // with its wait, if it has one: the row is kept too
            return next;
        }

        EndWait(token.Wait);
        if (HasStopped) return next;
        GiveUp(token);
        Settle(next);
        return Walkable(next);
    }

    /// <summary>A wait is over. Nothing is to be walked when the wait is not known any more, or when the run is over.</summary>
    public List<Token> Wake(Woken woken)
    {
        var next = new List<Token>();
        if (Failure is not null || HasStopped) return next;
        if (parked.Remove(woken.WaitId, out var token))
        {
            token = token with { Woken = woken };
            running.Add(token); // the row of its wait ends when its step has gone on: until then a crash brings it back here
            next.Add(token);
        }
        else if (openJoins.Find(join => join.Wait?.Id == woken.WaitId) is { } join)
        {
            Fire(join, "timeout", null, next);
            Settle(next);
        }

        return next;
    }

    /// <summary>The rows of waits that begin and end with what is saved now.</summary>
    public (IReadOnlyList<Wait> Begun, IReadOnlyList<long> Ended, IReadOnlyList<PassedEvent> Passed) TakeWaits()
    {
        var begun = newWaits.FindAll(wait => !endedWaits.Contains(wait.Id));
        var ended = endedWaits.FindAll(id => !newWaits.Exists(wait => wait.Id == id));
        var passed = passedEvents.FindAll(passing => !endedWaits.Contains(passing.WaitId));
        newWaits.Clear();
        endedWaits.Clear();
        passedEvents.Clear();
        return (begun, ended, passed);
    }

    public Json Snapshot() =>
        new RunSnapshot(Count, Variables, Root, [.. running, .. left, .. parked.Values]) { Failure = Failure, IsFinal = isFinal, IsStopped = isStopped }.Write();

    /// <summary>From where the run, which has failed, goes on when it is retried; null when it cannot, or when that is larger than a run may be.</summary>
    public Json? SnapshotForRetry()
    {
        if (isFinal) return null;
        var snapshot = new RunSnapshot(Count, Variables, Root, [.. running, .. left, .. parked.Values]).Write();
        return snapshot.Utf8.Length <= services.MaxRunBytes ? snapshot : null;
    }

    private void Restore(RunSnapshot snapshot)
    {
        Count = snapshot.Count;
        Variables = snapshot.Variables;
        Failure = snapshot.Failure;
        isFinal = snapshot.IsFinal;
        isStopped = snapshot.IsStopped;
        Root = snapshot.Root;
        HasWaited = true;
        foreach (var token in snapshot.Tokens)
        {
            if (token.Wait is { } wait) parked.Add(wait.Id, token);
            else if (Failure is null) running.Add(token);
            else left.Add(token);
        }

        openJoins.AddRange(snapshot.Frames.SelectMany(frame => frame.Joins.Values).Where(join => !join.IsDone));
        loops.AddRange(snapshot.Frames.Select(frame => frame.Loop).OfType<Loop>().Distinct());
        foreach (var frame in snapshot.Frames)
        {
            if (frame.Loop is { } loop && (frame.Failure ?? loop.Failure) is not null) loop.Left = null; // what was given up is not saved
        }

        DropStopped();
    }

    private int Record(StepDefinition step, Token token, StepRun run)
    {
        Count++;
        LastStep = step.Id;
        trace.Add(Count, step, token, run);
        var output = run.Result.Output;
        Bytes += output.Utf8.Length;
        token.Frame.Outputs[step.Id] = new StepOutput(run.Result.Outcome, output);
        token.Frame.Last = output;
        token.Frame.LastNumber = Count;
        return Count;
    }

    /// <param name="step">The step that ended.</param>
    /// <param name="token">The token there.</param>
    /// <param name="number">Of its step run.</param>
    /// <param name="run">How it ended.</param>
    /// <param name="again">What is to be walked again when the run fails with it and is retried; null when that cannot help.</param>
    /// <param name="next">Takes the tokens that leave it.</param>
    private void Follow(StepDefinition step, Token token, int number, StepRun run, IReadOnlyList<Token>? again, List<Token> next)
    {
        if (step.Next.TryGetValue(run.Result.Outcome, out var ids))
        {
            foreach (var id in ids) Enter(id, step.Id, token with { From = number, Input = run.Result.Output }, next);
        }
        else if (run.Error is { } error)
        {
            Fail(step, token with { From = number, Input = run.Result.Output }, again, error, next);
        }
    }

    /// <param name="id">The step to go to.</param>
    /// <param name="from">The step that leads there.</param>
    /// <param name="leaving">The token there, with what it takes along.</param>
    /// <param name="next">Takes the token, unless it is to wait at a join.</param>
    private void Enter(string id, string from, Token leaving, List<Token> next)
    {
        var step = version.Steps[id];
        if (step.Type is JoinStep && !step.Disabled)
        {
            Arrive((JoinStep.Config)step.Config.Constant!, id, from, leaving, next);
            return;
        }

        Add(new Token(id, leaving.From, leaving.Input, version.MergePoints.Contains(id) ? $"{leaving.Iteration}.{from}" : leaving.Iteration, leaving.Handling, leaving.Frame), next);
    }

    private void Add(Token token, List<Token> next)
    {
        token.Frame.Members++;
        running.Add(token);
        next.Add(token);
    }

    private void Fail(StepDefinition step, Token token, IReadOnlyList<Token>? again, StepError error, List<Token> next)
    {
        if (token.Frame.Loop is { } around)
        {
            token.Frame.Failure ??= new RunFailure(step.Id, error);
            if (again is null) around.Left = null;
            else around.Left?.AddRange(again);
            DropStopped();
        }
        else if (version.OnError is { } handler && !token.Handling)
        {
            Add(new Token(handler, token.From, token.Input, $"{token.Iteration}.{step.Id}", true, token.Frame), next);
        }
        else
        {
            Failure ??= new RunFailure(step.Id, error);
            if (again is null) isFinal = true;
            else Keep(again);
        }
    }

    /// <summary>A token as it came to its step.</summary>
    private static Token Again(Token token) => token with { Wait = null, Woken = null, Earlier = null };

    private static List<Token> LeftOf(Loop loop) => loop.Left is { Count: > 0 } left ? left : [Again(loop.At)];

    /// <summary>Keeps tokens for a retry, with the rounds of loops they are in, which go on then.</summary>
    private void Keep(IReadOnlyList<Token> tokens)
    {
        foreach (var token in tokens)
        {
            left.Add(token);
            token.Frame.Members++;
            for (var frame = token.Frame; frame.Loop is { } loop; frame = loop.At.Frame)
            {
                frame.Failure = loop.Failure = null;
                frame.HasEnded = false;
                if (loops.Contains(loop)) continue;
                loops.Add(loop);
                loop.At.Frame.Members++;
            }
        }
    }

    /// <summary>A token leaves a frame that has stopped. Its loop remembers it, in case that its failure becomes the run's.</summary>
    private void GiveUp(Token token)
    {
        token.Frame.Loop?.Left?.Add(Again(token));
        Leave(token.Frame);
    }

    /// <summary>The tokens themselves; none once the run has failed: then they are kept.</summary>
    private List<Token> Walkable(List<Token> next)
    {
        if (Failure is null) return next;
        foreach (var token in next) running.Remove(token);
        left.AddRange(next);
        return [];
    }

    /// <summary>Parked tokens and joins of frames that stopped have nobody to wait for.</summary>
    private void DropStopped()
    {
        foreach (var (id, token) in parked.Where(p => p.Value.Frame.IsStopped).ToList())
        {
            parked.Remove(id);
            EndWait(token.Wait);
            GiveUp(token);
        }

        foreach (var join in openJoins.FindAll(join => join.Frame.IsStopped))
        {
            openJoins.Remove(join); // not done: it is open again when the run is retried, without its time-out
            EndWait(join.Wait);
            join.Wait = null;
            Leave(join.Frame);
        }
    }

    private void Arrive(JoinStep.Config config, string id, string from, Token token, List<Token> next)
    {
        var frame = token.Frame;
        if (!frame.Joins.TryGetValue(id, out var join))
        {
            var now = services.Time.GetUtcNow();
            frame.Joins.Add(id, join = new Join(id, frame, now) { Handling = token.Handling });
            openJoins.Add(join);
            frame.Members++;
            if (config.Timeout is { } limit)
            {
                newWaits.Add(join.Wait = new Wait(services.Ids.Next(), id, now, now + limit.Value, null, Json.Null));
                HasWaited = true;
            }
        }

        if (join.IsDone) return;
        join.Arrived[from] = token.Input;
        join.Count++;
        join.From = token.From;
        join.Handling |= token.Handling;
        var enough = config.Mode switch { JoinStep.Wanted.Any => 1, JoinStep.Wanted.Count => config.Count!.Value, _ => int.MaxValue };
        if (join.Count >= enough) Fire(join, StepResult.DoneOutcome, null, next);
    }

    private void Fire(Join join, string outcome, StepError? error, List<Token> next)
    {
        var step = version.Steps[join.Step];
        var token = new Token(join.Step, join.From, Json.Null, join.Frame.Iteration, join.Handling, join.Frame);
        var output = Json.From(join.Arrived);
        var result = error is null ? StepResult.To(outcome, output) : StepResult.To(StepResult.ErrorOutcome, StepRunner.ErrorOutput(step.Id, error, output));
        var run = new StepRun(result, error, join.StartedAt, services.Time.GetUtcNow() - join.StartedAt, 1, null);
        var number = Record(step, token, run);
        Close(join);
        Follow(step, token, number, run, null, next);
    }

    private void Close(Join join)
    {
        join.IsDone = true;
        openJoins.Remove(join);
        EndWait(join.Wait);
        Leave(join.Frame);
    }

    /// <summary>Whether anything in the join's frame can still lead there.</summary>
    private bool CanStillCome(Join join)
    {
        var before = version.BeforeJoins[join.Step];
        var byError = join.Frame.Parent is null && version.OnError is { } handler && (handler == join.Step || before.Contains(handler));
        bool Leads(Token token) => token.Frame == join.Frame && (before.Contains(token.Step) || (byError && !token.Handling));
        return running.Exists(Leads) || left.Exists(Leads) || parked.Values.Any(Leads) || loops.Exists(loop => Leads(loop.At)) || openJoins.Exists(other => other.Frame == join.Frame && before.Contains(other.Step));
    }

    private void Begin(Loop loop, List<Token> next)
    {
        loops.Add(loop); // in its token's place among the members of the frame
        if (loop.Plan.Items is null) StartRound(loop, next);
        else StartRounds(loop, next);
    }

    private void StartRounds(Loop loop, List<Token> next)
    {
        while (loop.Failure is null && loop.Next < loop.Plan.Items!.Count && loop.Running < loop.Plan.Concurrency) StartRound(loop, next);
        if (loop.Running == 0) Finish(loop, next);
    }

    private void StartRound(Loop loop, List<Token> next)
    {
        var frame = new Frame(loop, loop.Plan.Items is null ? loop.At.Round : loop.Next++);
        var input = frame.Item ?? loop.At.Input;
        loop.Running++;
        frame.Last = input;
        frame.LastNumber = loop.Number;
        var step = version.Steps[loop.At.Step];
        var token = new Token(step.Id, loop.Number, input, frame.Iteration, loop.At.Handling, frame);
        foreach (var id in step.Next.GetValueOrDefault(step.Type.About.Body!, [])) Enter(id, step.Id, token, next);
        unsettled.Enqueue(frame); // a round with no steps is over at once
    }

    private void EndRound(Loop loop, Frame round, List<Token> next)
    {
        loop.Running--;
        if (loop.At.Frame.IsStopped)
        {
            if (loop.Running > 0) return;
            loops.Remove(loop);
            loop.At.Frame.Loop?.Left?.AddRange(LeftOf(loop));
            Leave(loop.At.Frame);
        }
        else if (loop.Plan.Items is null)
        {
            if (round.Failure is { } failure)
            {
                loop.Failure = failure;
                Finish(loop, next);
                return;
            }

            loops.Remove(loop);
            loop.At.Frame.Members--; // the token takes the loop's place
            Add(loop.At with { From = round.LastNumber, Input = round.Last, Round = loop.At.Round + 1, Wait = null, Earlier = null }, next);
        }
        else
        {
            TakeResult(loop, round);
            StartRounds(loop, next);
        }
    }

    private void TakeResult(Loop loop, Frame round)
    {
        if (round.Failure is not { } failure) loop.Results[round.Index] = round.Last;
        else if (loop.Plan.OnItemError is ItemErrorPolicy.Collect) loop.Results[round.Index] = Json.From(new { error = Json.From(new { failure.Error.Code, failure.Error.Message, step = failure.Step }), item = round.Item });
        else if (loop.Failure is null)
        {
            loop.Failure = failure with { Index = round.Index };
            DropStopped();
        }
    }

    private void Finish(Loop loop, List<Token> next)
    {
        loops.Remove(loop);
        var step = version.Steps[loop.At.Step];
        StepError? error = null;
        var result = StepResult.Done(loop.Results.OfType<Json>().ToList());
        if (loop is { Failure: { } failure, Plan.OnItemError: ItemErrorPolicy.Fail })
        {
            var where = failure.Index is { } index ? $"Item {index} failed" : $"Round {loop.At.Round} failed";
            error = new StepError("item_failed", $"{where} at step \"{failure.Step}\": {failure.Error.Message}", Details: Json.From(new { failure.Index, failure.Step, failure.Error }), Retryable: false);
            result = StepResult.To(StepResult.ErrorOutcome, StepRunner.ErrorOutput(step.Id, error, loop.At.Input));
        }

        var run = new StepRun(result, error, loop.StartedAt, services.Time.GetUtcNow() - loop.StartedAt, 1, null);
        var number = Record(step, loop.At, run);
        Follow(step, loop.At, number, run, LeftOf(loop), next);
        Leave(loop.At.Frame);
    }

    private void Leave(Frame frame)
    {
        frame.Members--;
        unsettled.Enqueue(frame);
    }

    /// <summary>Ends the frames that are empty, and lets joins go on that nobody can come to any more. Not recursive: a loop may have a million rounds without a step.</summary>
    private void Settle(List<Token> next)
    {
        while (unsettled.TryDequeue(out var frame))
        {
            if (frame.Members == 0)
            {
                if (frame.Loop is not { } loop || frame.HasEnded) continue;
                frame.HasEnded = true;
                EndRound(loop, frame, next);
            }
            else if (openJoins.Find(join => join.Frame == frame && !CanStillCome(join)) is { } join)
            {
                var config = (JoinStep.Config)version.Steps[join.Step].Config.Constant!;
                var unmet = config.Mode is JoinStep.Wanted.Count
                    ? new StepError("join_unmet", $"{join.Count} of the {config.Count} branches that \"{join.Step}\" waits for have come, and no other can.", Retryable: false)
                    : null;
                Fire(join, StepResult.DoneOutcome, unmet, next);
            }
        }
    }

    private List<Token> WithinLimits(string step, List<Token> next)
    {
        if (Bytes > services.MaxRunBytes)
        {
            Failure ??= new RunFailure(step, new StepError("run_too_large", $"The steps of the run have put out {Bytes} bytes, more than a run may (Runs:MaxRunBytes). Pass on less, or split the work into several runs.", Retryable: false));
        }
        else if (next.Count > 0 && Count >= services.MaxStepRuns)
        {
            Failure ??= new RunFailure(step, new StepError("too_many_steps", $"The run has run {Count} steps, which is the most a run may (Runs:MaxStepRuns). Steps that several arrows lead to run once for each, and those of a loop once for each item.", Retryable: false));
        }

        return Walkable(next);
    }

    private void EndWait(Wait? wait)
    {
        if (wait is not null) endedWaits.Add(wait.Id);
    }
}
