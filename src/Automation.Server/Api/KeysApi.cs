using System.ComponentModel;
using System.Net.Mime;
using System.Text.Json;
using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Automation.Server.Workflows;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.OpenApi;

namespace Automation.Server.Api;

/// <summary>Keys of workflows: what they keep, which are parked and by what, and how they go on.</summary>
/// <remarks>A key is one path segment, percent-encoded: <see cref="KeyPath"/>.</remarks>
internal static class KeysApi
{
    private const string WorkflowDescription = "Id of the workflow, its / written %2F.";
    private const string KeyDescription = "The key, percent-encoded.";

    private const string LastCharacter = "\U0010FFFF"; // in the order of UTF-8

    // What one transaction cancels; intake goes between two.
    private const int Batch = 200;

    public static void Map(RouteGroupBuilder api)
    {
        var keys = api.MapGroup("/workflows/{id}/keys").WithTags("Keys").Needs(Role.Viewer).ForName("id", "workflow");
        keys.MapGet("/", ListAsync).WithName("listKeys").WithSummary("Keys of a workflow that keep a state or are parked, in order").ProducesValidationProblem();
        keys.MapGet("/{key}", GetAsync).WithName("getKey").WithSummary("A key with its state, and the run that parks it").ProducesProblem(404);
        keys.MapPut("/{key}/state", SetAsync).Needs(Role.Editor).WithName("setKeyState").WithSummary("Give a key another state")
            .WithDescription("The body is a JSON object. Refused with 409 while a run of the key is at work, which would write its own state over it, and with 412 when the key keeps another state than `If-Match` names, with the key as it is in `current`.")
            .AddOpenApiOperationTransformer((operation, _, _) =>
            {
                operation.RequestBody = new OpenApiRequestBody { Content = new Dictionary<string, OpenApiMediaType> { [MediaTypeNames.Application.Json] = new() { Schema = new OpenApiSchema() } } };
                return Task.CompletedTask;
            })
            .Produces(204).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).Produces<StateConflict>(412, "application/problem+json").ProducesProblem(413);
        keys.MapDelete("/{key}/state", ResetAsync).Needs(Role.Editor).WithName("resetKeyState").WithSummary("Forget the state of a key").ProducesProblem(409);
        keys.MapDelete("/{key}/steps/{step}", ForgetAsync).Needs(Role.Editor).WithName("forgetKeyInStep").WithSummary("Have a step forget a key, with its timer and what it holds").ProducesProblem(409);
        keys.MapPost("/{key}/skip", SkipAsync).Needs(Role.Operator).WithName("skipParkedRun").WithSummary("Let a parked key go on without the run that parks it")
            .WithDescription("That run stays failed; it can still be retried.").ProducesProblem(409);
        keys.MapPost("/{key}/retry", RetryAsync).Needs(Role.Operator).WithName("retryParkedRun").WithSummary("Retry the run that parks a key, before those behind it").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        keys.MapPost("/{key}/drain", DrainAsync).Needs(Role.Operator).WithName("drainKey").WithSummary("Cancel all runs of a key that wait for their turn")
            .WithDescription("The key is parked no more. A run of it that is under way goes on.");
        api.MapGet("/keys/parked", ListParkedAsync).Needs(Role.Viewer).WithTags("Keys").WithName("listParkedKeys").WithSummary("Parked keys of all workflows, in the order of the runs that park them").ProducesValidationProblem();
    }

    private static async Task<Results<Ok<Page<KeySummary>>, ProblemHttpResult>> ListAsync([Description(WorkflowDescription)] string id, [AsParameters] KeyFilter filter, HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var limit = parameters.Limit(filter.Limit);
        var isParked = parameters.Flag("parked", filter.Parked);
        if (parameters.Problem is { } problem) return problem;
        var workflow = WorkflowsApi.Unescape(id);
        var rows = db.Keys.Where(k => k.WorkflowId == workflow);
        if (isParked is { } parked) rows = rows.Where(k => k.ParkedAt != null == parked);
        var names = rows.Select(k => k.Key);
        if (isParked is not true)
        {
            var others = db.StepStates.Where(s => s.WorkflowId == workflow).Select(s => s.Key).Union(db.KeyTimers.Where(t => t.WorkflowId == workflow).Select(t => t.Key));
            if (isParked is false) others = others.Where(key => !db.Keys.Any(k => k.WorkflowId == workflow && k.Key == key && k.ParkedAt != null));
            names = names.Union(others);
        }

        if (filter.After is { } after) names = names.Where(key => string.Compare(key, after) > 0);
        if (filter.Prefix is { Length: > 0 } prefix && prefix + LastCharacter is var end) names = names.Where(key => string.Compare(key, prefix) >= 0 && string.Compare(key, end) < 0);
        var page = await names.OrderBy(key => key).Take(limit + 1).ToListAsync(cancellation);
        var known = (await KeySummary.Of(db, db.Keys.Where(k => k.WorkflowId == workflow && page.Contains(k.Key))).ToListAsync(cancellation)).ToDictionary(k => k.Key);
        var waiting = await db.Runs.Where(r => r.WorkflowId == workflow && page.Contains(r.Key!) && r.EndedAt == null && r.Blocked).GroupBy(r => r.Key!).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellation);
        var items = page.ConvertAll(key => known.GetValueOrDefault(key) ?? new KeySummary(workflow, key, null, null, null, null, waiting.GetValueOrDefault(key)));
        return TypedResults.Ok(Page.After(items, limit, request, k => k.Key));
    }

    private static async Task<Results<Ok<Page<KeySummary>>, ProblemHttpResult>> ListParkedAsync(
        [Description("Only keys parked by runs after this one: the cursor of the next page.")] string? after,
        [Description("How many items a page has, 200 at most.")] string? limit,
        HttpRequest request,
        ManagementDb db,
        TimeProvider time,
        CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var count = parameters.Limit(limit);
        var last = parameters.OptionalId("after", PublicId.Run, after);
        if (parameters.Problem is { } problem) return problem;
        var rows = db.Keys.Where(k => k.ParkedAt != null);
        if (last is { } run) rows = rows.Where(k => k.ParkedRun > run);
        var items = await KeySummary.Of(db, rows.OrderBy(k => k.ParkedRun).Take(count + 1)).ToListAsync(cancellation);
        return TypedResults.Ok(Page.After(items, count, request, k => k.Parked!.Run));
    }

    private static async Task<Results<Ok<KeyDetails>, ProblemHttpResult>> GetAsync([Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, HttpContext context, ManagementDb db, CancellationToken cancellation)
    {
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        return await FindAsync(workflow, name, db, cancellation) is { } details ? TypedResults.Ok(details) : NoKey(workflow, name);
    }

    [RequestSizeLimit(1 << 24)] // the largest that Runs:MaxStateBytes can be
    private static async Task<IResult> SetAsync(
        [Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, [FromHeader(Name = "If-Match"), Description("Only while the key keeps this state: its stateTag, in double quotes.")] string? ifMatch, HttpContext context, ApiSources sources, Journal journal, ManagementDb db, TimeProvider time, ILogger<ApiSources> log)
    {
        if (WorkflowsApi.Find(sources, id) is not { } workflow) return ApiProblem.NoWorkflow(WorkflowsApi.Unescape(id));
        if (workflow.Version is { Key: null }) return ApiProblem.Conflict($"\"{workflow.WorkflowId}\" has no key: its runs keep no state.");
        var name = KeyPath.Read(context, key);
        if (System.Text.Encoding.UTF8.GetByteCount(name) > WorkflowKey.MaximumBytes) return ApiProblem.BadRequest($"A key has {WorkflowKey.MaximumBytes} bytes at the most.");
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var state = body.ToArray();
        if (state.Length > sources.MaxStateBytes) return ApiProblem.BadRequest($"The state has {state.Length} bytes, more than the {sources.MaxStateBytes} that it may (Runs:MaxStateBytes).");
        if (WhyNotState(state) is { } why) return ApiProblem.BadRequest(why);
        AuditDetail.Set(context, await AuditedAsync(workflow.WorkflowId, name, db, context.RequestAborted), new { stateBytes = state.Length });
        var now = time.GetUtcNow();
        var set = new KeyStateSet(workflow.WorkflowId, name, new Json(Json.WithoutSpaces(state).ToArray()), now, now + workflow.Version?.Key?.StateTtl) { Expected = TagsOf(ifMatch) };
        await journal.CommitAsync(set);
        if (set.IsHeld) return Held(name);
        if (set.IsChanged)
        {
            var current = await FindAsync(workflow.WorkflowId, name, db, context.RequestAborted);
            return TypedResults.Problem(statusCode: StatusCodes.Status412PreconditionFailed, detail: $"The state of \"{name}\" is another by now; nothing was stored.", extensions: [KeyValuePair.Create("current", (object?)current)]);
        }

        Log.KeyChanged(log, name, workflow.WorkflowId, "its state was set");
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ResetAsync([Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, HttpContext context, Journal journal, ManagementDb db, TimeProvider time, ILogger<ApiSources> log)
    {
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        AuditDetail.Set(context, await AuditedAsync(workflow, name, db, context.RequestAborted), null);
        var reset = new KeyStateSet(workflow, name, null, time.GetUtcNow(), null);
        await journal.CommitAsync(reset);
        if (reset.IsHeld) return Held(name);
        Log.KeyChanged(log, name, workflow, "its state was deleted");
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ForgetAsync([Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, [Description("Id of the step.")] string step, HttpContext context, Journal journal, ILogger<ApiSources> log)
    {
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        var forget = new StepForgotten(workflow, name, step);
        await journal.CommitAsync(forget);
        if (forget.IsHeld) return Held(name);
        Log.KeyChanged(log, name, workflow, $"the step {step} forgot it");
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SkipAsync([Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, HttpContext context, ApiSources sources, Journal journal, ILogger<ApiSources> log)
    {
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        var skip = new KeySkipped(workflow, name);
        await journal.CommitAsync(skip);
        if (!skip.Skipped) return NotParked(name);
        sources.TakeUpNextRun(skip.Next);
        Log.KeyChanged(log, name, workflow, "the run that parks it was skipped");
        return TypedResults.NoContent();
    }

    private static async Task<Results<Accepted<RetriedRun>, ProblemHttpResult>> RetryAsync(
        [Description(WorkflowDescription)] string id,
        [Description(KeyDescription)] string key,
        [Description("Where to begin: failedStep, or start. Unless given, at the start of the newest version, and at the failed step of its own."), OneOf<RetryFrom>] string? from,
        [Description("own unless given, or newest: the active version."), OneOf<RetryVersion>] string? version,
        HttpContext context,
        ManagementDb db,
        ApiSources sources,
        TimeProvider time,
        CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var way = RetryWay.Read(parameters, from, version);
        if (parameters.Problem is { } problem) return problem;
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        if (await db.Keys.Where(k => k.WorkflowId == workflow && k.Key == name).Select(k => k.ParkedRun).SingleOrDefaultAsync(cancellation) is not { } run) return NotParked(name);
        return await RunRetry.AnswerAsync(await RunRetry.RetryAsync(run, way, db, sources, cancellation), PublicId.Format(PublicId.Run, run), context);
    }

    private static async Task<Ok<DrainedKey>> DrainAsync([Description(WorkflowDescription)] string id, [Description(KeyDescription)] string key, HttpContext context, ApiSources sources, Journal journal, TimeProvider time, ILogger<ApiSources> log)
    {
        var (workflow, name) = (WorkflowsApi.Unescape(id), KeyPath.Read(context, key));
        var cancelled = 0;
        for (var isDone = false; !isDone;)
        {
            var drain = new KeyDrained(workflow, name, time.GetUtcNow(), Batch);
            await journal.CommitAsync(drain);
            sources.ForgetBlockedRuns(drain);
            sources.TakeUpNextRun(drain.Next);
            cancelled += drain.Runs.Count;
            isDone = drain.Runs.Count < Batch;
        }

        Log.KeyChanged(log, name, workflow, "it was drained");
        return TypedResults.Ok(new DrainedKey(cancelled));
    }

    private static string[]? TagsOf(string? ifMatch) => ifMatch?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(tag => tag.Trim('"')).ToArray();

    // Of a state its size: what it holds is data, and entries of the audit log cannot be deleted.
    private static async Task<object?> AuditedAsync(string workflow, string key, ManagementDb db, CancellationToken cancellation) =>
        (await db.Keys.SingleOrDefaultAsync(k => k.WorkflowId == workflow && k.Key == key, cancellation))?.State is { } state ? new { stateBytes = System.Text.Encoding.UTF8.GetByteCount(state) } : null;

    private static async Task<KeyDetails?> FindAsync(string workflow, string key, ManagementDb db, CancellationToken cancellation)
    {
        var row = await db.Keys.SingleOrDefaultAsync(k => k.WorkflowId == workflow && k.Key == key, cancellation);
        var open = await db.Runs.CountAsync(r => r.WorkflowId == workflow && r.Key == key && r.EndedAt == null, cancellation);
        var steps = await StepsAsync(workflow, key, db, cancellation);
        if (row is null) return open == 0 && steps.Count == 0 ? null : new KeyDetails(new KeySummary(workflow, key, null, null, null, null, Math.Max(0, open - 1)), Json.Null, KeyStateTag.None, steps);
        var summary = (await KeySummary.Of(db, db.Keys.Where(k => k.WorkflowId == workflow && k.Key == key)).ToListAsync(cancellation)).SingleOrDefault();
        return summary is null ? null : new KeyDetails(summary, row.State is { } state ? Json.Parse(state) : Json.Null, KeyStateTag.Of(System.Text.Encoding.UTF8.GetBytes(row.State ?? "")), steps);
    }

    private static async Task<List<StepMemoryView>> StepsAsync(string workflow, string key, ManagementDb db, CancellationToken cancellation)
    {
        var timers = await db.KeyTimers.Where(t => t.WorkflowId == workflow && t.Key == key).ToListAsync(cancellation);
        var states = await db.StepStates.Where(s => s.WorkflowId == workflow && s.Key == key).ToListAsync(cancellation);
        var views = states.ConvertAll(s => new StepMemoryView(s.StepId, s.StepType, Json.Parse(s.State), s.UpdatedAt, s.ExpiresAt, timers.Find(t => t.Kind == "step" && t.Target == s.StepId)?.DueAt));
        views.AddRange(timers.Where(t => t.Kind == "trigger").Select(t => new StepMemoryView(t.Target, KeyTimer.SilenceTrigger, Json.Null, null, null, t.DueAt)));
        return [.. views.OrderBy(v => v.Step, StringComparer.Ordinal)];
    }

    private static string? WhyNotState(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Json.DeepestOutput });
            return document.RootElement.ValueKind is JsonValueKind.Object ? null : "A key's state is a JSON object.";
        }
        catch (JsonException error)
        {
            return $"The body is not JSON of at most {Json.DeepestOutput} levels, at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1} of it.";
        }
    }

    private static ProblemHttpResult NoKey(string workflow, string key) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, detail: $"\"{workflow}\" has no key \"{key}\" that keeps a state, is parked or has open runs.");

    private static ProblemHttpResult NotParked(string key) => ApiProblem.Conflict($"The key \"{key}\" is not parked.");

    private static ProblemHttpResult Held(string key) => ApiProblem.Conflict($"A run of the key \"{key}\" is at work and would write its own state over this. Try again when it has ended, or cancel it.");
}

/// <summary>Which keys to list.</summary>
internal sealed record KeyFilter
{
    [Description("true: only parked keys. false: only others.")]
    public string? Parked { get; init; }

    [Description("Only keys that begin with this.")]
    public string? Prefix { get; init; }

    [Description("Only keys after this one: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many items a page has, 200 at most.")]
    public string? Limit { get; init; }
}
