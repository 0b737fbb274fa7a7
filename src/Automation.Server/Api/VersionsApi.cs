using System.ComponentModel;
using System.Net.Mime;
using Automation.Server.Access;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Which versions of a workflow were active when, and going back to one of them.</summary>
internal static class VersionsApi
{
    private const string HashDescription = "As a run names it.";

    public static void Map(RouteGroupBuilder api)
    {
        var versions = api.MapGroup("/workflows/{id}").WithTags("Versions").Needs(Role.Viewer).ForName("id", "workflow");
        versions.MapGet("/versions", ListAsync).WithName("listVersions").WithSummary("When which version of a workflow was active, newest first, with the runs that each still has")
            .ProducesValidationProblem().ProducesProblem(404);
        versions.MapGet("/versions/{hash}", GetAsync).WithName("getVersion").WithSummary("A version that ran, also when the file has changed since").ProducesProblem(404);
        versions.MapPost("/versions/{hash}/activate", ActivateAsync).Needs(Role.Editor).WithName("activateVersion").WithSummary("Go back to an older version")
            .WithDescription("It takes the events from now on, over restarts too, until the workflow's file or a script of it is edited, or the pin is lifted. Open runs stay on theirs.")
            .ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        versions.MapPost("/runs/move", RunMoving.MoveAsync).Needs(Role.Editor).WithName("moveRuns").WithSummary("Move waiting runs to another version")
            .WithDescription("Oldest first, a page a call: give `next` as `after` until it is null. Each run is moved or refused with the reasons, in a transaction of its own; one that goes on meanwhile stays on its version. A wait that has begun keeps its time and what it is for.")
            .Accepts<MoveRequest>(isOptional: true, MediaTypeNames.Application.Json)
            .ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesProblem(413).ProducesProblem(503);
        versions.MapDelete("/pin", UnpinAsync).Needs(Role.Editor).WithName("unpinWorkflow").WithSummary("End a roll back: the version that the file makes is active again").ProducesProblem(404).ProducesProblem(503);
    }

    private static async Task<Results<Ok<Page<ActivationView>>, ProblemHttpResult>> ListAsync([Description(WorkflowsApi.IdDescription)] string id, [AsParameters] VersionFilter filter, HttpRequest request, ManagementDb db, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var before = parameters.OptionalId("before", PublicId.Activation, filter.Before) ?? long.MaxValue;
        var limit = parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;
        var workflow = WorkflowsApi.Unescape(id);
        var rows = await db.Activations.Where(a => a.WorkflowId == workflow && a.Id < before).OrderByDescending(a => a.Id).Take(limit + 1).ToListAsync(cancellation);
        if (rows.Count == 0 && WorkflowsApi.Find(sources, id) is null) return ApiProblem.NoWorkflow(workflow);
        var next = await db.Activations.Where(a => a.WorkflowId == workflow && a.Id >= before).OrderBy(a => a.Id).Select(a => (DateTimeOffset?)a.At).FirstOrDefaultAsync(cancellation);

        // Without the workflow's name these are read from the index of open runs, which are few; with it, from that of all its runs.
        var open = (await db.Runs.Where(r => r.EndedAt == null && r.State != "waiting").GroupBy(r => new { r.WorkflowId, r.Version }).Select(g => new { g.Key.WorkflowId, g.Key.Version, Count = g.Count() }).ToListAsync(cancellation))
            .Where(g => g.WorkflowId == workflow).ToDictionary(g => g.Version, g => g.Count);
        var waiting = await db.Runs.Where(r => r.WorkflowId == workflow && r.State == "waiting").GroupBy(r => r.Version).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellation);
        var views = new List<ActivationView>(rows.Count);
        foreach (var row in rows)
        {
            views.Add(new ActivationView(PublicId.Format(PublicId.Activation, row.Id), row.Hash, row.At, next, row.Cause, row.Actor, row.Files, row.CommitId, open.GetValueOrDefault(row.Hash), waiting.GetValueOrDefault(row.Hash)));
            next = row.At;
        }

        return TypedResults.Ok(Page.Of(views, limit, request, view => view.Id));
    }

    private static async Task<Results<Ok<VersionDetails>, ProblemHttpResult>> GetAsync([Description(WorkflowsApi.IdDescription)] string id, [Description(HashDescription)] string hash, ManagementDb db, CancellationToken cancellation)
    {
        var workflow = WorkflowsApi.Unescape(id);
        var row = await db.Versions.SingleOrDefaultAsync(v => v.WorkflowId == workflow && v.Hash == hash, cancellation);
        return row is null ? NoVersion(workflow, hash) : TypedResults.Ok(VersionDetails.Of(row));
    }

    private static async Task<Results<Ok<WorkflowSummary>, ProblemHttpResult>> ActivateAsync([Description(WorkflowsApi.IdDescription)] string id, [Description(HashDescription)] string hash, HttpContext context, ApiSources sources, CancellationToken cancellation)
    {
        var workflow = WorkflowsApi.Unescape(id);
        AuditDetail.Set(context, new { version = WorkflowsApi.Find(sources, id)?.Version?.Hash }, new { version = hash });
        var (outcome, problems) = await sources.RollBack(workflow, hash, cancellation);
        return outcome switch
        {
            PinOutcome.Done when WorkflowsApi.Find(sources, id) is { } state => TypedResults.Ok(WorkflowSummary.Of(state)),
            PinOutcome.NoVersion => NoVersion(workflow, hash),
            PinOutcome.AlreadyActive => ApiProblem.Conflict($"Version {hash} of \"{workflow}\" is the active one."),
            PinOutcome.Broken => Broken(workflow, hash, problems),
            _ => ApiProblem.NoWorkflow(workflow),
        };
    }

    private static async Task<Results<Ok<WorkflowSummary>, ProblemHttpResult>> UnpinAsync([Description(WorkflowsApi.IdDescription)] string id, ApiSources sources, CancellationToken cancellation)
    {
        await sources.LiftPin(WorkflowsApi.Unescape(id), cancellation);
        return WorkflowsApi.Find(sources, id) is { } state ? TypedResults.Ok(WorkflowSummary.Of(state)) : ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));
    }

    public static ProblemHttpResult Broken(string workflow, string hash, IReadOnlyList<Problem> problems) =>
        ApiProblem.Conflict($"Version {hash} of \"{workflow}\" cannot be loaded by this program: {string.Join(' ', problems.Select(p => $"{p.Pointer}: {p.Message}".TrimStart(':', ' ')))}");

    private static ProblemHttpResult NoVersion(string workflow, string hash) => ApiProblem.NotFound($"version of \"{workflow}\" with the hash", hash);
}

/// <summary>Which times to list.</summary>
internal sealed record VersionFilter
{
    [Description("Only what is older than this activation: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
