using System.Globalization;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Access;

/// <summary>Decides whether a request may pass, and writes the refusal when not.</summary>
internal sealed class AccessCheck(
    AdminToken token, ApiTokens tokens, Session session, ProxySignIn proxy, WrongTokens wrong, AuditLog audit, IOptions<AccessOptions> settings, ILogger<AccessCheck> log)
{
    private readonly bool allowAdminToken = settings.Value.AllowAdminToken;

    private string Where => allowAdminToken
        ? $"The token is in the file {AdminToken.FileName} in the server's data folder, or in {AdminToken.Variable} of its environment; POST /api/tokens makes others."
        : "POST /api/tokens makes tokens; the admin token does not count here (Access:AllowAdminToken).";

    /// <summary>True when the request comes from somebody who may use its route; else the answer is written.</summary>
    public async Task<bool> PassesAsync(HttpContext context)
    {
        if (await CallerOfAsync(context) is not { } caller) return false;
        if (context.GetEndpoint() is RouteEndpoint endpoint && !await MayAsync(caller, endpoint, context)) return false;
        context.Features.Set(caller);
        return true;
    }

    /// <summary>Who sent the request; null when the refusal is written.</summary>
    public async Task<Caller?> CallerOfAsync(HttpContext context)
    {
        if (BearerOf(context.Request) is { } candidate) return await OfBearerAsync(context, candidate);
        var caller = proxy.IsClaimed(context.Request) ? proxy.CallerOf(context, out var why) : await session.CallerOfAsync(context.Request);
        if (caller is null)
        {
            why = proxy.IsClaimed(context.Request) && proxy.CallerOf(context, out why) is null ? why : "Sign in at /sign-in, or send \"Authorization: Bearer <token>\". " + Where;
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, why, "Bearer");
            return null;
        }

        if (Session.IsSameOrigin(context.Request)) return caller;
        await audit.NoteRefusedAsync(context, caller.Actor, StatusCodes.Status403Forbidden);
        await RefuseAsync(context, StatusCodes.Status403Forbidden, "A page of another origin sent this with your session. Use a token as \"Authorization: Bearer\" instead.");
        return null;
    }

    /// <summary>Whether the caller of a request that has passed would still pass; a stream may be open for days. Also false when that cannot be found out.</summary>
    public async Task<bool> StandsAsync(HttpContext context)
    {
        try
        {
            var now = BearerOf(context.Request) is { } candidate ? CallerOf(candidate) : proxy.IsClaimed(context.Request) ? proxy.CallerOf(context, out _) : await session.CallerOfAsync(context.Request, isUse: false);
            return now is not null && Caller.Of(context) is { } before && now.Actor == before.Actor && now.Role >= NeededBy(context.GetEndpoint());
        }
        catch (JournalException)
        {
            return false;
        }
    }

    /// <summary>True when <paramref name="candidate"/> is the admin token; else the answer is written: 401, or 429 after too many.</summary>
    public async Task<bool> IsTokenAsync(HttpContext context, string candidate) => await OfBearerAsync(context, candidate, adminOnly: true) is not null;

    /// <summary>True, and the answer is written, when the address sent too many wrong tokens or passwords.</summary>
    public async Task<bool> HasToWaitAsync(HttpContext context)
    {
        if (wrong.WaitOf(context.Connection.RemoteIpAddress) is not { Ticks: > 0 } wait) return false;
        context.Response.Headers.RetryAfter = Seconds(wait);
        await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "Too many wrong tokens or passwords came from this address. Wait as long as Retry-After says.");
        return true;
    }

    /// <summary>Counts a wrong token or password.</summary>
    public void CountWrong(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        if (wrong.Count(address)) Log.Blocked(log, address, WrongTokens.Allowed);
    }

    internal static string Seconds(TimeSpan wait) => Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private async Task<Caller?> OfBearerAsync(HttpContext context, string candidate, bool adminOnly = false)
    {
        if (await HasToWaitAsync(context)) return null;
        if (CallerOf(candidate, adminOnly) is { } caller) return caller;
        CountWrong(context);
        await RefuseAsync(context, StatusCodes.Status401Unauthorized, $"This is not the token{(adminOnly ? "" : ", nor one that is valid now")}. " + Where, "Bearer error=\"invalid_token\"");
        return null;
    }

    private Caller? CallerOf(string candidate, bool adminOnly = false) =>
        allowAdminToken && token.IsToken(candidate) ? Caller.AdminToken : adminOnly ? null : tokens.CallerOf(candidate);

    private static Role NeededBy(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<RequiredRole>()?.Role ?? Role.Admin;

    private async Task<bool> MayAsync(Caller caller, Endpoint endpoint, HttpContext context)
    {
        var needed = NeededBy(endpoint);
        if (caller.Role < needed)
        {
            await audit.NoteRefusedAsync(context, caller.Actor, StatusCodes.Status403Forbidden);
            await RefuseAsync(context, StatusCodes.Status403Forbidden, $"This needs the role {Name(needed)}, and yours is {Name(caller.Role)}.", required: needed);
            return false;
        }

        if (caller.Names.Count == 0 || endpoint.Metadata.GetMetadata<AboutCaller>() is not null || (await NameOfAsync(endpoint, context) is { } name && ApiTokens.Fits(caller.Names, name))) return true;
        await audit.NoteRefusedAsync(context, caller.Actor, StatusCodes.Status403Forbidden);
        await RefuseAsync(context, StatusCodes.Status403Forbidden, $"This token is for {string.Join(", ", caller.Names)} only, and this is not about one of those. Lists take a workflow to be about.");
        return false;
    }

    /// <summary>What the request is about; null when that is not said or not there.</summary>
    private static async Task<string?> NameOfAsync(Endpoint endpoint, HttpContext context)
    {
        if (endpoint.Metadata.GetMetadata<NamedBy>() is not { } by) return null;
        var text = context.Request.RouteValues.TryGetValue(by.Parameter, out var value) ? value as string : context.Request.Query[by.Parameter] is [{ } one] ? one : null;
        if (text is null || by.Kind is "workflow") return text?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (!PublicId.TryParse(by.Kind == "run" ? PublicId.Run : PublicId.Delivery, text, out var id)) return null;
        var db = context.RequestServices.GetRequiredService<ManagementDb>();
        return by.Kind == "run"
            ? await db.Runs.Where(r => r.Id == id).Select(r => r.WorkflowId).SingleOrDefaultAsync(context.RequestAborted)
            : await db.Deliveries.Where(d => d.Id == id).Select(d => d.WorkflowId).SingleOrDefaultAsync(context.RequestAborted);
    }

    private static string Name(Role role) => role.ToString().ToLowerInvariant();

    private static string? BearerOf(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    private static async Task RefuseAsync(HttpContext context, int status, string detail, string? challenge = null, Role? required = null)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (challenge is not null) context.Response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        await TypedResults.Problem(statusCode: status, detail: detail, extensions: required is { } role ? [KeyValuePair.Create("requiredRole", (object?)Name(role))] : null).ExecuteAsync(context);
    }
}
