using System.ComponentModel;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Server.Api;

/// <summary>Ends runs that have not ended.</summary>
internal static class RunCancel
{
    public static async Task<Results<Ok<CancelledRun>, ProblemHttpResult>> OneAsync([Description("As run_0f9k2m7q4x3aw.")] string id, HttpContext context, ApiSources sources, TimeProvider time, ILogger<ApiSources> log)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Run, id);
        if (parameters.Problem is { } problem) return problem;
        var run = await sources.CancelRun(key);
        if (run.State is null) return ApiProblem.NotFound("run", id);
        if (run.IsHeld) return ApiProblem.Unavailable(context, $"\"{id}\" has been told to end, but a step of it is still at work; it ends when that step does. Ask again.");
        if (run.HasEnded && (run.State != "cancelled" || !run.EndedByWalk)) return ApiProblem.Conflict($"\"{id}\" has ended: it has {Words(run.State)}. Only a run that has not ended can be cancelled.");
        Log.Cancelled(log, id, run.WorkflowId);
        return TypedResults.Ok(new CancelledRun(id));
    }

    private static string Words(string state) => state == "cancelled" ? "been cancelled" : state;
}

/// <summary>A run that has ended as <c>cancelled</c>.</summary>
internal sealed record CancelledRun(string Id);
