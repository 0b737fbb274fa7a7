using Automation.Server.Hosting;

namespace Automation.Server.Access;

/// <summary><c>GET /</c>, or HEAD: with <c>?token=…</c> it begins a browser's session; with a session it is the designer, or a page of links where there is none.</summary>
internal static class RootPage
{
    public static async Task GetAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var (access, session, audit) = (services.GetRequiredService<AccessCheck>(), services.GetRequiredService<Session>(), services.GetRequiredService<AuditLog>());
        Page.SetHeaders(context);
        if (HttpMethods.IsGet(context.Request.Method) && context.Request.Path == "/" && context.Request.Query.TryGetValue("token", out var token))
        {
            if (!await access.IsTokenAsync(context, token.ToString())) return;
            await audit.NoteSignInAsync(context, "signIn", Caller.AdminToken.Actor, StatusCodes.Status200OK);
            session.Give(context, await session.StartAsync(context));
            Page.Redirect(context, "/");
            return;
        }

        if (IsBrowser(context.Request) && await session.CallerOfAsync(context.Request) is null && !context.Request.Headers.ContainsKey("Authorization") && !services.GetRequiredService<ProxySignIn>().IsClaimed(context.Request))
        {
            Page.Redirect(context, ReturnAddress.SignIn(context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent()));
            return;
        }

        if (await access.CallerOfAsync(context) is not { } caller) return;
        if (DesignerPages.AreThere && IsBrowser(context.Request))
        {
            await DesignerPages.WriteAsync(context);
            return;
        }

        await Page.WriteAsync(context, StatusCodes.Status200OK, "Automation", $"""
            <ul>
            <li><a href="/api/workflows">Workflows</a>, <a href="/api/workflows/problems">problems in their files</a></li>
            <li><a href="/api/events">Events</a>, <a href="/api/runs">runs</a>, <a href="/api/deliveries">deliveries</a>, <a href="/api/deliveries?state=dead">dead deliveries</a></li>
            <li><a href="/api/step-types">Step types</a>, <a href="/api/trigger-types">trigger types</a>, <a href="/api/schema">workflow schema</a></li>
            <li><a href="/openapi/v1.json">OpenAPI document</a>, <a href="/health/ready">health</a></li>
            </ul>
            <p class="hint">You are {Page.Encode(caller.Name)}, {caller.Role.ToString().ToLowerInvariant()}.</p>
            {(caller.Session is null ? "" : "<form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>")}
            """);
    }

    internal static bool IsBrowser(HttpRequest request) => request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
