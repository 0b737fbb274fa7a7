using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Access;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints.Portal;

/// <summary>Lets the owner of an outside application into the portal of one endpoint: by a link with a token, which is exchanged for a session of the browser.</summary>
/// <remarks>Tokens and cookies are 32 random bytes; the database holds hashes of them. A session is over with its link, and after <see cref="LongestSession"/>.</remarks>
internal sealed class PortalAccess(Journal journal, TimeProvider time)
{
    public const string Prefix = "ptl_";

    /// <summary>Past it the oldest of an endpoint ends.</summary>
    public const int MaxLinks = 20;

    public static readonly TimeSpan LongestSession = TimeSpan.FromHours(12);

    private const int IdLength = 12, SecretLength = 43, MaxSessions = 20;

    // A portal's owner looks and decides; more than this in a minute is a program.
    private const int ChangesAMinute = 30;

    private readonly AttemptLimit<string> changes = new(ChangesAMinute, TimeSpan.FromMinutes(1), time);

    /// <summary>A new link's token, which is shown once, and its row.</summary>
    public static (string Token, StoredPortalLink Row) Make(string endpoint, DateTimeOffset now, TimeSpan lifetime, string? by)
    {
        var id = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(IdLength / 2));
        var token = $"{id}_{Secret()}";
        return (token, new StoredPortalLink(id, HashOf(token), endpoint, now, by, now + lifetime));
    }

    /// <summary>The link that a token opens; null for none, or one that is over.</summary>
    public async Task<PortalLinkRow?> FindAsync(string token, ManagementDb db, CancellationToken cancellation)
    {
        if (token.Length != Prefix.Length + IdLength + 1 + SecretLength || !token.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var (id, now) = (token[..(Prefix.Length + IdLength)], time.GetUtcNow());
        return await db.PortalLinks.SingleOrDefaultAsync(l => l.Id == id, cancellation) is { } link && link.ExpiresAt > now && CryptographicOperations.FixedTimeEquals(HashOf(token), link.Hash) ? link : null;
    }

    /// <summary>Begins a session; false when the link is gone.</summary>
    public async Task<bool> OpenAsync(HttpContext context, PortalLinkRow link)
    {
        var (value, now) = (Secret(), time.GetUtcNow());
        var end = now + LongestSession < link.ExpiresAt ? now + LongestSession : link.ExpiresAt;
        var opened = new PortalOpened(link.Id, HashOf(value), now, end, MaxSessions);
        await journal.CommitAsync(opened);
        if (opened.IsStored) context.Response.Cookies.Append(CookieOf(link.EndpointId), value, Cookie(context, end - now));
        return opened.IsStored;
    }

    /// <summary>The link with which the browser's session for an endpoint began; null without one.</summary>
    public async Task<PortalLinkRow?> LinkOfAsync(HttpContext context, string endpoint, ManagementDb db)
    {
        if (ValueOf(context, endpoint) is not { } value) return null;
        var (hash, now) = (HashOf(value), time.GetUtcNow());
        return await (from session in db.PortalSessions
                      join link in db.PortalLinks on session.LinkId equals link.Id
                      where session.Hash == hash && session.ExpiresAt > now && link.ExpiresAt > now && link.EndpointId == endpoint
                      select link).SingleOrDefaultAsync(context.RequestAborted);
    }

    public async Task CloseAsync(HttpContext context, string endpoint)
    {
        if (ValueOf(context, endpoint) is { } value) await journal.CommitAsync(new PortalClosed(HashOf(value)));
        context.Response.Cookies.Delete(CookieOf(endpoint), Cookie(context, TimeSpan.Zero));
    }

    /// <summary>What forms of the session's pages carry: another site does not know it.</summary>
    public static string FormTokenOf(HttpContext context, string endpoint) =>
        ValueOf(context, endpoint) is { } value ? Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(value), "automation portal form"u8)) : "";

    public static bool IsFormToken(HttpContext context, string endpoint, string? candidate) =>
        FormTokenOf(context, endpoint) is { Length: > 0 } token && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(candidate ?? ""));

    /// <summary>Counts a change through an endpoint's portal; how long to wait when there were too many.</summary>
    public TimeSpan CountChange(string endpoint)
    {
        if (changes.WaitOf(endpoint) is { Ticks: > 0 } wait) return wait;
        changes.Count(endpoint);
        return TimeSpan.Zero;
    }

    // One for each endpoint, so that somebody who has two can have both open.
    private static string CookieOf(string endpoint) => "automation_portal_" + endpoint;

    private static string? ValueOf(HttpContext context, string endpoint) => context.Request.Cookies[CookieOf(endpoint)] is { Length: SecretLength } value ? value : null;

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    private static byte[] HashOf(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    // Lax: links are opened from mails and other sites, and a strict cookie would not be sent with the redirect. Forms have a token of their own.
    private static CookieOptions Cookie(HttpContext context, TimeSpan age) => new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = context.Request.IsHttps, Path = "/", MaxAge = age, IsEssential = true };
}
