using Automation.Server.Callbacks;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Storage;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>One try of one step: gives the step what it may see, and gathers what it wants done until the walk takes it over.</summary>
internal sealed class StepExecution(RunWalk walk, StepDefinition step, Token token, List<LogLine>? earlier, CancellationToken cancelled, CancellationToken stopping) : StepContext
{
    // A log line is for a person's eyes; what is longer belongs into an output.
    private const int LogLinesMaximum = 200, LogTextMaximum = 4096;

    public override StepDefinition Step => step;

    public override Event Event => walk.Work.Event;

    public override Json Input => token.Input;

    public override long RunId => walk.Work.RunId;

    public override CallbackAddress Callback => new(RunId, step.Id, token.Frame.Iteration);

    public override int Round => token.Round;

    public override string IdempotencyKey => token.Round == 0
        ? $"{PublicId.Format(PublicId.Run, RunId)}.{step.Id}{token.Iteration}"
        : $"{PublicId.Format(PublicId.Run, RunId)}.{step.Id}{token.Iteration}[{token.Round}]";

    public override DateTimeOffset Now => walk.Services.Time.GetUtcNow();

    public override CancellationToken Cancelled => cancelled;

    public override bool TimedOut => cancelled.IsCancellationRequested && !stopping.IsCancellationRequested;

    public List<Delivery>? Queued { get; private set; }

    /// <summary>What a call of another workflow stores.</summary>
    public List<Change>? Called { get; private set; }

    public Json? Variables { get; private set; }

    public ResponseToCaller? Response { get; private set; }

    /// <summary>The key's state as the step's script left it; null when it did not change it.</summary>
    public Json? State { get; private set; }

    /// <summary>What the step is to remember from now on; null when that did not change.</summary>
    public StepRemembered? Remembered { get; private set; }

    /// <summary>Of this try and the ones before it.</summary>
    public List<LogLine>? Lines { get; private set; } = earlier;

    public override long Queue(DeliveryRequest delivery)
    {
        var id = walk.Services.Ids.Next();
        var key = Queued is null ? IdempotencyKey : $"{IdempotencyKey}.{Queued.Count}";
        Queued ??= [];
        Queued.Add(new Delivery(id, RunId, walk.Work.Version.WorkflowId, step.Id, key, Delivery.DestinationOf(delivery.Url.Escaped), delivery, Now, 0));
        return id;
    }

    public override bool Respond(ResponseToCaller response)
    {
        if (Response is not null || !walk.TakesResponse) return false;
        Response = response;
        return true;
    }

    public override void SetVariables(Json values) => Variables = values;

    public override void Log(string level, string text)
    {
        Lines ??= [];
        if (Lines.Count == LogLinesMaximum) Lines.Add(new LogLine("warn", $"More than {LogLinesMaximum} lines; the rest is left out."));
        if (Lines.Count > LogLinesMaximum) return;
        Lines.Add(new LogLine(level, text.Length <= LogTextMaximum ? text : text[..LogTextMaximum] + "…"));
    }

    public override async ValueTask<Json> CallScriptAsync() => await CallAsync("script/" + step.Id, ScopeUse.All);

    public override async ValueTask<Json> CallScriptOnAsync(Json accepted) => await CallAsync("script/" + step.Id, ScopeUse.All, accepted: accepted);

    public override async ValueTask<Json> CallScriptAsync(Json input) => await CallAsync("script/" + step.Id, ScopeUse.All, input);

    public override async ValueTask<Json> ValidateAsync(Json value) => await CallAsync("script/" + step.Id, ScopeUse.None, value);

    public override async ValueTask<CalledRun> CallWorkflowAsync(string workflowId, Json input, bool waits)
    {
        if (walk.Work.Snapshot is not null)
        {
            // Something of this run was stored: perhaps this step run's call, before the run failed and was retried.
            var earlier = new CallRead(IdempotencyKey);
            await walk.Services.Journal.CommitAsync(earlier);
            if (earlier.RunId is { } known) return new CalledRun(known, earlier.End?.To<CallEnd>());
        }

        var (accepted, run) = await walk.Services.Calls.OfAsync(walk.Work, IdempotencyKey, workflowId, input, waits, cancelled);
        Called = [new EventAccepted(accepted, 1), run];
        return new CalledRun(run.RunId, null);
    }

