using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Steps.Types;

/// <summary>Brings parallel branches together. The run engine does it: the step has no work of its own.</summary>
/// <remarks>
/// Input: those of all branches. Output: an object from the id of the step that a branch came from to its output, for the branches that have come. Outcomes: <c>done</c>;
/// <c>timeout</c> when the time is up before. <c>all</c> goes on when no other branch can come any more: one that ended elsewhere is not waited for.
/// <c>count</c> fails with <c>join_unmet</c> when fewer can come. What comes after it has gone on is dropped.
/// </remarks>
[StepType("join", Title = "Join", Category = "Logic", Icon = "merge", Outcomes = ["done", "timeout"])]
[Description("Waits for parallel branches and hands on what each of them put out.")]
internal sealed class JoinStep : Step<JoinStep.Config>
{
    /// <summary>Which branches to wait for.</summary>
    public enum Wanted
    {
        All,
        Any,
        Count,
    }

    public sealed record Config(
        [property: Literal, Description("all: every branch that can still come. any: the first. count: as many as count says.")] Wanted Mode = Wanted.All,
        [property: Literal, Description("How many branches, with mode count."), Range(1, 1000)] int? Count = null,
        [property: Literal, Description("Longest time from the first branch that comes; then the outcome is timeout. Left out: no limit.")] Duration? Timeout = null);

    public override void Check(StepCheck check)
    {
        var counts = check.Config.TryGetProperty("mode", out var mode) && mode.ValueKind is JsonValueKind.String && mode.GetString() == "count";
        if (counts != check.Config.TryGetProperty("count", out _)) check.Problem(counts ? "/mode" : "/count", counts ? "Say how many branches: add \"count\"." : "\"count\" needs \"mode\": \"count\".");
    }

    protected override ValueTask<StepResult> RunAsync(Config config, StepContext context) => throw new InvalidOperationException("The run engine joins branches.");
}
