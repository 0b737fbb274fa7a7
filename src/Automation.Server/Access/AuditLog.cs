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

/// <summary>Notes who did what. A change is answered only after its entry is committed.</summary>
internal sealed class AuditLog(Func<Journal> journal, TimeProvider time, ILogger<AuditLog> log)
{
    private const int LongestTarget = 500, LongestDetail = 16 * 1024, FailedSignIns = 100;

    private readonly AttemptLimit<string> failed = new(FailedSignIns, TimeSpan.FromMinutes(10), time);

    /// <summary>An endpoint filter: each request that changes something is in the log, also one that was refused or failed.</summary>
    public static EndpointFilterDelegate Note(EndpointFilterFactoryContext endpoint, EndpointFilterDelegate next) => async context =>
    {
        var http = context.HttpContext;
        if (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) return await next(context);
        var audit = http.RequestServices.GetRequiredService<AuditLog>();
        object? result;
        try
        {
            result = await next(context);
        }
        catch (Exception error)
        {
            await audit.TryNoteAsync(http, error is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError);
            throw;
        }

        await audit.NoteAsync(http, StatusOf(result));
        return result;
    };

    /// <summary>Notes a sign-in, of which failed ones are noted up to a number in ten minutes: the log is no target for floods.</summary>
    public async Task NoteSignInAsync(HttpContext context, string action, string actor, int status)
    {
        if (status >= 400 && failed.WaitOf("") > TimeSpan.Zero) return;
        if (status >= 400 && failed.Count("")) Log.SignInsNotNoted(log, FailedSignIns);
        await journal().CommitAsync(new AuditNoted(new AuditEntry(time.GetUtcNow(), actor, context.Connection.RemoteIpAddress?.ToString(), action, "", status, null)));
    }

    private async Task NoteAsync(HttpContext context, int status) => await journal().CommitAsync(new AuditNoted(EntryOf(context, status)));

    private async Task TryNoteAsync(HttpContext context, int status)
    {
        try
        {
            await NoteAsync(context, status);
        }
        catch (JournalException error)
        {
            Log.NotNoted(log, error.Message);
        }
    }

    private AuditEntry EntryOf(HttpContext context, int status)
    {
        var endpoint = context.GetEndpoint();
        var action = endpoint?.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? endpoint?.DisplayName ?? context.Request.Method;
        var target = string.Join('/', context.Request.RouteValues.Values.OfType<string>()).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        var detail = new JsonObject();
        if (context.Request.QueryString.HasValue) detail["query"] = context.Request.QueryString.Value;
        if (context.Features.Get<AuditDetail>() is { } said)
        {
            if (said.Before is not null) detail["before"] = said.Before.DeepClone();
            if (said.After is not null) detail["after"] = said.After.DeepClone();
        }

        var text = detail.Count == 0 ? null : detail.ToJsonString(JsonFormat.Wire);
        return new AuditEntry(
            time.GetUtcNow(),
            Caller.Of(context)?.Actor ?? "nobody",
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
