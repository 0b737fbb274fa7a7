using System.ComponentModel;
using System.Text.Json.Serialization;
using Automation.Server.Access;
using Automation.Server.Endpoints.Portal;
using Automation.Server.Hosting;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Links to an endpoint's portal, for the owner of the outside application.</summary>
internal static class PortalLinksApi
{
    private static readonly Duration DefaultLifetime = new(TimeSpan.FromDays(7)), LongestLifetime = new(TimeSpan.FromDays(366));

    public static void Map(RouteGroupBuilder api)
    {
        // Who has a link sees the endpoint's secret and replaces it, as only an admin may.
        var links = api.MapGroup("/endpoints/{id}/portal").WithTags("Endpoints").Needs(Role.Admin);
        links.MapGet("/", ListAsync).WithName("listPortalLinks").WithSummary("Links to an endpoint's portal, newest first; never a token").ProducesProblem(404);
        links.MapPost("/", MakeAsync).WithName("makePortalLink").WithSummary("Make a link to an endpoint's portal; its token is shown this once")
            .WithDescription($"Who opens it sees the endpoint's deliveries, replays them, sees and replaces its secret, pauses it and sends test events. Of an endpoint {PortalAccess.MaxLinks} links are valid; another ends the oldest.").ProducesProblem(400).ProducesProblem(404).ProducesProblem(503);
        links.MapDelete("/{link}", DeleteAsync).WithName("deletePortalLink").WithSummary("End a link, and what was opened with it").ProducesProblem(404).ProducesProblem(503);
    }

    private static async Task<Results<Ok<Page<PortalLinkView>>, ProblemHttpResult>> ListAsync([Description("The endpoint.")] string id, ManagementDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (!await db.Endpoints.AnyAsync(e => e.Id == id, cancellation)) return ApiProblem.NotFound("endpoint", id);
        var now = time.GetUtcNow();
        var rows = await db.PortalLinks.Where(l => l.EndpointId == id && l.ExpiresAt > now).OrderByDescending(l => l.CreatedAt).ThenBy(l => l.Id).ToListAsync(cancellation);
        return TypedResults.Ok(Page.Whole(rows.ConvertAll(l => new PortalLinkView(l.Id, l.CreatedAt, l.CreatedBy, l.ExpiresAt, l.OpenedAt))));
    }

    private static async Task<Results<Ok<MadePortalLink>, ProblemHttpResult>> MakeAsync([Description("The endpoint.")] string id, PortalLinkSetting? setting, HttpContext context, Journal journal, ServerUrl server, TimeProvider time)
    {
        var lifetime = DefaultLifetime;
        if (setting?.ExpiresIn is { } text && (!Duration.TryParse(text, out lifetime) || lifetime.Value < TimeSpan.FromMinutes(1) || lifetime.Value > LongestLifetime.Value))
            return ApiProblem.BadRequest($"expiresIn is not {Duration.Expected}, from 1m to {LongestLifetime}.");
        var (token, row) = PortalAccess.Make(id, time.GetUtcNow(), lifetime.Value, Caller.Of(context)!.Actor);
        AuditDetail.Set(context, null, new { link = row.Id, expiresAt = row.ExpiresAt });
        var stored = new PortalLinkStored(row, PortalAccess.MaxLinks);
        await journal.CommitAsync(stored);
        return stored.IsStored
            ? TypedResults.Ok(new MadePortalLink($"{server.Value}{PortalFeature.Prefix}?token={token}", new PortalLinkView(row.Id, row.CreatedAt, row.CreatedBy, row.ExpiresAt, null)))
            : ApiProblem.NotFound("endpoint", id);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync([Description("The endpoint.")] string id, [Description("The link's id, with which its token begins.")] string link, Journal journal)
    {
        var delete = new PortalLinkDeleted(id, link);
        await journal.CommitAsync(delete);
        return delete.IsDeleted ? TypedResults.NoContent() : ApiProblem.NotFound("link", link);
    }
}

/// <summary>What a link to a portal is to be.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record PortalLinkSetting([property: Description("For how long it opens, as 30d; 7d unless given.")] string? ExpiresIn = null);

/// <summary>A new link to a portal.</summary>
internal sealed record MadePortalLink([property: Description("For the owner of the outside application. Who has it gets in; it cannot be shown again.")] string Url, PortalLinkView About);

/// <summary>A link to a portal, without its token.</summary>
internal sealed record PortalLinkView(
    [property: Description("The token begins with it.")] string Id,
    DateTimeOffset CreatedAt,
    string? CreatedBy,
    DateTimeOffset ExpiresAt,
    [property: Description("When it was last opened; null for never.")] DateTimeOffset? OpenedAt);
