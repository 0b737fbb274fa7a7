using Automation.Server.Access;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Storage;

namespace Automation.Server.Connectors.OAuth;

/// <summary><c>/oauth/start</c>, from where a browser goes to a service's page of consent, and <c>/oauth/callback</c>, where it comes back.</summary>
internal static class OAuthPages
{
    public const string Start = "/oauth/start", Callback = "/oauth/callback";

    private const int LongestCode = 4096;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Start, StartAsync).ExcludeFromDescription();
        routes.MapGet(Callback, CallbackAsync).ExcludeFromDescription();
    }

    private static async Task StartAsync(HttpContext context, OAuthFlows flows, Session session, ProxySignIn proxy, AccessCheck access)
    {
        if (await access.HasToWaitAsync(context)) return;
        var state = context.Request.Query["state"].ToString();
        if (await flows.FindAsync(state) is not { } flow)
        {
            access.CountWrong(context);
            await ProblemAsync(context, StatusCodes.Status404NotFound, "There is no such way to connect, or it is older than ten minutes, or over. Begin again.");
            return;
        }

        if (flow.BySession && await ActorAsync(context, session, proxy) != flow.StartedBy)
        {
            await ProblemAsync(context, StatusCodes.Status403Forbidden, $"This was begun by {flow.StartedBy}. Sign in as that user in this browser, then open the address again.");
            return;
        }

        try
        {
            if (await flows.StartAsync(flow, state) is not var (verifier, address))
            {
                await ProblemAsync(context, StatusCodes.Status409Conflict, "This address was opened before. Begin again.");
                return;
            }

            // Lax, not strict: the service's page leads back here. Nothing but the way back reads it.
            context.Response.Cookies.Append(OAuthFlows.CookieOf(state), verifier, Cookie(flow, OAuthFlows.Lifetime));
            Page.Redirect(context, address);
        }
        catch (StepException missing)
        {
            await ProblemAsync(context, StatusCodes.Status409Conflict, missing.Error.Message);
        }
    }

    private static async Task CallbackAsync(HttpContext context, OAuthFlows flows, AccessCheck access, AuditLog audit)
    {
        if (await access.HasToWaitAsync(context)) return;
        var query = context.Request.Query;
        var state = query["state"].ToString();
        var verifier = context.Request.Cookies[OAuthFlows.CookieOf(state)];
        if (await flows.TakeAsync(state, verifier) is not { } flow)
        {
            access.CountWrong(context);
            await ProblemAsync(context, StatusCodes.Status400BadRequest, "Nothing was begun in this browser that this is the end of, or it was more than ten minutes ago, or it is over already. Begin again.");
            return;
        }

        context.Response.Cookies.Delete(OAuthFlows.CookieOf(state), Cookie(flow, TimeSpan.Zero));
        var client = OAuthClient.FromJson(flow.Client)!;
        var problem = await FinishAsync(flows, flow, client, query["error"].ToString(), query["error_description"].ToString(), query["code"].ToString(), verifier!);
        await audit.NoteSignInAsync(context, "connectionConnected", flow.StartedBy, problem is null ? StatusCodes.Status200OK : StatusCodes.Status502BadGateway, $"{client.Connector}/{client.Connection}");
        if (problem is not null) await ProblemAsync(context, StatusCodes.Status502BadGateway, problem);
        else await Page.WriteAsync(context, StatusCodes.Status200OK, "Connected", $"<p>{Page.Encode(client.Shown)} is connected. Workflows use it from now on; you can close this page.</p>");
    }

    /// <summary>What went wrong, for a person; null when nothing did.</summary>
    private static async Task<string?> FinishAsync(OAuthFlows flows, OAuthFlow flow, OAuthClient client, string error, string description, string code, string verifier)
    {
        if (error.Length > 0) return $"{client.Title} did not agree: {TokenAnswer.Shown(error)}{(description.Length > 0 ? ": " + TokenAnswer.Shown(description) : "")}. Begin again.";
        if (code.Length is 0 or > LongestCode) return $"{client.Title} sent no code. Begin again.";
        try
        {
            await flows.FinishAsync(flow, code, verifier);
            return null;
        }
        catch (Exception failed) when (failed is TokenRequestException or SecretException or JournalException)
        {
            return $"{client.Shown} is not connected. {failed.Message} Begin again.";
        }
    }

    private static async Task<string?> ActorAsync(HttpContext context, Session session, ProxySignIn proxy) =>
        (proxy.IsClaimed(context.Request) ? proxy.CallerOf(context, out _) : await session.CallerOfAsync(context.Request))?.Actor;

    private static Task ProblemAsync(HttpContext context, int status, string problem) => Page.WriteAsync(context, status, "Not connected", $"<p class=\"problem\" role=\"alert\">{Page.Encode(problem)}</p>");

    private static CookieOptions Cookie(OAuthFlow flow, TimeSpan age) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = flow.RedirectUri.StartsWith("https:", StringComparison.Ordinal),
        Path = "/",
        MaxAge = age,
        IsEssential = true,
    };
}
