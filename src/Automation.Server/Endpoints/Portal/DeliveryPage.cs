using System.Globalization;
using System.Text.Json;
using Automation.Server.Api;
using Automation.Server.Deliveries;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints.Portal;

/// <summary>One delivery: what is sent, and each attempt with its answer and where its time went.</summary>
internal static class DeliveryPage
{
    private const int LongestBody = 32 << 10, MostAttempts = 50;

    private static readonly JsonSerializerOptions Indented = new(JsonFormat.Wire) { WriteIndented = true };

    public static async Task<IResult> GetAsync(string id, HttpContext context, ManagementDb db)
    {
        var (visit, cancellation) = (PortalVisit.Of(context), context.RequestAborted);
        var endpoint = visit.Link.EndpointId;
        if (!PublicId.TryParse(PublicId.Delivery, id, out var key)
            || await visit.Deliveries(db).Include(d => d.Tries.OrderByDescending(a => a.Number).Take(MostAttempts)).SingleOrDefaultAsync(d => d.Id == key, cancellation) is not { } row) return NotFound(visit);
        var type = await db.Emissions.Where(e => e.Id == row.EmissionId).Select(e => e.Type).FirstOrDefaultAsync(cancellation);
        var state = DeliverySummary.StateOf(row.State, row.Owner);
        var replay = state is ShownDeliveryState.Dead or ShownDeliveryState.Succeeded ? visit.Button($"/deliveries/{id}/replay", "Replay", state is ShownDeliveryState.Dead ? "main" : "") : Html.None;
        return visit.Page(type ?? id, Html.Of($"""
            {Notices.Of(context.Request.Query)}
            <p class="crumb"><a href="{visit.To()}">← {endpoint}</a></p>
            <div class="top"><div><div class="title"><h1>{type ?? "Event"}</h1>{Pills.Of(state)}</div><p class="soft mono">{id}</p></div><div class="acts">{replay}</div></div>
            {About(visit, row)}
            {Attempts(row)}
            {Request(row)}
            """));
    }

    public static PortalPage NotFound(PortalVisit visit) => visit.Page("Not found", Html.Of($"""
        <div class="card"><p class="empty">There is no such delivery here. It may have been deleted because of its age. <a href="{visit.To()}">All deliveries</a></p></div>
        """), StatusCodes.Status404NotFound);

    private static Html About(PortalVisit visit, DeliveryRow row)
    {
        var next = row.NextAttemptAt is not { } at ? Html.None
            : at == Delivery.Paused ? Html.Of($"<dt>Waits</dt><dd>until the endpoint is active again</dd>")
            : at == Delivery.Blocked ? Html.Of($"<dt>Waits</dt><dd>for an earlier delivery with the same key</dd>")
            : Html.Of($"<dt>Next attempt</dt><dd>{visit.When(at)}</dd>");
        return Html.Of($"""
            <section class="card"><div class="body"><dl>
            <dt>Created</dt><dd>{PortalVisit.Full(row.CreatedAt)}</dd>
            {(row.EndedAt is { } ended ? Html.Of($"<dt>Ended</dt><dd>{PortalVisit.Full(ended)}</dd>") : Html.None)}
            {next}
            <dt>Attempts</dt><dd>{row.Attempts} of {row.MaxAttempts}</dd>
            <dt><code>webhook-id</code></dt><dd class="mono">{row.IdempotencyKey}</dd>
            </dl></div></section>
            """);
    }

    private static Html Attempts(DeliveryRow row) => Html.Of($"""
        <section class="card" aria-labelledby="attempts"><div class="head"><h2 id="attempts">Attempts</h2>
        <div class="legend"><span class="dns">DNS</span><span class="connect">Connect</span><span class="tls">TLS</span><span class="first">First byte</span><span>Body</span></div></div>
        {(row.Tries.Count == 0 ? Html.Of($"""<p class="empty">None yet.</p>""") : Html.Of($"""<ol class="tries">{Html.Join(row.Tries.Select(Attempt))}</ol>"""))}
        </section>
        """);

