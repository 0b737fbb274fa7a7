using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Endpoints;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Automation.Server.Workflows.Compilation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Automation.Server.Api;

/// <summary>Event types, the endpoints of outside applications that subscribe to them, and events emitted through the API.</summary>
internal static class EndpointsApi
{
    private const string IdDescription = "Small letters, digits, _ and -; 64 characters at most.";
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromHours(24);

    public static void Map(RouteGroupBuilder api)
    {
        var types = api.MapGroup("/event-types").WithTags("Endpoints").Needs(Role.Viewer);
        types.MapGet("/", ListTypesAsync).WithName("listEventTypes").WithSummary("Event types that are described, by name");
        types.MapPut("/{name}", PutTypeAsync).Needs(Role.Editor).WithName("putEventType").WithSummary("Describe an event type").ProducesProblem(400).ProducesProblem(409).ProducesProblem(503);
        types.MapDelete("/{name}", DeleteTypeAsync).Needs(Role.Editor).WithName("deleteEventType").WithSummary("Forget the description of an event type").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        var endpoints = api.MapGroup("/endpoints").WithTags("Endpoints").Needs(Role.Viewer);
        endpoints.MapGet("/", ListAsync).WithName("listEndpoints").WithSummary("Endpoints by id").ProducesValidationProblem();
        endpoints.MapGet("/{id}", GetAsync).WithName("getEndpoint").WithSummary("An endpoint and what it is set to").ProducesProblem(404);
        endpoints.MapPut("/{id}", PutAsync).Needs(Role.Editor).WithName("putEndpoint").WithSummary("Register an endpoint, or set it to something else").Accepts<EndpointConfig>("application/json")
            .WithDescription("With `handshake=true` its receiver has to echo a challenge first. Deliveries that wait go where it is now.").ProducesValidationProblem().ProducesProblem(409).ProducesProblem(422).ProducesProblem(503);
        endpoints.MapDelete("/{id}", DeleteAsync).Needs(Role.Editor).WithName("deleteEndpoint").WithSummary("Delete an endpoint; what waits for it is dead").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        endpoints.MapPost("/{id}/pause", PauseAsync).Needs(Role.Operator).WithName("pauseEndpoint").WithSummary("Send nothing to an endpoint; its deliveries wait").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        endpoints.MapPost("/{id}/resume", ResumeAsync).Needs(Role.Operator).WithName("resumeEndpoint").WithSummary("Let a paused or disabled endpoint be called again, with what waits for it").ProducesProblem(404).ProducesProblem(503);
        endpoints.MapPost("/{id}/rotate", RotateAsync).Needs(Role.Admin).WithName("rotateEndpointSecret").WithSummary("Give an endpoint another secret")
            .WithDescription("The one before is valid too for `overlap`, 24h unless given: both signatures are sent.").ProducesValidationProblem().ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        endpoints.MapGet("/{id}/secret", SecretAsync).Needs(Role.Admin).WithName("getEndpointSecret").WithSummary("What the receiver verifies signatures with")
            .WithDescription("With Ed25519 the public keys. Secrets that the endpoint names from the server's store are not shown.").ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        api.MapGet("/endpoint-problems", (ApiSources sources) => TypedResults.Ok(Page.Whole(sources.EndpointProblems()))).WithTags("Endpoints").Needs(Role.Viewer).WithName("listEndpointProblems").WithSummary("Mistakes in the files of endpoints and event types");
        var emissions = api.MapGroup("/emissions").WithTags("Endpoints").Needs(Role.Viewer);
        emissions.MapPost("/", EmitAsync).Needs(Role.Operator).WithName("emitEvent").WithSummary("Emit an event, for triggers of type event and for endpoints").ProducesValidationProblem().ProducesProblem(413).ProducesProblem(503);
        emissions.MapGet("/{id}", GetEmissionAsync).WithName("getEmission").WithSummary("An emitted event, and how many deliveries came of it").ProducesValidationProblem().ProducesProblem(404);
    }

