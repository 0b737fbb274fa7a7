using System.ComponentModel;
using System.Net.Mime;
using Automation.Server.Access;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Triggers.Webhooks;
using Automation.Server.Triggers.Webhooks.Requests;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Looks into what came to hooks: accepted, refused with the reason, or captured for a path that has no workflow yet.</summary>
internal static class WebhookRequestsApi
{
    private const string Webhook = "webhook";
    private const int MostBatches = 20; // of 200: so many requests that only look like those of a pattern hide older ones
    private static readonly TimeSpan LongestCapture = TimeSpan.FromDays(7);

    public static void Map(RouteGroupBuilder api)
    {
        var requests = api.MapGroup("/webhooks/requests").WithTags("Webhooks").Needs(Role.Viewer);
        requests.MapGet("/", ListAsync).WithName("listWebhookRequests").WithSummary("Requests to webhooks, newest first: accepted ones are events, the newest of the others are kept").ProducesValidationProblem();
        requests.MapGet("/{id}", GetAsync).WithName("getWebhookRequest").WithSummary("A request that was refused or captured, with the reason and what would have had to be different").ProducesValidationProblem().ProducesProblem(404);
        requests.MapGet("/{id}/body", GetBodyAsync).WithName("getWebhookRequestBody").WithSummary("The first 64 KB of its body as it came, as a file; known secrets in it are asterisks")
            .Produces(200, contentType: MediaTypeNames.Application.Octet).ProducesValidationProblem().ProducesProblem(404);
        requests.MapPost("/{id}/replay", ReplayAsync).Needs(Role.Editor).WithName("replayWebhookRequest").WithSummary("Give it to the workflows that take its path now, as a test: without verification, filters and limits")
            .WithDescription("Takes ids of requests (req_…) and of events that came by a webhook (evt_…).").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        var captures = api.MapGroup("/webhooks/captures").WithTags("Webhooks").Needs(Role.Viewer);
        captures.MapGet("/", ListCapturesAsync).WithName("listCaptures").WithSummary("Paths whose requests are kept although no workflow takes them yet");
        captures.MapPut("/", CaptureAsync).Needs(Role.Editor).WithName("capturePath").WithSummary("Keep the requests to a path that no workflow takes yet, to see what a sender sends").ProducesValidationProblem().ProducesProblem(409);
        captures.MapDelete("/", ReleaseAsync).Needs(Role.Editor).WithName("releasePath").WithSummary("Keep them no longer").ProducesValidationProblem();
    }

    private static async Task<Results<Ok<Page<RequestSummary>>, ProblemHttpResult>> ListAsync([AsParameters] RequestFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        var outcome = parameters.OneOf<ShownOutcome>("outcome", filter.Outcome);
        var since = parameters.Time("since", filter.Since);
        var before = filter.Before is null ? (long?)null : IdOf(filter.Before, parameters);
        if (parameters.Problem is { } problem) return problem;

        var items = new List<(long Id, RequestSummary Summary)>();
        var path = filter.Path is null ? null : new RequestPathFilter(filter.Path);
        if (outcome is not ShownOutcome.Accepted) items.AddRange(await OfPathAsync(path, before, limit, (from, count) => KeptAsync(db, path, outcome, since, from, count, cancellation)));
        if (outcome is null or ShownOutcome.Accepted) items.AddRange(await OfPathAsync(path, before, limit, (from, count) => AcceptedAsync(db, path, since, from, count, cancellation)));
        return TypedResults.Ok(Page.Of(items.OrderByDescending(item => item.Id).Take(limit + 1).Select(item => item.Summary).ToList(), limit, request, summary => summary.Id));
    }

    // The database finds paths that look like those of a pattern; which they are is decided here.
    private static async Task<List<(long Id, RequestSummary Summary)>> OfPathAsync(RequestPathFilter? path, long? before, int limit, Func<long?, int, Task<List<(long Id, RequestSummary Summary)>>> read)
    {
        if (path is not { IsPattern: true }) return await read(before, limit + 1);
        var found = new List<(long Id, RequestSummary Summary)>();
        for (var batch = 0; batch < MostBatches && found.Count <= limit; batch++)
        {
            var rows = await read(before, Page.MaxLimit);
            found.AddRange(rows.Where(row => path.Takes(row.Summary.Path)));
            if (rows.Count < Page.MaxLimit) break;
            before = rows[^1].Id;
        }

        return found;
    }

    private static async Task<List<(long Id, RequestSummary Summary)>> KeptAsync(ManagementDb db, RequestPathFilter? path, ShownOutcome? outcome, DateTimeOffset? since, long? before, int count, CancellationToken cancellation)
    {
        var rows = db.Requests.AsQueryable();
        if (before is { } newest) rows = rows.Where(r => r.Id < newest);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(r => r.Id >= first);
        if (path is not null) rows = path.Of(rows);
        if (outcome is { } wanted && JsonFormat.NameOf(wanted) is var name) rows = rows.Where(r => r.Outcome == name);
        var found = await rows.OrderByDescending(r => r.Id).Take(count)
            .Select(r => new { r.Id, r.At, r.Outcome, r.Method, r.Path, r.Status, r.RemoteAddress, r.BodySize, r.Reason, r.WorkflowId, r.TriggerId, r.Skipped }).ToListAsync(cancellation);
        return found.ConvertAll(r => (r.Id, new RequestSummary(PublicId.Format(PublicId.Request, r.Id), r.At, r.Outcome, r.Method, r.Path, r.Status, r.RemoteAddress, r.BodySize, r.Reason, r.WorkflowId, r.TriggerId, r.Skipped)));
    }

