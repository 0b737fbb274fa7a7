using System.ComponentModel;
using System.Net.Mime;
using System.Text.Json;
using Automation.Server.Access;
using Automation.Server.Runs;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Runs, what their steps did, and a stream of their starts and ends.</summary>
internal static class RunsApi
{
    private const int MaxActions = 100;

    public static void Map(RouteGroupBuilder api)
    {
        var runs = api.MapGroup("/runs").WithTags("Runs").Needs(Role.Viewer);
        runs.MapGet("/", ListAsync).ForName("workflow", "workflow").WithName("listRuns").WithSummary("Runs, newest first")
            .WithDescription("`search` takes the id of a run, an event or a delivery, or any text, which is looked for in workflow, key, failed step, error and event data, whatever its case. A search looks at 5,000 runs, or for two seconds, and then answers with what it found: go on at `next`, also when a page is empty.").ProducesValidationProblem();
        runs.MapGet("/{id}", GetAsync).ForName("id", "run").WithName("getRun").WithSummary("A run with the input, output and log of each step").ProducesValidationProblem().ProducesProblem(404);
        runs.MapGet("/errors", RunErrors.ListAsync).ForName("workflow", "workflow").WithName("listRunErrors").WithSummary("Failed runs by where and how they failed, the most frequent first")
            .WithDescription("By workflow, step, code and message; numbers and ids in a message do not count. Runs whose place another run took are left out. Of more than 10,000 failed runs the newest are looked at.").ProducesValidationProblem();
        runs.MapGet("/stream", RunStream.SendAsync).WithName("streamRuns").WithSummary("Runs as they start and end (server-sent events)")
            .WithDescription("Events: `run` with `{ id, workflow, state, at }`; `dropped` with `{ count }` when this client was too slow to get them all. A comment every 15 seconds keeps the connection open.")
            .Produces<string>(200, MediaTypeNames.Text.EventStream).ProducesProblem(503);
        runs.MapPost("/{id}/retry", RunRetry.OneAsync).Needs(Role.Operator).ForName("id", "run").WithName("retryRun").WithSummary("Retry a failed run")
            .WithDescription("From the failed step the same run goes on, on its version, with its data, its idempotency keys and its place among the runs of its key. From the start, or on the newest version, another run of the same event takes its place.")
            .ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        runs.MapPost("/retry", RunRetry.ManyAsync).Needs(Role.Operator).WithName("retryRuns").WithSummary("Retry the failed runs that a filter names")
            .WithDescription("Oldest first, a page a call: post to `next` until it is null. With `dryRun=true` nothing is retried.").ProducesValidationProblem();
        runs.MapPost("/{id}/answer", WaitAnswers.OneAsync).Needs(Role.Operator).ForName("id", "run").WithName("answerRun").WithSummary("Answer what a run waits for, in place of following its link")
            .WithDescription("The step's output has the answer's `data`, and as `by` who gave it. The first answer counts, whichever way it comes.").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409);
        runs.MapPost("/{id}/cancel", RunCancel.OneAsync).Needs(Role.Operator).ForName("id", "run").WithName("cancelRun").WithSummary("End a run that is pending, blocked, waiting or running")
            .WithDescription("A step under way is cut off, nothing further begins, and what has ended is kept. The next run of its key has its turn.").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
    }

    private static async Task<Results<Ok<RunPage>, ProblemHttpResult>> ListAsync([AsParameters] RunFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var before = parameters.OptionalId("before", PublicId.Run, filter.Before);
        var limit = parameters.Limit(filter.Limit);
        var state = parameters.OneOf<RunState>("state", filter.State);
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until);
        if (filter.Key is not null && filter.Workflow is null) parameters.Bad("key", "A key belongs to a workflow: name that too.");
        if (filter.Search is not null && RunSearch.WhyNot(filter.Search) is { } refused) parameters.Bad("search", refused);
        if (parameters.Problem is { } problem) return problem;

        var rows = InState(db.Runs, state);
        if (before is { } newest) rows = rows.Where(r => r.Id < newest);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(r => r.Id >= first);
        if (until is { } to && IdSource.LowestAt(to) is var end) rows = rows.Where(r => r.Id < end);
        if (filter.Workflow is { } workflow) rows = rows.Where(r => r.WorkflowId == workflow);
        if (filter.Key is { } of) rows = rows.Where(r => r.Key == of);
        if (filter.Search is { } text)
        {
            var found = await RunSearch.FindAsync(rows, text, limit, db, time, cancellation);
            return TypedResults.Ok(new RunPage(found.Items, found.Before is { } cursor ? Page.PathOf(request, "before", cursor) : null, found.Looked));
        }

        var items = await rows.OrderByDescending(r => r.Id).Take(limit + 1).Select(RunSummary.FromRow).ToListAsync(cancellation);
        var page = Page.Of(items, limit, request, r => r.Id);
        return TypedResults.Ok(new RunPage(page.Items, page.Next, null));
    }

    private static IQueryable<RunRow> InState(IQueryable<RunRow> rows, RunState? state)
    {
        var name = state is { } given ? JsonFormat.NameOf(given) : "";
        return state switch
        {
            null => rows,
            RunState.Pending => rows.Where(r => r.State == "pending" && r.Owner == null),
            RunState.Running => rows.Where(r => r.EndedAt == null && (r.State == "running" || (r.State == "pending" && r.Owner != null))),
            RunState.Waiting => rows.Where(r => r.State == "waiting"),
            RunState.Failed => rows.Where(r => r.State == "failed"), // a constant, as above, so that the index of such runs serves
            _ => rows.Where(r => r.State == name),
        };
    }

    private static async Task<Results<Ok<RunDetails>, ProblemHttpResult>> GetAsync([Description("As run_0f9k2m7q4x3aw.")] string id, ManagementDb db, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Run, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Runs.Include(r => r.Event).SingleOrDefaultAsync(r => r.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("run", id);
        var parts = await db.RunSaves.Where(s => s.RunId == key).OrderBy(s => s.Id).Select(s => s.StepRuns).ToListAsync(cancellation);
        if (row.StepRuns is { } last) parts.Add(last);
        var deliveries = await db.Deliveries.Where(d => d.RunId == key).OrderBy(d => d.Id).Select(DeliverySummary.FromRow).ToListAsync(cancellation);
        var data = row.Event is { } e ? EventData.Parse(e.ContentType, e.Body, Json.Parse(e.Attributes)) : Json.Null;
        var waits = await WaitAnswers.WaitsAsync(row, db, sources, cancellation);
        var actions = await db.Audit.Where(a => a.Target == id).OrderBy(a => a.Id).Take(MaxActions).Select(a => new RunActionView(a.At, a.Actor, a.Action, a.Status)).ToListAsync(cancellation);
        return TypedResults.Ok(new RunDetails(RunSummary.Of(row), row.Event is { } accepted ? EventSummary.Of(accepted) : null, RunTrace.Compose(parts, data), deliveries, waits, row.Moves is { } moves ? JsonSerializer.Deserialize<List<RunMove>>(moves, JsonFormat.Wire)! : [], actions));
    }
}

/// <summary>A part of the list of runs.</summary>
internal sealed record RunPage(
    IReadOnlyList<RunSummary> Items,
    [property: Description("Path and query of the next page, with the filters of this one; null on the last.")] string? Next,
    [property: Description("How many runs the search looked at for this page; null without one.")] int? Searched);

/// <summary>Which runs to list.</summary>
internal sealed record RunFilter
{
    [Description("Only runs of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only runs of this key; needs workflow.")]
    public string? Key { get; init; }

    [Description("Only runs in this state."), OneOf<RunState>]
    public string? State { get; init; }

    [Description("Only runs created at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only runs created before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("Only runs that this text is about: an id, or words.")]
    public string? Search { get; init; }

    [Description("Only what is older than this run: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