    private static async Task<Ok<Page<EventTypeView>>> ListTypesAsync(ManagementDb db, CancellationToken cancellation)
    {
        var rows = await db.EventTypes.OrderBy(t => t.Name).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Whole(rows.ConvertAll(row => new EventTypeView(row.Name, row.Description, row.Example is null ? null : Json.Parse(row.Example), row.FromFile, row.ChangedAt))));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> PutTypeAsync([Description("As order.created.")] string name, EventTypeSetting setting, HttpContext context, Journal journal, ManagementDb db, TimeProvider time)
    {
        if (!EventTypes.IsName(name)) return ApiProblem.BadRequest($"\"{name}\" is no event type: write {EventTypes.Expected}.");
        AuditDetail.Set(context, await db.EventTypes.Where(t => t.Name == name).Select(t => new { description = t.Description }).SingleOrDefaultAsync(context.RequestAborted), new { description = setting.Description });
        var store = new EventTypeStored(name, setting.Description, setting.Example is { } example ? Json.Of(example) : null, FromFile: false, time.GetUtcNow());
        await journal.CommitAsync(store);
        return store.IsStored ? TypedResults.NoContent() : InFile("event type", name, EndpointFileReader.EventTypesPath);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteTypeAsync([Description("As order.created.")] string name, Journal journal, ManagementDb db, CancellationToken cancellation)
    {
        var delete = new EventTypeDeleted(name, FromFile: false);
        await journal.CommitAsync(delete);
        return delete.IsDeleted ? TypedResults.NoContent()
            : await db.EventTypes.AnyAsync(t => t.Name == name, cancellation) ? InFile("event type", name, EndpointFileReader.EventTypesPath)
            : ApiProblem.NotFound("event type", name);
    }

    private static async Task<Results<Ok<Page<EndpointView>>, ProblemHttpResult>> ListAsync(
        [Description("Only endpoints after this one: the cursor of the next page.")] string? after,
        [Description("How many items a page has, 200 at most.")] string? limit,
        HttpRequest request, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var count = parameters.Limit(limit);
        if (parameters.Problem is { } problem) return problem;
        var rows = await db.Endpoints.Where(e => after == null || string.Compare(e.Id, after) > 0).OrderBy(e => e.Id).Take(count + 1).ToListAsync(cancellation);
        return TypedResults.Ok(Page.After(rows.ConvertAll(ViewOf), count, request, e => e.Id));
    }

    private static async Task<Results<Ok<EndpointView>, ProblemHttpResult>> GetAsync([Description(IdDescription)] string id, ManagementDb db, CancellationToken cancellation) =>
        await db.Endpoints.SingleOrDefaultAsync(e => e.Id == id, cancellation) is { } row ? TypedResults.Ok(ViewOf(row)) : ApiProblem.NotFound("endpoint", id);

    [RequestSizeLimit(ScriptFile.MaxBytes)]
    private static async Task<Results<Ok<EndpointView>, ProblemHttpResult>> PutAsync(
        [Description(IdDescription)] string id,
        [Description("true: the receiver has to echo a challenge before the endpoint is stored.")] string? handshake,
        HttpContext context, Journal journal, ManagementDb db, EndpointFileReader reader, IOptions<Deliveries.OutboundOptions> outbound, Handshake asking, EndpointTargets targets, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var asks = parameters.Flag("handshake", handshake) is true;
        if (parameters.Problem is { } malformed) return malformed;
        using var text = new StreamReader(context.Request.Body);
        var (read, mistakes) = await reader.EndpointAsync(EndpointFileReader.PathOf(id), new ScriptFile(await text.ReadToEndAsync(cancellation), null), cancellation);
        var problems = mistakes.Select(mistake => (mistake.Pointer, mistake.Message)).ToList();
        var config = read.Config is { } json ? JsonSerializer.Deserialize<EndpointConfig>(json.Utf8.Span, EndpointConfig.Strict) : null;
        if (config?.BlockedAddress(new Deliveries.AddressFilter(outbound.Value.AllowPrivate)) is { } blocked) problems.Add(("/url", blocked));
        if (problems.Count > 0 || config is null) return ApiProblem.BadParameters(problems.GroupBy(p => p.Pointer, p => p.Message).ToDictionary(p => p.Key, p => p.ToArray()));
        if (asks && await asking.AskAsync(config, cancellation) is { } refusal) return TypedResults.Problem(statusCode: StatusCodes.Status422UnprocessableEntity, detail: refusal);
        var store = new EndpointStored(id, read.Config!.Value, read.Patterns, FromFile: false, time.GetUtcNow());
        AuditDetail.Set(context, await AuditedAsync(id, db, cancellation), Audited(config));
        await journal.CommitAsync(store);
        targets.Forget(id);
        if (!store.IsStored) return InFile("endpoint", id, EndpointFileReader.PathOf(id));
        sources.SetDeliveryRate(DeliveryFactory.DestinationOf(id), config.RatePerSecond);
        return TypedResults.Ok(ViewOf(await db.Endpoints.SingleAsync(e => e.Id == id, cancellation)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description(IdDescription)] string id, HttpContext context, Journal journal, ManagementDb db, EndpointTargets targets, TimeProvider time, CancellationToken cancellation)
    {
        AuditDetail.Set(context, await AuditedAsync(id, db, cancellation), null);
        var delete = new EndpointDeleted(id, FromFile: false, time.GetUtcNow());
        await journal.CommitAsync(delete);
        targets.Forget(id);
        return delete.IsDeleted ? TypedResults.NoContent()
            : await db.Endpoints.AnyAsync(e => e.Id == id, cancellation) ? InFile("endpoint", id, EndpointFileReader.PathOf(id))
            : ApiProblem.NotFound("endpoint", id);
    }

    private static ProblemHttpResult InFile(string noun, string name, string file) => ApiProblem.Conflict($"The {noun} \"{name}\" is described by {file} in the workflows folder; change or remove that.");

    private static Task<Results<NoContent, ProblemHttpResult>> PauseAsync([Description(IdDescription)] string id, HttpContext context, Journal journal, ManagementDb db, EndpointTargets targets, ApiSources sources, TimeProvider time) =>
        SetStateAsync(id, EndpointState.Paused, context, journal, db, targets, sources, time);

    private static Task<Results<NoContent, ProblemHttpResult>> ResumeAsync([Description(IdDescription)] string id, HttpContext context, Journal journal, ManagementDb db, EndpointTargets targets, ApiSources sources, TimeProvider time) =>
        SetStateAsync(id, EndpointState.Active, context, journal, db, targets, sources, time);

    private static async Task<Results<NoContent, ProblemHttpResult>> SetStateAsync(
        string id, string state, HttpContext context, Journal journal, ManagementDb db, EndpointTargets targets, ApiSources sources, TimeProvider time)
    {
        AuditDetail.Set(context, await db.Endpoints.Where(e => e.Id == id).Select(e => new { state = e.State }).SingleOrDefaultAsync(context.RequestAborted), new { state });
        var set = new EndpointStateSet(id, state, null, time.GetUtcNow());
        await journal.CommitAsync(set);
        targets.Forget(id);
        sources.WakeDeliveries();
        return set.IsDisabled ? ApiProblem.Conflict($"The endpoint \"{id}\" is disabled: nothing is sent to it, and no events are queued for it. Resume it first.")
            : set.IsFound ? TypedResults.NoContent() : ApiProblem.NotFound("endpoint", id);
    }

    private static async Task<Results<Ok<EndpointSecretView>, ProblemHttpResult>> RotateAsync(
        [Description(IdDescription)] string id, [Description("For how long the secret before is valid too, as 24h; 0s for not at all.")] string? overlap,
        Journal journal, EndpointTargets targets, EndpointSecrets secrets, TimeProvider time)
    {
        Duration wanted = new(DefaultOverlap);
        if (overlap is not null && (!Duration.TryParse(overlap, out wanted) || wanted.Value > TimeSpan.FromDays(90)))
            return ApiProblem.BadParameters(new Dictionary<string, string[]> { ["overlap"] = [$"\"{overlap}\" is not {Duration.Expected}, 90 days at most."] });
        var before = await SecretAsync(id, journal, secrets, time);
        if (before.Result is ProblemHttpResult none) return none; // there is no secret of the server's to replace
        var now = time.GetUtcNow();
        var rotate = new EndpointRotated(id, now + wanted.Value, now);
        await journal.CommitAsync(rotate);
        targets.Forget(id);
        return rotate.IsFound ? await SecretAsync(id, journal, secrets, time) : ApiProblem.NotFound("endpoint", id);
    }

    private static async Task<Results<Ok<EndpointSecretView>, ProblemHttpResult>> SecretAsync([Description(IdDescription)] string id, Journal journal, EndpointSecrets secrets, TimeProvider time)
    {
        var read = new EndpointRead(id);
        await journal.CommitAsync(read);
        if (read.Endpoint is not { } endpoint) return ApiProblem.NotFound("endpoint", id);
        var config = JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config.Utf8.Span, EndpointConfig.Strict)!;
        if (config.Secrets is not null || config.Signing is EndpointSigning.None) return ApiProblem.Conflict($"The server made no secret for \"{id}\": it is not signed, or with secrets that it names.");
        var valid = secrets.Of(endpoint, config.Signing, time.GetUtcNow());
        return TypedResults.Ok(new EndpointSecretView([.. valid.Select(secret => EndpointSecrets.ForReceiver(secret, config.Signing))], endpoint.PreviousUntil > time.GetUtcNow() ? endpoint.PreviousUntil : null));
    }

    private static async Task<Results<Accepted<EmissionAccepted>, ProblemHttpResult>> EmitAsync(EmissionRequest wanted, Journal journal, IdSource ids, FanOut fanOut, Deliveries.DeliveryOptions options, TimeProvider time)
    {
        if (EmissionCheck.Problem(wanted.Type, wanted.Key, wanted.Id) is var (field, problem)) return ApiProblem.BadParameters(new Dictionary<string, string[]> { [field] = [problem] });
        if (wanted.Data.ValueKind is JsonValueKind.Undefined) return ApiProblem.BadParameters(new Dictionary<string, string[]> { ["data"] = ["An event needs \"data\": any JSON value, also null."] });
        var data = Json.Of(wanted.Data);
        if (EmissionCheck.TooLarge(data, options) is { } tooLarge) return TypedResults.Problem(statusCode: StatusCodes.Status413PayloadTooLarge, detail: tooLarge);
        var emitted = new EventEmitted(new Emission(ids.Next(), wanted.Id, wanted.Type, wanted.Key, data, "/api", 0, 0, "", "", time.GetUtcNow()));
        await journal.CommitAsync(emitted);
        fanOut.WakeAll();
        var id = PublicId.Format(PublicId.Emission, emitted.StoredId);
        return TypedResults.Accepted("/api/emissions/" + id, new EmissionAccepted(id, IsRepeat: emitted.StoredId != emitted.Emission.Id));
    }

    private static async Task<Results<Ok<EmissionView>, ProblemHttpResult>> GetEmissionAsync([Description("As emt_0f9k2m7q4x3aw.")] string id, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Emission, id);
        if (parameters.Problem is { } problem) return problem;
        return await db.Emissions.SingleOrDefaultAsync(e => e.Id == key, cancellation) is { } row
            ? TypedResults.Ok(new EmissionView(id, row.Type, row.EmitId, row.Key, row.RunId == 0 ? null : PublicId.Format(PublicId.Run, row.RunId), row.CreatedAt, row.Deliveries, row.EndedAt, row.Error))
            : ApiProblem.NotFound("emission", id);
    }

