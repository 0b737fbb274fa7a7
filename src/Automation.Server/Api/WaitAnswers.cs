using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Callbacks;
using Automation.Server.Runs;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>What runs wait for, and answers to it by people who are signed in.</summary>
internal static class WaitAnswers
{
    /// <summary>What a run waits for; nothing once it has ended.</summary>
    public static async Task<IReadOnlyList<WaitView>> WaitsAsync(RunRow run, ManagementDb db, ApiSources sources, CancellationToken cancellation)
    {
        if (run.EndedAt is not null) return [];
        var rows = await db.Waits.Where(w => w.RunId == run.Id && w.EndedAt == null).OrderBy(w => w.Id).ToListAsync(cancellation);
        if (rows.Count == 0) return [];
        var version = (await sources.FindVersion(run.WorkflowId, run.Version))?.Version;
        return [.. rows.Select(row =>
        {
            var callback = AddressOf(row);
            return new WaitView(row.StepId, callback?.Iteration ?? "", IdSource.TimeOf(row.Id), row.DueAt, callback is not null ? version?.Callbacks.GetValueOrDefault(row.StepId)?.Choices : null);
        })];
    }

    [RequestSizeLimit(CallbackEndpoint.BodyBytes)]
    public static async Task<Results<Ok<AnsweredWait>, ProblemHttpResult>> OneAsync([Description("As run_0f9k2m7q4x3aw.")] string id, AnswerRequest answer, HttpContext context, ManagementDb db, Journal journal, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Run, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Runs.SingleOrDefaultAsync(r => r.Id == key, cancellation) is not { } run) return ApiProblem.NotFound("run", id);
        var waits = (await WaitsAsync(run, db, sources, cancellation)).Where(w => w.Answers is not null && w.Step == answer.Step && w.Iteration == (answer.Iteration ?? "")).ToList();
        if (waits is not [{ Answers: { } choices } wait]) return ApiProblem.Conflict($"\"{id}\" does not wait for an answer at \"{answer.Step}\" now. Its waits say what can be answered.");
        if (choices.Count > 0 && (answer.Outcome is null || !choices.Contains(answer.Outcome))) return ApiProblem.BadRequest($"outcome: say which: {string.Join(", ", choices)}.");
        if (choices.Count == 0 && answer.Outcome is not (null or "done")) return ApiProblem.BadRequest($"outcome: there is nothing to choose at \"{answer.Step}\"; leave it out.");
        var data = answer.Data is { } given ? Json.From(given) : Json.Null;
        if (data.IsDeeperThan(Json.DeepestOutput)) return ApiProblem.BadRequest($"data: a value may have {Json.DeepestOutput} levels.");
        var (outcome, now) = (answer.Outcome ?? "done", time.GetUtcNow());
        AuditDetail.Set(context, null, new { wait.Step, iteration = answer.Iteration, outcome });
        var told = Json.From(new { outcome, output = Json.From(new { data, by = Caller.Of(context)!.Actor, query = Json.From(new { }), method = HttpMethods.Post, receivedAt = now }) });
        var taken = new CallbackTaken(new CallbackAddress(key, wait.Step, wait.Iteration), told, now);
        await journal.CommitAsync(taken);
        if (taken.Closed is not null) return ApiProblem.Conflict($"\"{answer.Step}\" of \"{id}\" has been answered, or waits no more.");
        sources.TakeUpEnded(taken.Ended);
        return TypedResults.Ok(new AnsweredWait(outcome));
    }

    private static CallbackAddress? AddressOf(WaitRow row) => row.Match is { } match && WaitMatch.TryReadCallback(match, out var text) && CallbackAddress.TryParse(text, out var address) ? address : null;
}

/// <summary>An answer to what a run waits for.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AnswerRequest(
    [property: Description("The step that waits.")] string Step,
    [property: Description("Where in a loop, as the wait says; left out outside of loops.")] string? Iteration = null,
    [property: Description("One of the wait's answers; left out where there is nothing to choose.")] string? Outcome = null,
    [property: Description("What the step's output has as data: any JSON value.")] JsonElement? Data = null);

/// <summary>An answer that counts.</summary>
internal sealed record AnsweredWait(string Outcome);
