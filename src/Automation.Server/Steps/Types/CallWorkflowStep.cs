using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Starts a run of another workflow, and waits for its end unless told not to.</summary>
/// <remarks>
/// Input: any, the called run's <c>event.data</c> unless <c>input</c> is set. Output: what the called run gave; with <c>wait: false</c> <c>{ run }</c>. The run is stored with this step's result, once for each
/// step run, over crashes and retries. Fails with <c>called_run_failed</c> when that run fails or is cancelled, with <c>call_input_invalid</c>, <c>workflow_unavailable</c>, <c>call_too_deep</c>, <c>call_deadlock</c>
/// when there is none to wait for.
/// </remarks>
[StepType("workflow.call", Title = "Call workflow", Category = "Logic", Icon = "workflow")]
[Description("Runs another workflow with an input, and hands on what it gives.")]
internal sealed class CallWorkflowStep : Step<CallWorkflowStep.Config>
{
    public sealed record Config(
        [property: Description("Id of the workflow, as shop/new-order. It runs on the version that is active at the call.")] string Workflow)
    {
        private readonly Json? given;

        [Description("Data of the called run's event; the step's input when left out.")]
        public Json Input
        {
            get => given ?? Json.Null;
            init => given = value;
        }

        [Description("Whether to wait for the end of the run."), DefaultValue(true)]
        public bool Wait { get; init; } = true;

        /// <summary>Null when left out, and not when it is a null.</summary>
        [JsonIgnore]
        public Json? Given => given;
    }

    protected override async ValueTask<StepResult> RunAsync(Config config, StepContext context)
    {
        var called = await context.CallWorkflowAsync(config.Workflow, config.Given ?? context.Input, config.Wait);
        if (!config.Wait) return StepResult.Done(new { run = PublicId.Format(PublicId.Run, called.RunId) });
        return called.End is { } end ? After(end) : StepResult.WaitFor(new StepWait(Json.Null) { Match = WaitMatch.OfRun(called.RunId) });
    }

    public override ValueTask<StepResult> ResumeAsync(Json memo, Json? data, StepContext context) => ValueTask.FromResult(After(data!.Value.To<CallEnd>()!));

    private static StepResult After(CallEnd end)
    {
        if (end.State == "succeeded") return StepResult.Done(end.Output ?? Json.Null);
        var how = end switch
        {
            { State: "cancelled" } => "was cancelled",
            { Error: { } error, Step: { } step } => $"failed at step \"{step}\": {error.To<StepError>()!.Message}",
            { Error: { } error } => $"failed: {error.To<StepError>()!.Message}",
            _ => "is deleted",
        };
        throw new StepException(new StepError("called_run_failed", $"The called run {end.Run} {how}", Details: Json.From(new { end.Run, end.State, end.Step, end.Error }), Retryable: false));
    }
}
