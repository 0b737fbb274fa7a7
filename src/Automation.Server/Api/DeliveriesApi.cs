using System.ComponentModel;
using Automation.Server.Access;
using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Outbound webhooks, each attempt, and making dead ones again.</summary>
internal static class DeliveriesApi
{
    public static void Map(RouteGroupBuilder api)
    {
        var deliveries = api.MapGroup("/deliveries").WithTags("Deliveries").Needs(Role.Viewer);
        deliveries.MapGet("/", ListAsync).ForName("workflow", "workflow").WithName("listDeliveries").WithSummary("Deliveries, newest first").ProducesValidationProblem();
        deliveries.MapGet("/{id}", GetAsync).ForName("id", "delivery").WithName("getDelivery").WithSummary("A delivery with its request and each attempt").ProducesValidationProblem().ProducesProblem(404);
        deliveries.MapPost("/{id}/replay", DeliveryReplay.OneAsync).Needs(Role.Operator).ForName("id", "delivery").WithName("replayDelivery").WithSummary("Make a dead or succeeded delivery again")
            .WithDescription("With the same idempotency key and a fresh count of attempts.").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409);
        deliveries.MapPost("/replay", DeliveryReplay.AllAsync).Needs(Role.Operator).WithName("replayDeliveries").WithSummary("Make all deliveries again that a filter names")
            .WithDescription("Oldest first. Takes the filters of the list; `state` is `dead` unless given.").ProducesValidationProblem();
    }

    private static async Task<Results<Ok<Page<DeliverySummary>>, ProblemHttpResult>> ListAsync([AsParameters] DeliveryFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var before = parameters.OptionalId("before", PublicId.Delivery, filter.Before);
        var limit = parameters.Limit(filter.Limit);
        var state = parameters.OneOf<ShownDeliveryState>("state", filter.State);
        var run = parameters.OptionalId("run", PublicId.Run, filter.Run);
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until);
        if (parameters.Problem is { } problem) return problem;

        var rows = Matching(db.Deliveries, state, filter.Workflow, filter.Destination, since, until);
        if (before is { } newest) rows = rows.Where(d => d.Id < newest);
        if (filter.Endpoint is { } endpoint) rows = rows.Where(d => d.EndpointId == endpoint);
        if (run is { } of) rows = rows.Where(d => d.RunId == of);
        var items = await rows.OrderByDescending(d => d.Id).Take(limit + 1).Select(DeliverySummary.FromRow).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Of(items, limit, request, d => d.Id));
    }

    internal static IQueryable<DeliveryRow> Matching(IQueryable<DeliveryRow> rows, ShownDeliveryState? state, string? workflow, string? destination, DateTimeOffset? since, DateTimeOffset? until)
    {
        rows = state switch
        {
            null => rows,
            ShownDeliveryState.Pending => rows.Where(d => d.NextAttemptAt != null && d.State == DeliveryState.Pending && d.Owner == null),
            ShownDeliveryState.Retrying => rows.Where(d => d.NextAttemptAt != null && d.State == DeliveryState.Retrying && d.Owner == null),
            ShownDeliveryState.Sending => rows.Where(d => d.NextAttemptAt != null && d.Owner != null),
            ShownDeliveryState.Dead => rows.Where(d => d.State == DeliveryState.Dead), // a constant, so that the index of dead deliveries serves
            _ => rows.Where(d => d.State == DeliveryState.Succeeded),
        };
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(d => d.Id >= first);
        if (until is { } to && IdSource.LowestAt(to) is var end) rows = rows.Where(d => d.Id < end);
        if (workflow is not null) rows = rows.Where(d => d.WorkflowId == workflow);
        if (destination is not null) rows = rows.Where(d => d.Destination == destination);
        return rows;
    }

    private static async Task<Results<Ok<DeliveryDetails>, ProblemHttpResult>> GetAsync([Description("As dlv_0f9k2m7q4x3aw.")] string id, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Delivery, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Deliveries.Include(d => d.Tries.OrderBy(a => a.Number)).SingleOrDefaultAsync(d => d.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("delivery", id);
        var attempts = row.Tries.Select(a => new Attempt(a.Number, a.StartedAt, a.DurationMs, a.Status, a.Error, a.Message, a.ResponseHead)
        {
            RequestHead = a.RequestHead,
            Timing = a.TotalMs is { } total ? new AttemptTiming(a.DnsMs, a.ConnectMs, a.TlsMs, a.FirstByteMs, total) : null,
        });
        return TypedResults.Ok(new DeliveryDetails(DeliverySummary.Of(row), row.IdempotencyKey, DeliveryRequestView.Of(row), [.. attempts]));
    }
}

/// <summary>Which deliveries to list.</summary>
internal sealed record DeliveryFilter
{
    [Description("Only deliveries in this state."), OneOf<ShownDeliveryState>]
    public string? State { get; init; }

    [Description("Only deliveries of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only deliveries of this run.")]
    public string? Run { get; init; }

    [Description("Only deliveries to this destination, as a list shows it.")]
    public string? Destination { get; init; }

    [Description("Only deliveries to this endpoint.")]
    public string? Endpoint { get; init; }

    [Description("Only deliveries queued at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only deliveries queued before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("Only what is older than this delivery: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
