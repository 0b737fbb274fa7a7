using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers.Schedules;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>The <c>schedule</c> triggers and when they fire.</summary>
internal static class SchedulesApi
{
    private const int Upcoming = 5;

    public static void Map(RouteGroupBuilder api)
    {
        var schedules = api.MapGroup("").WithTags("Schedules").Needs(Role.Viewer).ForName("id", "workflow");
        schedules.MapGet("/schedules", ListAsync).WithName("listSchedules").WithSummary("All schedules, by workflow and trigger, with their next times").ProducesValidationProblem();
        schedules.MapGet("/workflows/{id}/schedules", ListOfWorkflowAsync).WithName("listWorkflowSchedules").WithSummary("The schedules of a workflow, with their next times").ProducesProblem(404);
    }

    private static async Task<Results<Ok<Page<ScheduleView>>, ProblemHttpResult>> ListAsync([AsParameters] ScheduleFilter filter, HttpRequest request, ManagementDb db, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;
        var rows = db.Schedules.AsQueryable();
        if (filter.After is { } after)
        {
            var slash = Math.Max(0, after.LastIndexOf('/'));
            var (workflow, trigger) = (after[..slash], after[slash..].TrimStart('/'));
            rows = rows.Where(s => string.Compare(s.WorkflowId, workflow) > 0 || (s.WorkflowId == workflow && string.Compare(s.TriggerId, trigger) > 0));
        }

        var found = await rows.OrderBy(s => s.WorkflowId).ThenBy(s => s.TriggerId).Take(limit + 1).ToListAsync(cancellation);
        var page = Page.After(found, limit, request, row => $"{row.WorkflowId}/{row.TriggerId}");
        return TypedResults.Ok(new Page<ScheduleView>(Views(page.Items, sources), page.Next));
    }

    private static async Task<Results<Ok<Page<ScheduleView>>, ProblemHttpResult>> ListOfWorkflowAsync([Description("As in a list, its / written %2F.")] string id, ManagementDb db, ApiSources sources, CancellationToken cancellation)
    {
        if (WorkflowsApi.Find(sources, id) is not { } workflow) return ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));
        var rows = await db.Schedules.Where(s => s.WorkflowId == workflow.WorkflowId).OrderBy(s => s.TriggerId).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Whole(Views(rows, sources)));
    }

    /// <summary>A row whose trigger has just gone is left out.</summary>
    private static List<ScheduleView> Views(IEnumerable<ScheduleRow> rows, ApiSources sources)
    {
        var workflows = sources.Workflows().Workflows;
        var views = new List<ScheduleView>();
        foreach (var row in rows)
        {
            if (workflows.GetValueOrDefault(row.WorkflowId) is { } workflow && workflow.Version?.Triggers.GetValueOrDefault(row.TriggerId)?.Config is ScheduleTrigger.Config config) views.Add(ViewOf(row, workflow, config));
        }

        return views;
    }

    private static ScheduleView ViewOf(ScheduleRow row, WorkflowState workflow, ScheduleTrigger.Config config)
    {
        var next = new List<DateTimeOffset>();
        var schedule = Schedule.TryOf(config);
        for (var at = row.NextAt; at is { } time && next.Count < Upcoming; at = schedule?.Next(time)) next.Add(time);
        return new ScheduleView(row.WorkflowId, row.TriggerId, workflow.Enabled, config.Cron, config.Cron is null ? null : config.TimeZone ?? ZoneNames.Default, config.Every?.ToString(), config.Missed, row.LastAt, next);
    }
}

/// <summary>Which schedules to list.</summary>
internal sealed record ScheduleFilter
{
    [Description("Only what comes after this schedule: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}

/// <summary>A <c>schedule</c> trigger.</summary>
internal sealed record ScheduleView(
    string Workflow,
    [property: Description("The trigger's id.")] string Trigger,
    [property: Description("False while the workflow is switched off: then it does not fire.")] bool Enabled,
    [property: Description("The cron expression; null for an interval.")] string? Cron,
    [property: Description("The zone whose clocks cron means; null for an interval.")] string? TimeZone,
    [property: Description("The interval, as 15m; null with cron.")] string? Every,
    [property: Description("What becomes of times while the server is not running.")] MissedTimes Missed,
    [property: Description("The time for which it fired last; null when it has not fired since it began.")] DateTimeOffset? LastAt,
    [property: Description("The next five times; none while it does not fire. The first may have passed when the server is full.")] IReadOnlyList<DateTimeOffset> Next);
