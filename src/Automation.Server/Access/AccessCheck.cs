using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Access;

/// <summary>Decides whether a request may pass, and writes the refusal when not.</summary>
internal sealed class AccessCheck(AdminToken token, Session session, WrongTokens wrong, IProblemDetailsService problems, ILogger<AccessCheck> log)
{
    private const string Where = $"The token is in the file {AdminToken.FileName} in the server's data folder, or in {AdminToken.Variable} of its environment.";

    /// <summary>True when the request brings the token or a session; else the answer is written.</summary>
    public async Task<bool> PassesAsync(HttpContext context)
    {
        if (BearerOf(context.Request) is { } candidate) return await IsTokenAsync(context, candidate);
        if (!session.IsValid(context.Request))
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "Send \"Authorization: Bearer <token>\". " + Where, "Bearer");
            return false;
        }

        if (Session.IsSameOrigin(context.Request)) return true;
        await RefuseAsync(context, StatusCodes.Status403Forbidden, "A page of another origin sent this with your session. Use the token as \"Authorization: Bearer\" instead.");
        return false;
    }

    /// <summary>True when <paramref name="candidate"/> is the token; else the answer is written: 401, or 429 after too many.</summary>
    public async Task<bool> IsTokenAsync(HttpContext context, string candidate)
    {
        var address = context.Connection.RemoteIpAddress;
        if (wrong.WaitOf(address) is { Ticks: > 0 } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "Too many wrong tokens came from this address. Wait as long as Retry-After says.");
            return false;
        }

        if (token.IsToken(candidate)) return true;
        if (wrong.Count(address)) Log.Blocked(log, address, WrongTokens.Allowed);
        await RefuseAsync(context, StatusCodes.Status401Unauthorized, "This is not the token. " + Where, "Bearer error=\"invalid_token\"");
        return false;
    }

    private static string? BearerOf(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    private async Task RefuseAsync(HttpContext context, int status, string detail, string? challenge = null)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        if (challenge is not null) context.Response.Headers[HeaderNames.WWWAuthenticate] = challenge;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = { Status = status, Detail = detail } });
    }
}