    private static async Task<object?> AuditedAsync(string id, ManagementDb db, CancellationToken cancellation) =>
        await db.Endpoints.SingleOrDefaultAsync(e => e.Id == id, cancellation) is { } row ? Audited(JsonSerializer.Deserialize<EndpointConfig>(row.Config, EndpointConfig.Strict)!) : null;

    /// <summary>What goes where, for the audit log; without queries and values of headers, which may be credentials.</summary>
    private static object Audited(EndpointConfig config) =>
        new { url = config.Url.Split('?')[0], events = config.Events, headers = config.Headers?.Keys, signing = config.Signing, secrets = config.Secrets, hasFilter = config.Filter is not null, hasTransform = config.Transform is not null };

    private static EndpointView ViewOf(EndpointRow row) => new(
        row.Id, row.State, row.Reason, row.FromFile, row.FailingSince, row.CreatedAt, row.ChangedAt, JsonSerializer.Deserialize<EndpointConfig>(row.Config, EndpointConfig.Strict)!);
}

/// <summary>An event type as people describe it.</summary>
internal sealed record EventTypeView(string Name, string? Description, [property: Description("Data of such an event.")] Json? Example, [property: Description("True when a file describes it.")] bool FromFile, DateTimeOffset ChangedAt);

/// <summary>What an event type is.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record EventTypeSetting(string? Description, [property: Description("Data of such an event.")] JsonElement? Example);