    private static Html Attempt(AttemptRow attempt)
    {
        var isGood = attempt.Error is null;
        return Html.Of($"""
            <li><div class="line"><b>Attempt {attempt.Number}</b><span class="pill {(isGood ? "ok" : "bad")}">{Pills.Result(attempt.Status, attempt.Error)}</span><span class="soft">{Milliseconds(attempt.TotalMs ?? attempt.DurationMs)}</span><time>{PortalVisit.Full(attempt.StartedAt)}</time></div>
            {Times(attempt)}
            {(attempt.Message is { } message ? Html.Of($"<p>{message}</p>") : Html.None)}
            {Head("Request", attempt.RequestHead)}
            {Head("Answer", attempt.ResponseHead)}</li>
            """);
    }

    private static Html Head(string label, string? text) => text is null ? Html.None : Html.Of($"<details><summary>{label}</summary><pre>{text}</pre></details>");

    /// <summary>A bar as long as the attempt, with a part for each thing that took time.</summary>
    private static Html Times(AttemptRow attempt)
    {
        if (attempt.TotalMs is not { } total || total <= 0) return Html.None;
        var (dns, connect, tls) = (attempt.DnsMs ?? 0, attempt.ConnectMs ?? 0, attempt.TlsMs ?? 0);
        var first = Math.Max(0, (attempt.FirstByteMs ?? total) - dns - connect - tls);
        var (parts, x) = (new List<Html>(), 0);
        foreach (var (kind, length) in new[] { ("dns", dns), ("connect", connect), ("tls", tls), ("first", first), ("rest", Math.Max(0, total - dns - connect - tls - first)) })
        {
            if (length == 0) continue;
            parts.Add(Html.Of($"""<rect class="{kind}" x="{x}" y="0" width="{length}" height="8"/>"""));
            x += length;
        }

        var told = $"DNS {Told(attempt.DnsMs)}, connect {Told(attempt.ConnectMs)}, TLS {Told(attempt.TlsMs)}, first byte after {Told(attempt.FirstByteMs)}";
        return Html.Of($"""<div class="times"><svg viewBox="0 0 {Math.Max(x, 1)} 8" preserveAspectRatio="none" role="img" aria-label="{told}">{Html.Join(parts)}</svg><p class="legend">{told}</p></div>""");
    }

    private static Html Request(DeliveryRow row)
    {
        var request = DeliveryRequestView.Of(row);
        var headers = string.Concat(request.Headers.Select(h => $"{h.Key}: {h.Value}\n"));
        var body = request.BodyText is not { } text ? Html.Of($"""<p class="soft">{request.BodyBytes} bytes that are no text.</p>""")
            : text.Length > LongestBody ? Html.Of($"""<pre>{text[..LongestBody]}</pre><p class="soft">The first {PortalVisit.Count(LongestBody)} of {PortalVisit.Count(text.Length)} characters.</p>""")
            : Html.Of($"<pre>{Pretty(text)}</pre>");
        return Html.Of($"""
            <section class="card" aria-labelledby="request"><div class="head"><h2 id="request">Request</h2><span class="soft">{request.ContentType} · {PortalVisit.Count(request.BodyBytes)} bytes</span></div><div class="body">
            <p class="mono url">{request.Method} {request.Url}</p>
            {(headers.Length > 0 ? Html.Of($"<pre>{headers.TrimEnd()}</pre>") : Html.None)}
            {body}
            </div></section>
            """);
    }

    private static string Pretty(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return JsonSerializer.Serialize(document.RootElement, Indented);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private static string Told(int? milliseconds) => milliseconds is { } known ? Milliseconds(known) : "–";

    private static string Milliseconds(int milliseconds) => milliseconds < 10_000 ? $"{PortalVisit.Count(milliseconds)} ms" : string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:0.0} s");
}
