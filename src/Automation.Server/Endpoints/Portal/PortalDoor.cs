using Automation.Server.Access;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;

namespace Automation.Server.Endpoints.Portal;

/// <summary>Lets requests to the portal in, or says why not. What it lets in reaches one endpoint.</summary>
internal static class PortalDoor
{
    /// <summary><c>GET /portal?token=…</c>: exchanges the link's token for a session. The token is in no page, and so in no Referer.</summary>
    public static async Task<IResult> OpenAsync(HttpContext context, PortalAccess portal, AccessCheck access, WrongTokens wrong, AuditLog audit, ManagementDb db)
    {
        if (context.Request.Query["token"] is not [{ Length: > 0 } token]) return PortalPage.Tell(StatusCodes.Status400BadRequest, "Webhooks", "Open this page with the link that you were given.");
        if (wrong.WaitOf(context.Connection.RemoteIpAddress) is { Ticks: > 0 } wait) return PortalPage.Tell(StatusCodes.Status429TooManyRequests, "Too many tries", "Too many wrong links came from your address. Wait a minute, then try again.") with { RetryAfter = wait };
        try
        {
            if (await portal.FindAsync(token, db, context.RequestAborted) is { } link && await portal.OpenAsync(context, link))
            {
                await audit.NoteSignInAsync(context, "signIn", "portal:" + link.Id, StatusCodes.Status200OK);
                return PortalPage.GoTo(context.Request.Path.Value!.EndsWith('/') ? link.EndpointId : PortalFeature.Prefix[1..] + "/" + link.EndpointId);
            }

            access.CountWrong(context);
            await audit.NoteSignInAsync(context, "signIn", "portal:?", StatusCodes.Status401Unauthorized);
            return PortalPage.Tell(StatusCodes.Status401Unauthorized, "This link is not valid", "It has expired or was withdrawn. Ask whoever sent it for another.");
        }
        catch (JournalException)
        {
            return Later();
        }
    }

    /// <summary>An endpoint filter: a session of the endpoint in the path, and for forms that they come from its own pages.</summary>
    public static async ValueTask<object?> RequireAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        var (portal, endpoint) = (context.RequestServices.GetRequiredService<PortalAccess>(), (string)context.Request.RouteValues["endpoint"]!);
        if (!EndpointConfig.IsId(endpoint) || await portal.LinkOfAsync(context, endpoint, context.RequestServices.GetRequiredService<ManagementDb>()) is not { } link)
            return PortalPage.Tell(StatusCodes.Status401Unauthorized, "Open your link again", "Your visit is over, or this is another endpoint. Open the link that you were given.");
        IFormCollection? form = null;
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            form = await Page.FormAsync(context);
            if (context.Request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin") || !PortalAccess.IsFormToken(context, endpoint, form?["form"]))
                return PortalPage.Tell(StatusCodes.Status403Forbidden, "Not done", "This form came from a page of another site, or from an older visit. Go back, load the page again and repeat it.");
            if (portal.CountChange(endpoint) is { Ticks: > 0 } wait) return PortalPage.Tell(StatusCodes.Status429TooManyRequests, "A little slower", "There were too many changes within a minute. Wait a moment, then repeat it.") with { RetryAfter = wait };
        }

        context.Features.Set(new PortalVisit(link, form, PortalAccess.FormTokenOf(context, endpoint), PortalVisit.UpFrom(context.Request), context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow()));
        context.Features.Set(new Caller(link.Id, CallerKind.Portal, Role.Viewer, []));
        try
        {
            return await next(invocation);
        }
        catch (JournalException)
        {
            return Later();
        }
        catch (ServerKeyException)
        {
            return PortalPage.Tell(StatusCodes.Status503ServiceUnavailable, "Not now", "The server cannot open its secrets at the moment. Its operator finds the reason in its log.");
        }
    }

    private static PortalPage Later() => PortalPage.Tell(StatusCodes.Status503ServiceUnavailable, "Try again", "Nothing can be stored at the moment, and nothing was changed. Try again in a moment.") with { RetryAfter = TimeSpan.FromSeconds(1) };
}