/// <summary>An endpoint.</summary>
internal sealed record EndpointView(
    string Id,
    [property: Description("active, paused or disabled.")] string State,
    [property: Description("Why it was disabled; null for other states.")] string? Reason,
    [property: Description("True when a file describes it.")] bool FromFile,
    [property: Description("Since when every attempt has failed; null when the last one succeeded.")] DateTimeOffset? FailingSince,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    EndpointConfig Config);

/// <summary>What a receiver verifies with.</summary>
internal sealed record EndpointSecretView(
    [property: Description("The newest first; two while one is replaced.")] IReadOnlyList<string> Secrets,
    [property: Description("Until when the older one is valid; null when there is one.")] DateTimeOffset? PreviousUntil);

/// <summary>An event to be emitted.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record EmissionRequest(
    [property: Description("As order.created.")] string Type,
    [property: Description("Any JSON value.")] JsonElement Data,
    [property: Description("What strict order goes by; null for none.")] string? Key,
    [property: Description("A second event of the type with this id is not emitted; null for none.")] string? Id);

/// <summary>An event that was emitted.</summary>
internal sealed record EmissionAccepted(string Id, [property: Description("True when an event with its id was emitted before: this is that one's.")] bool IsRepeat);

/// <summary>An emitted event.</summary>
internal sealed record EmissionView(
    string Id,
    string Type,
    [property: Description("The id that it was emitted with; null for none.")] string? EmitId,
    string? Key,
    [property: Description("The run that emitted it; null for none.")] string? RunId,
    DateTimeOffset CreatedAt,
    [property: Description("How many were queued so far.")] long Deliveries,
    [property: Description("When workflows had it and the last endpoint its delivery; null until then.")] DateTimeOffset? EndedAt,
    [property: Description("Why workflows or an endpoint did not get it; null when all did.")] string? Error);