    private static async Task<List<(long Id, RequestSummary Summary)>> AcceptedAsync(ManagementDb db, RequestPathFilter? path, DateTimeOffset? since, long? before, int count, CancellationToken cancellation)
    {
        var rows = db.Events.Where(e => e.TriggerType == Webhook);
        if (before is { } newest) rows = rows.Where(e => e.Id < newest);
        if (since is { } from && IdSource.LowestAt(from) is var first) rows = rows.Where(e => e.Id >= first);
        if (path is not null) rows = path.Of(rows);
        var found = await rows.OrderByDescending(e => e.Id).Take(count)
            .Select(e => new { e.Id, e.AcceptedAt, e.State, e.Attributes, Size = (long)e.Body.Length, Workflow = e.Runs.Select(r => r.WorkflowId).FirstOrDefault(), Trigger = e.Runs.Select(r => r.TriggerId).FirstOrDefault() }).ToListAsync(cancellation);
        return found.ConvertAll(e =>
        {
            using var attributes = System.Text.Json.JsonDocument.Parse(e.Attributes);
            string? Text(string name) => attributes.RootElement.TryGetProperty(name, out var value) ? value.GetString() : null;
            return (e.Id, new RequestSummary(PublicId.Format(PublicId.Event, e.Id), e.AcceptedAt, e.State == "duplicate" ? "duplicate" : "accepted", Text("method") ?? "", Text("path") ?? "", StatusCodes.Status202Accepted, Text("remoteAddress"), e.Size, null, e.Workflow, e.Trigger, 0));
        });
    }

