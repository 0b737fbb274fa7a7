using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>What filters of triggers took and dropped.</summary>
internal static class FiltersApi
{
    public static void Map(RouteGroupBuilder api) =>
        api.MapGet("/workflows/{id}/filters", ListAsync).Needs(Role.Viewer).ForName("id", "workflow").WithTags("Workflows").WithName("listFilters").WithSummary("What the filters of a workflow's triggers took and dropped; a few seconds behind").ProducesProblem(404);

    private static async Task<Results<Ok<Page<FilterView>>, ProblemHttpResult>> ListAsync([Description("As in a list, its / written %2F.")] string id, ManagementDb db, ApiSources sources, CancellationToken cancellation)
    {
        if (WorkflowsApi.Find(sources, id) is not { } workflow) return ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));
        var rows = await db.FilterCounts.Where(c => c.WorkflowId == workflow.WorkflowId).OrderBy(c => c.TriggerId).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Whole(rows.ConvertAll(c => new FilterView(c.TriggerId, c.Passed, new DroppedByFilters(c.ByWhen, c.ByDedupe, c.ByChanged, c.ByThrottle), c.ByRepeat, c.Sample is { } sample ? Json.Parse(sample) : Json.Null))));
    }
}

/// <summary>What the filters of a trigger took and dropped.</summary>
internal sealed record FilterView(
    [property: Description("The trigger's id.")] string Trigger,
    [property: Description("Events that got past them.")] long Passed,
    DroppedByFilters Dropped,
    [property: Description("Events that repeated an earlier one, by idempotencyKey.")] long Repeated,
    [property: Description("One of the last events that were dropped: { at, by, type, subject, data }, data as text of at most 4096 bytes; null before the first.")] Json Sample);

/// <summary>Events that were dropped, by the filter that did.</summary>
internal sealed record DroppedByFilters(long When, long Dedupe, long Changed, long Throttle);
