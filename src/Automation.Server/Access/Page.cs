using System.Net.Mime;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace Automation.Server.Access;

/// <summary>Pages without scripts, images and anything from elsewhere. Their one style sheet is in them, and the policy allows only that.</summary>
internal static class Page
{
    private const string Style = """
        :root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
        body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#f4f5f7,#15171a);color:light-dark(#1c1e21,#e6e7e9)}
        main{box-sizing:border-box;width:min(24rem,calc(100vw - 2rem));padding:2rem;border-radius:.75rem;background:light-dark(#fff,#1f2226);box-shadow:0 1px 3px #0003}
        h1{margin:0 0 1rem;font-size:1.3rem}
        p{margin:0 0 1rem}
        ul{padding-left:1.2rem}
        label{display:block;margin-bottom:1rem;font-weight:500}
        input{box-sizing:border-box;display:block;width:100%;margin-top:.25rem;padding:.5rem;font:inherit;color:inherit;background:light-dark(#fff,#15171a);border:1px solid light-dark(#767b82,#8a9099);border-radius:.375rem}
        button{width:100%;padding:.6rem;font:inherit;font-weight:600;color:#fff;background:#1f5fbf;border:0;border-radius:.375rem;cursor:pointer}
        input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid #6ea8fe;outline-offset:1px}
        a{color:light-dark(#1f5fbf,#8ab8ff)}
        .problem{padding:.6rem .8rem;border-radius:.375rem;background:light-dark(#fdecea,#4a1f1b)}
        .hint{color:light-dark(#555b62,#a4aab2);font-size:.9rem}
        """;

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style.ReplaceLineEndings("\n"))))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public static string Encode(string text) => HtmlEncoder.Default.Encode(text);

    /// <summary>Writes a page.</summary>
    /// <param name="main">HTML; what is from outside in it went through <see cref="Encode"/>.</param>
    public static async Task WriteAsync(HttpContext context, int status, string title, string main)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = MediaTypeNames.Text.Html + "; charset=utf-8";
        SetHeaders(context);
        await context.Response.WriteAsync(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Encode(title)} – Automation</title><style>{Style.ReplaceLineEndings("\n")}</style></head>
            <body><main><h1>{Encode(title)}</h1>
            {main}
            </main></body></html>

            """,
            context.RequestAborted);
    }

    public static void SetHeaders(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
    }

    public static void Redirect(HttpContext context, string to)
    {
        SetHeaders(context);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = to;
    }

    /// <summary>The fields of a small form; null when the request has none, or too much.</summary>
    public static async Task<IFormCollection?> FormAsync(HttpContext context)
    {
        const int MaxBytes = 16 * 1024;
        if (!context.Request.HasFormContentType || context.Request.ContentLength > MaxBytes) return null;
        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MaxBytes;
        try
        {
            return await context.Request.ReadFormAsync(new Microsoft.AspNetCore.Http.Features.FormOptions { ValueCountLimit = 16, KeyLengthLimit = 64, ValueLengthLimit = 4096, MultipartBodyLengthLimit = MaxBytes }, context.RequestAborted);
        }
        catch (Exception error) when (error is InvalidDataException or BadHttpRequestException or IOException)
        {
            return null;
        }
    }
}
