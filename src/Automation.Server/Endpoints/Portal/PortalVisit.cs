using System.Globalization;
using Automation.Server.Storage.Management;

namespace Automation.Server.Endpoints.Portal;

/// <summary>A request that was let into an endpoint's portal.</summary>
/// <param name="Link">With which the session began.</param>
/// <param name="Form">What a form sent; null for pages.</param>
/// <param name="FormToken">What the page's forms have to carry.</param>
/// <param name="Up">Leads from the request's path to that of all portals.</param>
internal sealed record PortalVisit(PortalLinkRow Link, IFormCollection? Form, string FormToken, string Up, DateTimeOffset Now)
{
    public static PortalVisit Of(HttpContext context) => context.Features.Get<PortalVisit>() ?? throw new InvalidOperationException("This page is behind no check of the portal.");

    /// <summary><c>../</c> as often as the path is deeper than <c>/portal/x</c>.</summary>
    public static string UpFrom(HttpRequest request) => string.Concat(Enumerable.Repeat("../", Math.Max(0, request.Path.Value![PortalFeature.Prefix.Length..].Count(c => c == '/') - 1)));

    /// <summary>The deliveries to this endpoint; not those to one that had its id before.</summary>
    public IQueryable<DeliveryRow> Deliveries(ManagementDb db)
    {
        var id = Link.EndpointId;
        return db.Deliveries.Where(d => d.EndpointId == id && db.Endpoints.Any(e => e.Id == id && e.CreatedAt <= d.CreatedAt));
    }

    /// <summary>A path below the endpoint's portal, as a link on this page.</summary>
    public string To(string path = "") => Up + Link.EndpointId + path;

    /// <summary>A form that is a button, and hidden fields or others in <paramref name="fields"/>.</summary>
    public Html Button(string path, string label, string kind = "", Html fields = default) => Html.Of($"""
        <form method="post" action="{To(path)}"><input type="hidden" name="form" value="{FormToken}">{fields}<button class="{kind}">{label}</button></form>
        """);

    /// <summary>A page with the bar above it.</summary>
    public PortalPage Page(string title, Html main, int status = StatusCodes.Status200OK) => new(status, title, Html.Of($"""
        <header class="bar"><div><a class="brand" href="{To()}"><svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true"><rect width="22" height="22" rx="6" fill="#4f5bea"/><path d="M5 11h5m0 0 4-4.5m-4 4.5 4 4.5M14 6.5h3M14 15.5h3" stroke="#fff" stroke-width="1.8" fill="none" stroke-linecap="round"/></svg>Automation <span>Webhooks</span></a>
        <div class="end"><span class="soft">Access until {Full(Link.ExpiresAt)}</span>{Button("/sign-out", "Sign out", "plain")}</div></div></header>
        <main>
        {main}
        </main>
        """));

    /// <summary>How long ago, or in how long, with the time itself for who points at it.</summary>
    public Html When(DateTimeOffset at)
    {
        var away = at > Now ? at - Now : Now - at;
        var text = away.TotalSeconds < 60 ? $"{(int)away.TotalSeconds} s" : away.TotalMinutes < 60 ? $"{(int)away.TotalMinutes} min" : away.TotalHours < 48 ? $"{(int)away.TotalHours} h" : $"{(int)away.TotalDays} days";
        return Html.Of($"""<time datetime="{at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}" title="{Full(at)}">{(at > Now ? "in " + text : text + " ago")}</time>""");
    }

    public static string Full(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
