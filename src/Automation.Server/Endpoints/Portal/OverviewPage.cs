using System.Globalization;
using System.Text.Json;
using Automation.Server.Api;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints.Portal;

/// <summary>The endpoint: its state, what went out in the last day, and its deliveries, newest first.</summary>
internal static class OverviewPage
{
    private const int OnAPage = 25, Hours = 24;

    // What the figures of the last day look at: some milliseconds of reading.
    private const int MostCounted = 5000;

    public static async Task<IResult> GetAsync(HttpContext context, ManagementDb db, TimeProvider time)
    {
        var (visit, cancellation) = (PortalVisit.Of(context), context.RequestAborted);
        var id = visit.Link.EndpointId;
        if (await db.Endpoints.SingleOrDefaultAsync(e => e.Id == id, cancellation) is not { } endpoint) return PortalPage.Tell(StatusCodes.Status404NotFound, "Gone", "This endpoint was deleted.");
        var query = context.Request.Query;
        var parameters = new Parameters(time);
        var state = parameters.OneOf<ShownDeliveryState>("state", One(query, "state"));
        var before = parameters.OptionalId("before", PublicId.Delivery, One(query, "before"));
        if (parameters.Problem is not null) return PortalPage.Tell(StatusCodes.Status400BadRequest, "Not understood", "This address has a filter that is none. Go back to the endpoint's page.");

        var own = visit.Deliveries(db);
        var day = IdSource.LowestAt(visit.Now.AddHours(-Hours));
        var recent = await own.Where(d => d.Id >= day).OrderByDescending(d => d.Id).Take(MostCounted).Select(d => new Recent(d.CreatedAt, d.State)).ToListAsync(cancellation);
        var rows = DeliveriesApi.Matching(own, state, null, null, null, null);
        if (before is { } newest) rows = rows.Where(d => d.Id < newest);
        var items = await rows.OrderByDescending(d => d.Id).Take(OnAPage + 1).Select(d => new Item(
            d.Id, d.State, d.Owner, d.CreatedAt, d.Attempts, d.NextAttemptAt,
            db.Emissions.Where(e => e.Id == d.EmissionId).Select(e => e.Type).FirstOrDefault(),
            d.Tries.Where(a => a.Number == d.Attempts).Select(a => a.Status).FirstOrDefault(),
            d.Tries.Where(a => a.Number == d.Attempts).Select(a => a.Error).FirstOrDefault())).ToListAsync(cancellation);
        var config = JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config, EndpointConfig.Strict)!;
        return visit.Page(id, Html.Of($"""
            {Notices.Of(query)}
            {(query.ContainsKey("done") && endpoint.State == EndpointState.Paused ? Html.None : Trouble(visit, endpoint))}
            {Top(visit, endpoint, config)}
            {Figures(visit, recent)}
            {(state is ShownDeliveryState.Dead ? ReplayAll(visit) : Html.None)}
            {List(visit, state, before is not null, items)}
            {(state is ShownDeliveryState.Dead ? Html.None : ReplayAll(visit))}
            """));
    }

    private static Html Top(PortalVisit visit, EndpointRow endpoint, EndpointConfig config) => Html.Of($"""
        <div class="top"><div>
        <div class="title"><h1>{endpoint.Id}</h1><span class="pill {(endpoint.State switch { EndpointState.Active => "ok", EndpointState.Paused => "busy", _ => "bad" })}">{Pills.Capital(endpoint.State)}</span></div>
        {(config.Description is { } about ? Html.Of($"<p>{about}</p>") : Html.None)}
        <p class="url mono">{new SecretText(config.Url).ToString()}</p>
        <p class="soft">Hears of {string.Join(", ", config.Events)}</p>
        </div><div class="acts">
        {visit.Button("/test", "Send test event", "main")}
        {(endpoint.State == EndpointState.Active ? visit.Button("/pause", "Pause") : visit.Button("/resume", "Resume"))}
        <a class="button" href="{visit.To("/secret")}">Signing secret</a>
        </div></div>
        """);

    private static Html Trouble(PortalVisit visit, EndpointRow endpoint) => endpoint.State switch
    {
        EndpointState.Disabled => Html.Of($"""<p class="note bad" role="alert"><b>Nothing is sent here any more.</b> {endpoint.Reason} Put the receiver right, then resume; what waits goes out, and what is dead can be replayed.</p>"""),
        EndpointState.Paused => Html.Of($"""<p class="note busy">Paused: deliveries wait until you resume.</p>"""),
        _ when endpoint.FailingSince is { } since => Html.Of($"""<p class="note busy">Every attempt since {visit.When(since)} has failed. When that goes on for days, the endpoint is disabled.</p>"""),
        _ => Html.None,
    };

    private static Html Figures(PortalVisit visit, List<Recent> recent)
    {
        int CountOf(string state) => recent.Count(r => r.State == state);
        var (done, dead) = (CountOf(DeliveryState.Succeeded), CountOf(DeliveryState.Dead));
        var rate = done + dead == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(1000.0 * done / (done + dead)) / 10:0.#} %");
        var more = recent.Count == MostCounted ? "+" : "";
        return Html.Of($"""
            <section class="tiles" aria-label="The last {Hours} hours">
            <div class="tile"><b>{PortalVisit.Count(done)}{more}</b><span>succeeded</span></div>
            <div class="tile"><b>{PortalVisit.Count(recent.Count - done - dead)}{more}</b><span>under way</span></div>
            <div class="tile"><b>{PortalVisit.Count(dead)}{more}</b><span>dead</span></div>
            <div class="tile"><b>{rate}</b><span>success rate</span></div>
            <div class="tile chart">{Chart(visit, recent)}<span>last {Hours} hours{(more.Length > 0 ? ", the newest " + PortalVisit.Count(MostCounted) : "")}</span></div>
            </section>
            """);
    }

    /// <summary>A bar for each hour, the newest on the right.</summary>
    private static Html Chart(PortalVisit visit, List<Recent> recent)
    {
        var hours = recent.ToLookup(r => Math.Clamp((int)(visit.Now - r.CreatedAt).TotalHours, 0, Hours - 1));
        var most = Math.Max(1, hours.Select(h => h.Count()).DefaultIfEmpty().Max());
        var bars = new List<Html>();
        for (var hour = Hours - 1; hour >= 0; hour--)
        {
            var (x, y) = ((Hours - 1 - hour) * 10, 40.0);
            var all = hours[hour].ToList();
            if (all.Count == 0) bars.Add(Bar("none", x, 38, 2));
            foreach (var (kind, count) in new[] { ("ok", all.Count(r => r.State == DeliveryState.Succeeded)), ("busy", all.Count(r => r.State is DeliveryState.Pending or DeliveryState.Retrying)), ("bad", all.Count(r => r.State == DeliveryState.Dead)) })
            {
                if (count == 0) continue;
                var height = Math.Max(2, 38.0 * count / most);
                bars.Add(Bar(kind, x, y -= height, height));
            }
        }

        return Html.Of($"""<svg viewBox="0 0 {Hours * 10} 40" preserveAspectRatio="none" role="img" aria-label="Deliveries by hour">{Html.Join(bars)}</svg>""");
    }

    private static Html Bar(string kind, int x, double y, double height) =>
        Html.Of($"""<rect class="{kind}" x="{x}" y="{Number(y)}" width="7" height="{Number(height)}"/>""");

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static Html List(PortalVisit visit, ShownDeliveryState? state, bool isLater, List<Item> items)
    {
        Html Tab(ShownDeliveryState? of, string label) => Html.Of($"""<a href="{(of is { } one ? $"?state={JsonFormat.NameOf(one)}" : visit.To())}" {(of == state ? new Html("aria-current=\"page\"") : Html.None)}>{label}</a>""");
        var filter = state is { } wanted ? $"state={JsonFormat.NameOf(wanted)}&" : "";
        var older = items.Count > OnAPage ? Html.Of($"""<a href="?{filter}before={PublicId.Format(PublicId.Delivery, items[OnAPage - 1].Id)}">Older →</a>""") : Html.None;
        var table = items.Count == 0
            ? Html.Of($"""<p class="empty">{(state is null ? "Nothing was sent here yet. Send a test event to see one arrive." : "No deliveries in this state.")}</p>""")
            : Html.Of($"""<table><thead><tr><th>Event</th><th>State</th><th>Result</th><th>Attempts</th><th>Created</th></tr></thead><tbody>{Html.Join(items.Take(OnAPage).Select(item => Row(visit, item)))}</tbody></table>""");
        return Html.Of($"""
            <section class="card" aria-labelledby="deliveries"><div class="head"><h2 id="deliveries">Deliveries</h2>
            <nav class="tabs" aria-label="State">{Tab(null, "All")}{Tab(ShownDeliveryState.Succeeded, "Succeeded")}{Tab(ShownDeliveryState.Retrying, "Retrying")}{Tab(ShownDeliveryState.Pending, "Pending")}{Tab(ShownDeliveryState.Dead, "Dead")}</nav></div>
            {table}
            {(isLater || items.Count > OnAPage ? Html.Of($"""<nav class="pager" aria-label="Pages"><span>{(isLater ? Html.Of($"""<a href="{(filter.Length > 0 ? "?" + filter.TrimEnd('&') : visit.To())}">← Newest</a>""") : Html.None)}</span><span>{older}</span></nav>""") : Html.None)}
            </section>
            """);
    }

    private static Html Row(PortalVisit visit, Item item)
    {
        var id = PublicId.Format(PublicId.Delivery, item.Id);
        var waits = item.NextAttemptAt is { } at && at < Delivery.Paused && item.Attempts > 0 ? Html.Of($"""<span class="sub">next {visit.When(at)}</span>""") : Html.None;
        return Html.Of($"""
            <tr><td><a href="{visit.To("/deliveries/" + id)}">{item.Type ?? "event"}</a><span class="sub mono">{id}</span></td>
            <td>{Pills.Of(DeliverySummary.StateOf(item.State, item.Owner))}</td>
            <td class="result">{Pills.Result(item.Status, item.Error)}{waits}</td>
            <td class="tries">{item.Attempts}</td>
            <td class="num">{visit.When(item.CreatedAt)}</td></tr>
            """);
    }

    private static Html ReplayAll(PortalVisit visit) => Html.Of($"""
        <section class="card" aria-labelledby="replay"><div class="head"><h2 id="replay">Replay what is dead</h2></div><div class="body">
        <p class="soft">Sends every dead delivery again, oldest first, with the same <code>webhook-id</code>: what you had already can be told by it.</p>
        <form class="line" method="post" action="{visit.To("/replay")}"><input type="hidden" name="form" value="{visit.FormToken}">
        <label>Created in <select name="since"><option value="1h">the last hour</option><option value="24h" selected>the last 24 hours</option><option value="7d">the last 7 days</option><option value="30d">the last 30 days</option></select></label>
        <button>Replay</button></form></div></section>
        """);

    private static string? One(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } one] ? one : null;

    private sealed record Recent(DateTimeOffset CreatedAt, string State);

    private sealed record Item(long Id, string State, long? Owner, DateTimeOffset CreatedAt, int Attempts, DateTimeOffset? NextAttemptAt, string? Type, int? Status, string? Error);
}
