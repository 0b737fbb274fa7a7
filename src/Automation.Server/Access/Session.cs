using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Storage;
using Microsoft.Extensions.Options;

namespace Automation.Server.Access;

/// <summary>Sessions of browsers: a cookie of 32 random bytes, of which the database holds a hash. They can be ended one by one; a user's end with a new password, those that the admin token began with a new token.</summary>
internal sealed class Session(AccessDirectory directory, AdminToken token, IOptions<AccessOptions> settings, TimeProvider time)
{
    public const string CookieName = "automation_session";
    private const int CookieLength = 43; // 32 bytes as base64url

    private readonly AccessOptions options = settings.Value;

    // Often enough that one in use does not end for lack of use.
    private readonly TimeSpan noteEvery = settings.Value.SessionIdle / 4 < AccessDirectory.NotedEvery ? settings.Value.SessionIdle / 4 : AccessDirectory.NotedEvery;

    private string AdminStamp => token.Sign("automation session");

    /// <summary>Begins a session of the admin token. One that the browser had is ended.</summary>
    /// <returns>The cookie's value, for <see cref="Give"/>.</returns>
    public async Task<string> StartAsync(HttpContext context)
    {
        var (value, session) = await MakeAsync(context, null);
        await directory.CommitAsync(new SessionStored(session, AccessDirectory.MaxSessions, null, null));
        return value;
    }

    /// <summary>Begins a session of a user whose password was checked. One that the browser had is ended.</summary>
    /// <param name="newerHash">Takes the place of the hash that was checked; null when there is none.</param>
    /// <returns>The cookie's value, for <see cref="Give"/>; null when the user was disabled or deleted, or got another password, since the check.</returns>
    public async Task<string?> StartAsync(HttpContext context, StoredUser user, string? newerHash = null)
    {
        var (value, session) = await MakeAsync(context, user.Name);
        var change = new SessionStored(session, AccessDirectory.MaxSessions, user.Password, newerHash);
        await directory.CommitAsync(change);
        return change.Stored ? value : null;
    }

    public void Give(HttpContext context, string value) => context.Response.Cookies.Append(CookieName, value, Cookie(context, options.SessionLifetime));

    /// <summary>Ends the request's session, if it has one.</summary>
    public async Task EndAsync(HttpContext context)
    {
        await EndStoredAsync(context);
        context.Response.Cookies.Delete(CookieName, Cookie(context, TimeSpan.Zero));
    }

    /// <summary>Who has the request's session; null without one, or with one that is over.</summary>
    /// <param name="isUse">False for a look that does not keep the session from ending.</param>
    public async Task<Caller?> CallerOfAsync(HttpRequest request, bool isUse = true)
    {
        var now = time.GetUtcNow();
        if (await FindAsync(request) is not { } session || session.ExpiresAt <= now || session.UsedAt + options.SessionIdle <= now) return null;
        var caller = session.UserName is null ? OfToken(session) : OfUser(session);
        if (caller is not null && isUse) directory.Use(session, noteEvery);
        return caller;
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

    private async Task<(string Value, StoredSession Session)> MakeAsync(HttpContext context, string? user)
    {
        await EndStoredAsync(context);
        var value = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = time.GetUtcNow();
        var agent = context.Request.Headers.UserAgent.ToString();
        return (value, new StoredSession(
            "ses_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(9)),
            HashOf(value),
            user,
            user is null ? AdminStamp : "",
            now,
            now + options.SessionLifetime,
            now,
            context.Connection.RemoteIpAddress?.ToString(),
            agent.Length == 0 ? null : agent[..Math.Min(agent.Length, 200)]));
    }

    private async Task EndStoredAsync(HttpContext context)
    {
        if (await FindAsync(context.Request) is { } session) await directory.CommitAsync(new SessionsEnded(session.Id, null, null));
    }

    private async ValueTask<StoredSession?> FindAsync(HttpRequest request) =>
        request.Cookies[CookieName] is { Length: CookieLength } value ? await directory.FindSessionAsync(HashOf(value), time.GetUtcNow() - options.SessionIdle) : null;

    private Caller? OfToken(StoredSession session) =>
        options.AllowAdminToken && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(session.Stamp), Encoding.ASCII.GetBytes(AdminStamp)) ? Caller.AdminToken with { Session = session.Id } : null;

    private Caller? OfUser(StoredSession session) =>
        directory.Users.GetValueOrDefault(session.UserName!) is { Disabled: false } user && AccessOptions.TryRole(user.Role, out var role) ? new Caller(user.Name, CallerKind.User, role, [], session.Id) : null;

    private static byte[] HashOf(string cookie) => SHA256.HashData(Encoding.UTF8.GetBytes(cookie));

    private static CookieOptions Cookie(HttpContext context, TimeSpan age) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps,
        Path = "/",
        MaxAge = age,
        IsEssential = true,
    };
}
