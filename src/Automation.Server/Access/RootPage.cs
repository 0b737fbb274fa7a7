using System.Net.Mime;

namespace Automation.Server.Access;

/// <summary><c>GET /</c>: with <c>?token=…</c> it begins a browser's session; with a session it is a page of links.</summary>
internal static class RootPage
{
    private const string Page = """
        <!doctype html>
        <html lang="en"><meta charset="utf-8"><title>Automation</title>
        <h1>Automation</h1>
        <ul>
        <li><a href="/api/workflows">Workflows</a>, <a href="/api/workflows/problems">problems in their files</a></li>
        <li><a href="/api/events">Events</a>, <a href="/api/runs">runs</a>, <a href="/api/deliveries">deliveries</a>, <a href="/api/deliveries?state=dead">dead deliveries</a></li>
        <li><a href="/api/step-types">Step types</a>, <a href="/api/trigger-types">trigger types</a>, <a href="/api/schema">workflow schema</a></li>
        <li><a href="/openapi/v1.json">OpenAPI document</a>, <a href="/health/ready">health</a></li>
        </ul>

        """;

    public static async Task GetAsync(HttpContext context, AccessCheck access, Session session)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        if (context.Request.Query.TryGetValue("token", out var token))
        {
            if (!await access.IsTokenAsync(context, token.ToString())) return;
            session.Start(context);
            context.Response.StatusCode = StatusCodes.Status303SeeOther;
            headers.Location = "/";
            return;
        }

        if (!await access.PassesAsync(context)) return;
        context.Response.ContentType = MediaTypeNames.Text.Html + "; charset=utf-8";
        await context.Response.WriteAsync(Page, context.RequestAborted);
    }
}
