using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Access;

/// <summary>What an endpoint says of a change beside its name: what it was before and after, as far as that is no secret.</summary>
internal sealed class AuditDetail
{
    public JsonNode? Before { get; private set; }

    public JsonNode? After { get; private set; }

    /// <summary>Says it for the request's entry in the audit log.</summary>
    public static void Set(HttpContext context, object? before, object? after)
    {
        var detail = context.Features.Get<AuditDetail>() ?? new AuditDetail();
        detail.Before = before is null ? null : JsonSerializer.SerializeToNode(before, JsonFormat.Wire);
        detail.After = after is null ? null : JsonSerializer.SerializeToNode(after, JsonFormat.Wire);
        context.Features.Set(detail);
    }
}

/// <summary>That a route changes nothing, whatever its method: it is not in the audit log, which would be drowned by it.</summary>
internal sealed record ChangesNothing;

internal static class AuditConventions
{
    /// <summary>Declares it for a route that is no GET.</summary>
    public static TBuilder ChangesNothing<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new ChangesNothing());
}

/// <summary>Notes who did what. A change is answered only after its entry is committed.</summary>
internal sealed class AuditLog(Func<Journal> journal, TimeProvider time, ILogger<AuditLog> log)
{
    private const int LongestTarget = 500, LongestDetail = 16 * 1024, LongestQuery = 1024, Failures = 100;

    private readonly AttemptLimit<string> failed = new(Failures, TimeSpan.FromMinutes(10), time);

    /// <summary>An endpoint filter: each request that changes something is in the log, also one that failed.</summary>
    /// <param name="known">Query parameters that the endpoint has; what else somebody sends is not kept.</param>
    public static EndpointFilterDelegate Note(FrozenSet<string> known, EndpointFilterDelegate next) => context => NoteAsync(context, known, next);

    /// <summary>Notes a request that would have changed something and is refused, up to a number in ten minutes.</summary>
    /// <param name="actor">Who sent it.</param>
    public async Task NoteRefusedAsync(HttpContext context, string actor, int status)
    {
        if (IsLook(context) || IsPastBound(actor)) return;
        await journal().CommitAsync(new AuditNoted(EntryOf(context, actor, status, FrozenSet<string>.Empty)));
    }

    /// <summary>Notes a sign-in, or what somebody did on another page, of which failed ones are noted up to a number in ten minutes: the log is no target for floods.</summary>
    public async Task NoteSignInAsync(HttpContext context, string action, string actor, int status, string target = "")
    {
        if (status >= 400 && IsPastBound("")) return;
        await journal().CommitAsync(new AuditNoted(new AuditEntry(time.GetUtcNow(), actor, context.Connection.RemoteIpAddress?.ToString(), action, target, status, null)));
    }

    private static async ValueTask<object?> NoteAsync(EndpointFilterInvocationContext context, FrozenSet<string> known, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (IsLook(http)) return await next(context);
        var audit = http.RequestServices.GetRequiredService<AuditLog>();
        object? result;
        try
        {
            result = await next(context);
        }
        catch (Exception error)
        {
            await audit.TryNoteAsync(http, error is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError, known);
            throw;
        }

        await audit.NoteAsync(http, StatusOf(result), known);
        return result;
    }

    private async Task NoteAsync(HttpContext context, int status, FrozenSet<string> known)
    {
        var actor = Caller.Of(context)?.Actor ?? "nobody";
        if (status is >= 400 and < 500 && IsPastBound(actor)) return;
        await journal().CommitAsync(new AuditNoted(EntryOf(context, actor, status, known)));
    }

    private async Task TryNoteAsync(HttpContext context, int status, FrozenSet<string> known)
    {
        try
        {
            await NoteAsync(context, status, known);
        }
        catch (JournalException error)
        {
            Log.NotNoted(log, error.Message);
        }
    }

    private bool IsPastBound(string who)
    {
        if (failed.WaitOf(who) > TimeSpan.Zero) return true;
        if (failed.Count(who)) Log.FailuresNotNoted(log, Failures, who.Length == 0 ? "sign-ins" : "requests of " + who);
        return false;
    }

    private static bool IsLook(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method) || context.GetEndpoint()?.Metadata.GetMetadata<ChangesNothing>() is not null;

    private AuditEntry EntryOf(HttpContext context, string actor, int status, FrozenSet<string> known)
    {
        var endpoint = context.GetEndpoint();
        var action = endpoint?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint?.DisplayName ?? context.Request.Method;
        var target = string.Join('/', context.Request.RouteValues.Values.OfType<string>()).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var detail = new JsonObject();
        var query = QueryString.Create(context.Request.Query.Where(parameter => known.Contains(parameter.Key)));
        if (query.HasValue) detail["query"] = query.Value!.Length <= LongestQuery ? query.Value : query.Value[..LongestQuery];
        if (context.Features.Get<AuditDetail>() is { } said)
        {
            if (said.Before is not null) detail["before"] = said.Before.DeepClone();
            if (said.After is not null) detail["after"] = said.After.DeepClone();
        }

        var text = detail.Count == 0 ? null : detail.ToJsonString(JsonFormat.Wire);
        return new AuditEntry(
            time.GetUtcNow(),
            actor,
            context.Connection.RemoteIpAddress?.ToString(),
            action,
            target.Length <= LongestTarget ? target : target[..LongestTarget],
            status,
            text is { Length: > LongestDetail } ? """{"tooLong":true}""" : text);
    }

    private static int StatusOf(object? result) => result switch
    {
        INestedHttpResult nested => StatusOf(nested.Result),
        IStatusCodeHttpResult { StatusCode: { } status } => status,
        _ => StatusCodes.Status200OK,
    };
}
