using System.Text.Json;
using Automation.Server.Api;
using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints.Portal;

/// <summary>What the portal's forms do. Each goes on to the page that shows it.</summary>
internal static class PortalActions
{
    private static readonly string[] Since = ["1h", "24h", "7d", "30d"], Overlaps = ["0s", "1h", "24h", "7d"];

    public static async Task<IResult> ReplayAsync(string id, HttpContext context, ManagementDb db, Journal journal, DeliveryWorker deliveries, TimeProvider time)
    {
        var visit = PortalVisit.Of(context);
        if (!PublicId.TryParse(PublicId.Delivery, id, out var key) || !await visit.Deliveries(db).AnyAsync(d => d.Id == key, context.RequestAborted)) return DeliveryPage.NotFound(visit);
        var replay = new DeliveryReplayed(key, time.GetUtcNow());
        await journal.CommitAsync(replay);
        if (replay.Replayed) deliveries.Wake();
        return Done(visit, "/deliveries/" + id, replay.Replayed ? Notices.Replayed : Notices.UnderWay);
    }

    public static async Task<IResult> ReplayAllAsync(HttpContext context, ManagementDb db, Journal journal, DeliveryWorker deliveries, TimeProvider time)
    {
        var visit = PortalVisit.Of(context);
        if (Chosen(visit, "since", Since) is not { } back) return Odd();
        var matching = DeliveriesApi.Matching(visit.Deliveries(db), ShownDeliveryState.Dead, null, null, visit.Now - back, visit.Now.AddMilliseconds(1));
        var (count, _) = await DeliveryReplay.ReplayAsync(matching, int.MaxValue, newKey: false, journal, deliveries.Wake, time, context.RequestAborted);
        return Done(visit, "", $"{Notices.ReplayedAll}&n={count}");
    }

    public static Task<IResult> PauseAsync(HttpContext context, Journal journal, EndpointTargets targets, DeliveryWorker deliveries) => SetStateAsync(context, EndpointState.Paused, Notices.Paused, journal, targets, deliveries);

    public static Task<IResult> ResumeAsync(HttpContext context, Journal journal, EndpointTargets targets, DeliveryWorker deliveries) => SetStateAsync(context, EndpointState.Active, Notices.Resumed, journal, targets, deliveries);

    public static async Task<IResult> RotateAsync(HttpContext context, Journal journal, EndpointTargets targets)
    {
        var visit = PortalVisit.Of(context);
        if (Chosen(visit, "overlap", Overlaps) is not { } overlap) return Odd();
        var read = new EndpointRead(visit.Link.EndpointId);
        await journal.CommitAsync(read);
        if (read.Endpoint is not { } endpoint || !SecretPage.HasOwn(JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config.Utf8.Span, EndpointConfig.Strict)!))
            return PortalPage.Tell(StatusCodes.Status409Conflict, "Not possible", "The server made no secret for this endpoint, and so can replace none.");
        await journal.CommitAsync(new EndpointRotated(endpoint.Id, visit.Now + overlap, visit.Now));
        targets.Forget(endpoint.Id);
        return Done(visit, "/secret", Notices.Rotated);
    }

    public static async Task<IResult> TestAsync(HttpContext context, TestEvents tests)
    {
        var visit = PortalVisit.Of(context);
        return await tests.SendAsync(visit.Link.EndpointId, context.RequestAborted) is { } id ? Done(visit, "/deliveries/" + PublicId.Format(PublicId.Delivery, id), Notices.Tested) : Odd();
    }

    public static async Task<IResult> SignOutAsync(HttpContext context, PortalAccess portal)
    {
        await portal.CloseAsync(context, PortalVisit.Of(context).Link.EndpointId);
        return PortalPage.Tell(StatusCodes.Status200OK, "Signed out", "Open your link to come back, as long as it is valid.");
    }

    private static async Task<IResult> SetStateAsync(HttpContext context, string state, string notice, Journal journal, EndpointTargets targets, DeliveryWorker deliveries)
    {
        var visit = PortalVisit.Of(context);
        var set = new EndpointStateSet(visit.Link.EndpointId, state, null, visit.Now);
        await journal.CommitAsync(set);
        if (set.IsDisabled) return PortalPage.Tell(StatusCodes.Status409Conflict, "Not possible", "The endpoint is disabled: nothing is sent to it. Resume it first.");
        targets.Forget(visit.Link.EndpointId);
        deliveries.Wake();
        return Done(visit, "", notice);
    }

    private static TimeSpan? Chosen(PortalVisit visit, string field, string[] allowed) => visit.Form?[field] is [{ } text] && allowed.Contains(text) ? Duration.Parse(text).Value : null;

    private static IResult Done(PortalVisit visit, string page, string notice) => PortalPage.GoTo(visit.To(page) + "?done=" + notice);

    private static PortalPage Odd() => PortalPage.Tell(StatusCodes.Status400BadRequest, "Not understood", "The form is not complete. Go back, load the page again and repeat it.");
}
