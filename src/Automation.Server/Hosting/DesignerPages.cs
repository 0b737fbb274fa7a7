using System.Security.Cryptography;
using Automation.Server.Access;

namespace Automation.Server.Hosting;

/// <summary>The designer: its files as they were built, and its one page at every address that is nobody else's.</summary>
/// <remarks>Where it was not built, as in a plain <c>dotnet build</c>, there is none, and <c>/</c> is a page of links.</remarks>
internal static class DesignerPages
{
    private const string Nonce = "{{nonce}}";

    private static readonly DesignerFiles? Files = DesignerFiles.In(Path.Combine(AppContext.BaseDirectory, "wwwroot"));

    public static bool AreThere => Files is not null;

    /// <summary>Comes after the routes were looked through: what a route takes is never the designer's.</summary>
    public static void UseDesigner(this IApplicationBuilder app)
    {
        if (Files is not { } files) return;
        app.Use((context, next) => context.GetEndpoint() is null && files.Find(context) is { } file ? file.ExecuteAsync(context) : IsAsked(context) ? RootPage.GetAsync(context) : next(context));
    }

    /// <summary>Writes the page, with a policy that lets nothing in but this server's own files.</summary>
    public static Task WriteAsync(HttpContext context)
    {
        var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self'; font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers.CacheControl = "no-store";
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(Files!.Html.Replace(Nonce, nonce, StringComparison.Ordinal), context.RequestAborted);
    }

    private static bool IsAsked(HttpContext context) =>
        context.GetEndpoint() is null && (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) && !context.Request.Path.StartsWithSegments("/api") && !context.Request.Path.StartsWithSegments("/hooks") && RootPage.IsBrowser(context.Request);
}
