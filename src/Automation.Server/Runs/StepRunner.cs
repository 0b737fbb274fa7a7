using Automation.Server.Sandbox;
using Automation.Server.Steps;
using Automation.Server.Values;
using Automation.Server.Workflows;

namespace Automation.Server.Runs;

/// <summary>Runs one step to its outcome: its tries, the pauses between them, its time-out.</summary>
internal static class StepRunner
{
    private static readonly TimeSpan SandboxPause = TimeSpan.FromSeconds(1);

    // A shorter pause is not worth a commit.
    private static readonly TimeSpan DurablePause = TimeSpan.FromSeconds(1);

    /// <summary>Errors become the outcome <c>error</c> with the output <c>{ error, input }</c>.</summary>
    /// <exception cref="OperationCanceledException">The walk is to end: the server stops, or another branch could not be saved.</exception>
    public static async ValueTask<StepEnd> RunAsync(RunWalk walk, StepDefinition step, Token token, CancellationToken stopping)
    {
        var time = walk.Services.Time;
        var startedAt = token.Wait?.StartedAt ?? time.GetUtcNow();
        var clock = time.GetTimestamp();
        if (step.Disabled) return new StepEnd(new StepRun(StepResult.To(PassedBy(step), token.Input), null, startedAt, TimeSpan.Zero, 0, null), null);

        var lines = token.Earlier?.Lines.ToList();
        for (var attempt = 1 + (token.Earlier?.Attempts ?? 0); ; attempt++)
        {
            var (result, error, execution) = await TryWithSandboxAsync(walk, step, token, lines, stopping);
            lines = execution.Lines;
            if (error is null) return new StepEnd(new StepRun(result, null, startedAt, Elapsed(time, clock, token), attempt, lines), execution);
            if (step.Retry is not { } retry || attempt >= retry.Attempts || !error.Retryable || walk.IsStopped(token))
            {
                var failed = StepResult.To(StepResult.ErrorOutcome, ErrorOutput(step.Id, error, token.Input));
                return new StepEnd(new StepRun(failed, error, startedAt, Elapsed(time, clock, token), attempt, lines), execution);
            }

            var pause = Pause(retry, attempt, walk.Services.Random);
            if (error.RetryAfter > pause) pause = error.RetryAfter.Value;
            execution.Log("warn", $"Try {attempt} of {retry.Attempts} failed: {error.Message} Next try in {pause.TotalSeconds:0.##} s.");
            lines = execution.Lines;
            if (pause >= DurablePause && (token.Wait is null || token.Wait.IsPause))
            {
                return new StepEnd(new StepRun(default, null, startedAt, default, attempt, null), execution) { PauseUntil = time.GetUtcNow() + pause, Earlier = new Tries(attempt, lines!) };
            }

            await Task.Delay(pause, time, stopping);
        }
    }

    /// <summary>By the clock that nobody sets; over a durable wait, by the one that outlives the process.</summary>
    private static TimeSpan Elapsed(TimeProvider time, long clock, Token token) =>
        token.Wait is { } wait ? time.GetUtcNow() - wait.StartedAt : time.GetElapsedTime(clock);

    /// <summary>A step that is passed over goes on by <c>done</c>, or by its type's first outcome where there is no <c>done</c>: an <c>if</c> as if it were true.</summary>
    private static string PassedBy(StepDefinition step) =>
        step.Type.About.Outcomes is [var first, ..] outcomes && !outcomes.Contains(StepResult.DoneOutcome) ? first : StepResult.DoneOutcome;

    /// <summary>A try that found no sandbox is not the workflow's failure and does not count: the step waits until there is one again.</summary>
    private static async ValueTask<(StepResult Result, StepError? Error, StepExecution Execution)> TryWithSandboxAsync(
        RunWalk walk, StepDefinition step, Token token, List<LogLine>? lines, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return await TryAsync(walk, step, token, lines, stopping);
            }
            catch (SandboxUnavailableException unavailable)
            {
                if (walk.IsCutOff) throw new OperationCanceledException("The run is cancelled.", unavailable);
                Log.NoSandbox(walk.Services.Logger, PublicId.Format(PublicId.Run, walk.Work.RunId), walk.Work.Version.WorkflowId, step.Id, unavailable.Message, SandboxPause);
                await Task.Delay(SandboxPause, walk.Services.Time, stopping);
            }
        }
    }

    private static async ValueTask<(StepResult Result, StepError? Error, StepExecution Execution)> TryAsync(
        RunWalk walk, StepDefinition step, Token token, List<LogLine>? lines, CancellationToken stopping)
    {
        using var timeout = step.Timeout is { } limit ? new StepTimeout(limit, walk.Services.Time, stopping) : null;
        var execution = new StepExecution(walk, step, token, lines, timeout?.Token ?? stopping, stopping);
        try
        {
            var result = token is { Woken: { } woken, Wait: { IsPause: false, Memo: var memo } }
                ? await step.Type.ResumeAsync(memo, woken.Data, execution)
                : await step.Type.RunAsync(await execution.ConfigAsync(), execution);
            return (result, null, execution);
        }
        catch (Exception ended) when (stopping.IsCancellationRequested)
        {
            // Whatever a call that was cut off threw: it is not the step's failure.
            throw new OperationCanceledException("The walk is to end.", ended, stopping);
        }
        catch (StepException failed)
        {
            return (default, failed.Error, execution);
        }
        catch (Exception) when (timeout is { Token.IsCancellationRequested: true })
        {
            return (default, new StepError("timed_out", $"The step took longer than its timeout of {step.Timeout!.Value.TotalSeconds:0.###} s."), execution);
        }
        catch (Exception defect) when (defect is not SandboxUnavailableException)
        {
            Log.StepDefect(walk.Services.Logger, PublicId.Format(PublicId.Run, walk.Work.RunId), walk.Work.Version.WorkflowId, step.Id, defect);
            return (default, new StepError("internal_error", "The step failed in an unexpected way; the server's log says more under this run's id.", Retryable: false), execution);
        }
    }

    private static TimeSpan Pause(RetryPolicy retry, int attempt, Random random)
    {
        var factor = retry.Exponential ? Math.Pow(2, Math.Min(attempt - 1, 30)) : 1;
        var pause = Math.Min(retry.Initial.TotalMilliseconds * factor, retry.Max.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(pause * (1 + retry.Jitter * ((random.NextDouble() * 2) - 1)));
    }

    /// <summary><c>{ error, input }</c></summary>
    public static Json ErrorOutput(string stepId, StepError error, Json input) =>
        Json.From(new { error = new { error.Code, error.Message, step = stepId, error.Script, error.Line, error.Column, error.Pointer, error.Details }, input });

    /// <summary>Fires at a step's time-out or when the server stops.</summary>
    private sealed class StepTimeout : IDisposable
    {
        private readonly CancellationTokenSource limit;
        private readonly CancellationTokenSource either;

        public StepTimeout(TimeSpan after, TimeProvider time, CancellationToken stopping)
        {
            limit = new CancellationTokenSource(after, time);
            either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        }

        public CancellationToken Token => either.Token;

        public void Dispose()
        {
            either.Dispose();
            limit.Dispose();
        }
    }
}
