using System.ComponentModel;
using System.Net.Mime;
using Automation.Server.Access;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>What came in, and what became of it.</summary>
internal static class EventsApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var events = api.MapGroup("/events").WithTags("Events").Needs(Role.Viewer);
        events.MapGet("/", ListAsync).WithName("listEvents").WithSummary("Events, newest first").ProducesValidationProblem();
        events.MapGet("/{id}", GetAsync).WithName("getEvent").WithSummary("An event with its data and its runs").ProducesValidationProblem().ProducesProblem(404);
        events.MapGet("/{id}/body", GetBodyAsync).WithName("getEventBody").WithSummary("An event's body as it came, as a file")
            .Produces(200, contentType: MediaTypeNames.Application.Octet).ProducesValidationProblem().ProducesProblem(404);
    }

    private static async Task<Results<Ok<Page<EventSummary>>, ProblemHttpResult>> ListAsync([AsParameters] EventFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var before = parameters.OptionalId("before", PublicId.Event, filter.Before);
        var limit = parameters.Limit(filter.Limit);
        var state = parameters.OneOf<EventState>("state", filter.State);
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until);
        if (parameters.Problem is { } problem) return problem;

        var rows = db.Events.AsQueryable();
        if (before is { } newest) rows = rows.Where(e => e.Id < newest);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(e => e.Id >= first);
        if (until is { } to && IdSource.LowestAt(to) is var end) rows = rows.Where(e => e.Id < end);
        if (state is { } wanted && JsonFormat.NameOf(wanted) is var name) rows = rows.Where(e => e.State == name);
        if (filter.Trigger is { } trigger) rows = rows.Where(e => e.TriggerType == trigger);
        if (filter.Type is { } type) rows = rows.Where(e => e.Type == type);
        if (filter.Workflow is { } workflow) rows = rows.Where(e => e.Runs.Any(r => r.WorkflowId == workflow));
        var items = await rows.OrderByDescending(e => e.Id).Take(limit + 1).Select(EventSummary.FromRow).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Of(items, limit, request, e => e.Id));
    }

    private static async Task<Results<Ok<EventDetails>, ProblemHttpResult>> GetAsync([Description("As evt_0f9k2m7q4x3aw.")] string id, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Event, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Events.SingleOrDefaultAsync(e => e.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("event", id);
        var runs = await db.Runs.Where(r => r.EventId == key).OrderBy(r => r.Id).Select(RunSummary.FromRow).ToListAsync(cancellation);
        var attributes = Json.Parse(row.Attributes);
        return TypedResults.Ok(new EventDetails(EventSummary.Of(row), attributes, EventData.Parse(row.ContentType, row.Body, attributes), runs));
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> GetBodyAsync([Description("As evt_0f9k2m7q4x3aw.")] string id, HttpResponse response, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Event, id);
        if (parameters.Problem is { } problem) return problem;
        var row = await db.Events.Where(e => e.Id == key).Select(e => new { e.ContentType, e.Body }).SingleOrDefaultAsync(cancellation);
        if (row is null) return ApiProblem.NotFound("event", id);
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'"; // whoever sent it must not script this origin
        return TypedResults.File(row.Body, ContentTypeOf(row.ContentType), fileDownloadName: id);
    }

    /// <summary>What the sender called it, where a header can carry that (an MQTT content type is any text).</summary>
    private static string ContentTypeOf(string? sent) =>
        sent is not null && Microsoft.Net.Http.Headers.MediaTypeHeaderValue.TryParse(sent, out _) && sent.All(c => c is >= ' ' and <= '~') ? sent : MediaTypeNames.Application.Octet;
}

/// <summary>Which events to list.</summary>
internal sealed record EventFilter
{
    [Description("Only events that started a run of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only this trigger type, as webhook, mqtt, schedule or manual.")]
    public string? Trigger { get; init; }

    [Description("Only events in this state."), OneOf<EventState>]
    public string? State { get; init; }

    [Description("Only this CloudEvents type, as webhook.received.")]
    public string? Type { get; init; }

    [Description("Only what came at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only what came before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("Only what is older than this event: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
