using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Access;

/// <summary>A browser's session: a cookie that says until when, signed with the admin token, so that the server keeps nothing and a new token ends all sessions.</summary>
/// <remarks>Cookie: <c>expires "." base64url(HMAC-SHA-256)</c>, <c>expires</c> in seconds since 1970. It holds nothing of the token and is no bearer token.</remarks>
internal sealed class Session(AdminToken token, TimeProvider time)
{
    public const string CookieName = "automation_session";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    public void Start(HttpContext context)
    {
        var expires = (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        context.Response.Cookies.Append(CookieName, expires + "." + Sign(expires), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
            MaxAge = Lifetime,
            IsEssential = true,
        });
    }

    public bool IsValid(HttpRequest request)
    {
        if (request.Cookies[CookieName] is not { } cookie || cookie.IndexOf('.', StringComparison.Ordinal) is not (> 0 and < 20 and var dot)) return false;
        var expires = cookie[..dot];
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(cookie[(dot + 1)..]), Encoding.UTF8.GetBytes(Sign(expires)))
            && long.TryParse(expires, NumberStyles.None, CultureInfo.InvariantCulture, out var until)
            && until > time.GetUtcNow().ToUnixTimeSeconds();
    }

    /// <summary>Whether a request that changes something comes from a page of this server: browsers say so in <c>Sec-Fetch-Site</c> or <c>Origin</c>.</summary>
    /// <remarks>The scheme is not compared: behind a proxy that ends TLS, the server sees another one than the browser.</remarks>
    public static bool IsSameOrigin(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) return true;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0) return site == "same-origin";
        return Uri.TryCreate(request.Headers.Origin, UriKind.Absolute, out var origin) && origin.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }

    private string Sign(string expires) => token.Sign("automation session until " + expires);
}