    private static async Task<Results<Ok<RequestDetails>, ProblemHttpResult>> GetAsync([Description("As req_0f9k2m7q4x3aw.")] string id, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Request, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Requests.SingleOrDefaultAsync(r => r.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("request", id);
        var headers = Json.Parse(row.Headers);
        var data = row.BodySize > row.Body.Length ? Json.Null : EventData.TryCheck(row.ContentType, row.Body, out _) ? EventData.Parse(row.ContentType, row.Body) : Json.Null;
        var summary = new RequestSummary(id, row.At, row.Outcome, row.Method, row.Path, row.Status, row.RemoteAddress, row.BodySize, row.Reason, row.WorkflowId, row.TriggerId, row.Skipped);
        return TypedResults.Ok(new RequestDetails(summary, row.Query, headers, row.ContentType, data, row.Scheme, row.Hint, row.Signed));
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult>> GetBodyAsync([Description("As req_0f9k2m7q4x3aw.")] string id, HttpResponse response, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Request, id);
        if (parameters.Problem is { } problem) return problem;
        if (await db.Requests.Where(r => r.Id == key).Select(r => r.Body).SingleOrDefaultAsync(cancellation) is not { } body) return ApiProblem.NotFound("request", id);
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'"; // whoever sent it must not script this origin
        return TypedResults.File(body, MediaTypeNames.Application.Octet, fileDownloadName: id);
    }

    private static async Task<Results<Accepted<ReplayedRequestView>, ProblemHttpResult>> ReplayAsync(
        [Description("As req_0f9k2m7q4x3aw, or evt_0f9k2m7q4x3aw.")] string id, HttpContext context, ManagementDb db, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = IdOf(id, parameters);
        if (parameters.Problem is { } problem) return problem;
        ReplayedRequest? replayed;
        string path;
        if (id.StartsWith(PublicId.Event, StringComparison.OrdinalIgnoreCase))
        {
            if (await db.Events.SingleOrDefaultAsync(e => e.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("event", id);
            if (row.TriggerType != Webhook || row.State == "duplicate") return ApiProblem.Conflict($"\"{id}\" did not come by a webhook, or is the repetition of another event: there is nothing to give to a workflow.");
            (replayed, path) = (await sources.ReplayWebhook.OfEvent(row), row.Source);
        }
        else
        {
            if (await db.Requests.SingleOrDefaultAsync(r => r.Id == key, cancellation) is not { } row) return ApiProblem.NotFound("request", id);
            if (row.BodySize > row.Body.Length) return ApiProblem.Conflict($"Only {row.Body.Length} of the {row.BodySize} bytes of the body of \"{id}\" were kept: it cannot be given to a workflow.");
            (replayed, path) = (await sources.ReplayWebhook.OfRequest(row), row.Method + " " + row.Path);
        }

        return replayed?.Outcome switch
        {
            null => ApiProblem.Conflict($"No active workflow takes {path}. Write one with a webhook trigger for it, then replay the request."),
            IntakeOutcome.Accepted => TypedResults.Accepted($"/api/events/{PublicId.Format(PublicId.Event, replayed.EventId)}", new ReplayedRequestView(PublicId.Format(PublicId.Event, replayed.EventId), [.. replayed.Runs.Where(run => run != 0).Select(run => PublicId.Format(PublicId.Run, run))])),
            IntakeOutcome.Refused => ApiProblem.BadRequest("The database refuses this event; nothing was stored. The server's log says why."),
            _ => ApiProblem.Unavailable(context, "The event cannot be stored now; /health/ready says why. Nothing was stored; try again."),
        };
    }

    private static async Task<Ok<Page<CaptureView>>> ListCapturesAsync(ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var rows = await db.Captures.Where(c => c.UntilAt > now).OrderBy(c => c.Path).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Whole(rows.ConvertAll(c => new CaptureView(c.Path, c.UntilAt))));
    }

    private static async Task<Results<Ok<CaptureView>, ProblemHttpResult>> CaptureAsync(CaptureRequest asked, HttpContext context, ManagementDb db, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var span = parameters.Wait("for", asked.For ?? "1h", LongestCapture);
        if (asked.Path is not { Length: > 1 and <= 500 } path || path[0] != '/') parameters.Bad("path", "Write the path below /hooks, beginning with \"/\", as \"/orders\".");
        else if (path.AsSpan().ContainsAny('{', '}') && !PathPattern.TryParse(path, out _, out var wrong)) parameters.Bad("path", wrong);
        if (parameters.Problem is { } problem) return problem;
        var now = time.GetUtcNow();
        if (await db.Captures.CountAsync(c => c.UntilAt > now, cancellation) >= Captures.Most) return ApiProblem.Conflict($"{Captures.Most} paths are captured; release one first.");
        var until = now + span!.Value;
        AuditDetail.Set(context, null, new { path = asked.Path, until });
        await sources.CapturePath(asked.Path!, until);
        return TypedResults.Ok(new CaptureView(asked.Path!, until));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ReleaseAsync([Description("As it was captured.")] string path, ApiSources sources)
    {
        await sources.CapturePath(path, null);
        return TypedResults.NoContent();
    }

    private static long IdOf(string text, Parameters parameters) =>
        parameters.Id("id", text.StartsWith(PublicId.Event, StringComparison.OrdinalIgnoreCase) ? PublicId.Event : PublicId.Request, text);
}

/// <summary>What became of a request.</summary>
internal enum ShownOutcome
{
    Accepted,
    Refused,
    Captured,
}

/// <summary>Which requests to list.</summary>
internal sealed record RequestFilter
{
    [Description("Only requests to this path below /hooks, as it was sent: /orders/7. With parameters as a trigger has them, /orders/{id}: to all paths that it takes.")]
    public string? Path { get; init; }

    [Description("Only those of which this became."), OneOf<ShownOutcome>]
    public string? Outcome { get; init; }

    [Description("Only what came at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only what is older than this request or event: the cursor of the next page.")]
    public string? Before { get; init; }

    [Description("How many, 50 by default and 200 at the most.")]
    public string? Limit { get; init; }
}

/// <summary>A request to a webhook.</summary>
internal sealed record RequestSummary(
    [property: Description("req_…; of an accepted one its event, evt_….")] string Id,
    DateTimeOffset At,
    [property: Description("accepted, duplicate, refused or captured.")] string Outcome,
    string Method,
    [property: Description("Below /hooks, as sent.")] string Path,
    [property: Description("What the sender was answered; of accepted requests that waited for a result, 202 stands for what the run answered.")] int Status,
    string? RemoteAddress,
    [property: Description("Bytes.")] long BodySize,
    [property: Description("Why it was refused.")] string? Reason,
    string? Workflow,
    string? Trigger,
    [property: Description("How many refused requests before this one were not kept, because too many came.")] long Skipped);

/// <summary>A refused or captured request.</summary>
internal sealed record RequestDetails(
    RequestSummary Request,
    [property: Description("With its ?; credentials are masked.")] string Query,
    [property: Description("Names in lower case; credentials are masked.")] Json Headers,
    string? ContentType,
    [property: Description("The body as a workflow would have seen it; null when it is not what its content type says, or longer than what was kept.")] Json Data,
    [property: Description("The verification scheme.")] string? Scheme,
    [property: Description("What would have had to be different for it to be accepted, where that was found.")] string? Hint,
    [property: Description("The beginning of what the signature was compared over, its length and hash.")] string? Signed);

/// <summary>What a replay started.</summary>
internal sealed record ReplayedRequestView(string EventId, IReadOnlyList<string> RunIds);

/// <summary>A captured path.</summary>
internal sealed record CaptureView(string Path, DateTimeOffset Until);

/// <summary>Which path to capture.</summary>
internal sealed record CaptureRequest(
    [property: Description("Below /hooks, as /orders; /orders/{id} is every path that a trigger with it would take.")] string? Path,
    [property: Description("For how long, 1h by default and 7d at the most.")] string? For);