    public override long Emit(string type, Json data, string? key, string? emitId)
    {
        var depth = 1 + Event.EmitDepth;
        if (depth > Calls.Deepest) throw new StepException(new StepError("emit_too_deep", $"\"{type}\" was not emitted: {Calls.Deepest} events have led to one another already. Does a workflow emit what starts it?", Retryable: false));
        var emission = new Emission(walk.Services.Ids.Next(), emitId, type, key, data, "/workflows/" + WorkflowId, depth, RunId, WorkflowId, step.Id, Now);
        Called = [.. Called ?? [], new EventEmitted(emission)];
        return emission.Id;
    }

    public override string? Key => walk.Work.Key;

    public override string WorkflowId => walk.Work.Version.WorkflowId;

    public override StepMemory? Memory => walk.MemoryOf(step);

    public override bool IsTimer => token.From == Token.FromTimer;

    public override bool TryRemember(Json? state, DateTimeOffset? forgetAt, TimerRequest? timer)
    {
        var later = timer is null ? null : new StepTimer(timer.DueAt, timer.Held?.EventId ?? Event.Id, walk.TimerSnapshot(step, token, timer.Held?.Input ?? Input));
        var bytes = (state?.Utf8.Length ?? 0) + (later?.Snapshot.Utf8.Length ?? 0);
        if (bytes > walk.Services.MaxStepStateBytes) return false;
        Remembered = new StepRemembered(step.Id, step.TypeName, state, forgetAt, later);
        return true;
    }

    public override async ValueTask<Json?> LookUpAsync(string workflowId, string key)
    {
        if (workflowId == WorkflowId && key == Key) return walk.KeyState;
        var read = new KeyStateRead(workflowId, key, Now);
        await walk.Services.Journal.CommitAsync(read);
        return read.State;
    }

    /// <summary>Works out the step's configuration: every expression of it in one sandbox call.</summary>
    public async ValueTask<object> ConfigAsync()
    {
        if (step.Config.Constant is { } constant) return constant;
        if (IsTimer && step.Type.About.PerKey) return step.Config.Fill(Nulls(step.Config.Expressions!.Expressions.Length));
        if (step.Config.Paths is { } paths && paths.TryRead(Event, token.Input, walk.Variables, out var read)) return step.Config.Fill(read);
        var values = await CallAsync(step.Config.Expressions!.Id, step.Config.Uses);
        return step.Config.Fill(values);
    }

    public override async ValueTask<object> FillAsync(ConfigTemplate template, Json input)
    {
        if (template.Constant is { } constant) return constant;
        if (template.Paths is { } paths && paths.TryRead(Event, input, walk.Variables, out var read)) return template.Fill(read);
        return template.Fill(await CallAsync(template.Expressions!.Id, ScopeUse.Input, input));
    }

    private static Json Nulls(int count) => Json.From(new object?[count]);

    private async ValueTask<Json> CallAsync(string unit, ScopeUse uses, Json? input = null, Json? accepted = null)
    {
        var scope = walk.Scope(uses, token);
        if (input is not null) scope = scope with { Input = input };
        if (accepted is not null) scope = scope with { Event = accepted };
        var result = await walk.Services.Sandbox.CallAsync(walk.Work.Version.Program, unit, scope, cancelled);
        foreach (var line in result.Log) Log(line.Level, line.Text);
        if (result.Error is not { } error)
        {
            if (result.Value.IsDeeperThan(Json.DeepestOutput)) throw new StepException("script_output_too_deep", $"The value is nested deeper than {Json.DeepestOutput} levels. Return it flatter, or as text by JSON.stringify.");
            if (result.State is not { } state) return result.Value;
            if (state.Utf8.Length > walk.Services.MaxStateBytes) throw new StepException(new StepError("state_too_large", $"The state of the key would have {state.Utf8.Length} bytes, more than it may (Runs:MaxStateBytes). Keep less in it.", Retryable: false));
            State = state;
            return result.Value;
        }

        throw new StepException(new StepError(CodeOf(error.Kind), error.Message, error.Script, error.Line, error.Column, error.Pointer));
    }

    private static string CodeOf(SandboxErrorKind kind) => kind switch
    {
        SandboxErrorKind.TimedOut => "script_timed_out",
        SandboxErrorKind.OutOfMemory => "script_out_of_memory",
        SandboxErrorKind.OutputTooLarge => "script_output_too_large",
        SandboxErrorKind.Crashed => "script_crashed",
        _ => "script_failed",
    };
}
