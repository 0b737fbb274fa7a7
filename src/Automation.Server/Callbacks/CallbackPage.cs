using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace Automation.Server.Callbacks;

/// <summary>The small pages that people see who open a callback's link. Opening it does nothing: programs that make previews of links open them too.</summary>
internal static class CallbackPage
{
    private const string Style = "body{font:16px system-ui,sans-serif;margin:15vh auto;max-width:30rem;padding:0 1rem}form{display:inline-block;margin-right:.5rem}button{font:inherit;padding:.5rem 1.5rem}";

    /// <summary>What the pages may do: show their own style, and send their forms here.</summary>
    public static readonly string Policy = $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>A button for each outcome that may be chosen.</summary>
    /// <param name="step">The step's name.</param>
    /// <param name="choices">What a button says, and where it posts to.</param>
    public static string Ask(string step, IEnumerable<(string Text, string Action)> choices)
    {
        var forms = new StringBuilder();
        foreach (var (text, action) in choices) forms.Append($"<form method=\"post\" action=\"{Encoded(action)}\"><button>{Encoded(text)}</button></form>");
        return Page(step, forms.ToString());
    }

    public static string Tell(string title, string sentence) => Page(title, $"<p>{Encoded(sentence)}</p>");

    private static string Page(string title, string body) =>
        $$"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>{{Encoded(title)}}</title>
        <style>{{Style}}</style></head>
        <body><h1>{{Encoded(title)}}</h1>{{body}}</body></html>
        """;

    private static string Encoded(string text) => HtmlEncoder.Default.Encode(text);
}
