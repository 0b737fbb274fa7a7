using System.Globalization;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Access;

namespace Automation.Server.Endpoints.Portal;

/// <summary>A page of the portal: no scripts, nothing from elsewhere, nothing kept.</summary>
internal sealed record PortalPage(int StatusCode, string Title, Html Body) : IResult, IStatusCodeHttpResult
{
    private static readonly string Style = PortalStyle.Sheet.ReplaceLineEndings("\n");

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    int? IStatusCodeHttpResult.StatusCode => StatusCode;

    /// <summary>Set with 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A page that says one thing.</summary>
    public static PortalPage Tell(int status, string title, string sentence) => new(status, title, Html.Of($"""
        <div class="small card"><div class="body"><h1>{title}</h1><p class="soft">{sentence}</p></div></div>
        """));

    /// <summary>Where a form's page goes on; the path is relative, as a proxy may show the portal below another.</summary>
    public static IResult GoTo(string relative) => new Move(relative);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCode;
        httpContext.Response.ContentType = MediaTypeNames.Text.Html + "; charset=utf-8";
        if (RetryAfter is { } wait) httpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        SetHeaders(httpContext);
        return httpContext.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>{Page.Encode(Title)} – Webhooks</title><style>{Style}</style></head>
            <body>
            {Body}
            </body></html>

            """,
            httpContext.RequestAborted);
    }

    private static void SetHeaders(HttpContext context)
    {
        Page.SetHeaders(context);
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers["X-Robots-Tag"] = "noindex";
    }

    private sealed record Move(string To) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => StatusCodes.Status303SeeOther;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            SetHeaders(httpContext);
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = To;
            return Task.CompletedTask;
        }
    }
}
