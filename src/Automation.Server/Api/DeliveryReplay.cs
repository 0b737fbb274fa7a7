using System.ComponentModel;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>Makes ended deliveries again: the same request and idempotency key, so that a receiver that had it can drop the repeat.</summary>
internal static class DeliveryReplay
{
    // What one transaction holds; intake goes between two.
    private const int Batch = 200;

    public static async Task<Results<Accepted<ReplayedDelivery>, ProblemHttpResult>> OneAsync([Description("As dlv_0f9k2m7q4x3aw.")] string id, ManagementDb db, Journal journal, ApiSources sources, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var key = parameters.Id("id", PublicId.Delivery, id);
        if (parameters.Problem is { } problem) return problem;
        var replay = new DeliveryReplayed(key, time.GetUtcNow());
        await journal.CommitAsync(replay);
        if (replay.Replayed)
        {
            sources.WakeDeliveries();
            return TypedResults.Accepted($"/api/deliveries/{id}", new ReplayedDelivery(id));
        }

        return await db.Deliveries.AnyAsync(d => d.Id == key, cancellation)
            ? ApiProblem.Conflict($"\"{id}\" is still under way; only a dead or succeeded delivery can be made again.")
            : ApiProblem.NotFound("delivery", id);
    }

    public static async Task<Results<Ok<ReplayedDeliveries>, ProblemHttpResult>> AllAsync([AsParameters] ReplayFilter filter, HttpRequest request, ManagementDb db, Journal journal, ApiSources sources, TimeProvider time, ILogger<ApiSources> log, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var state = parameters.OneOf<ReplayableState>("state", filter.State) is ReplayableState.Succeeded ? ShownDeliveryState.Succeeded : ShownDeliveryState.Dead;
        var since = parameters.Time("since", filter.Since);
        var until = parameters.Time("until", filter.Until) ?? time.GetUtcNow().AddMilliseconds(1);
        var run = parameters.OptionalId("run", PublicId.Run, filter.Run);
        var after = parameters.OptionalId("after", PublicId.Delivery, filter.After) ?? 0;
        var limit = filter.Limit is null ? int.MaxValue : parameters.Limit(filter.Limit);
        if (parameters.Problem is { } problem) return problem;

        var preview = parameters.Flag("preview", filter.Preview);
        var newKey = parameters.Flag("newKey", filter.NewKey) is true;
        if (parameters.Problem is { } wrong) return wrong;

        // Ids ascend: what fails again meanwhile is behind, and what is queued from now on is left out, so this ends.
        var matching = DeliveriesApi.Matching(db.Deliveries, state, filter.Workflow, filter.Destination, since, until).Where(d => d.Id > after);
        if (run is { } of) matching = matching.Where(d => d.RunId == of);
        if (filter.Endpoint is { } endpoint) matching = matching.Where(d => d.EndpointId == endpoint);
        if (preview is true) return TypedResults.Ok(new ReplayedDeliveries(await matching.CountAsync(cancellation), null));
        var (replayed, last) = await ReplayAsync(matching, limit, newKey, journal, sources.WakeDeliveries, time, cancellation);
        Log.Replayed(log, replayed);

        // What is queued meanwhile is younger: without an end a later page would have it too.
        var next = last is { } cursor ? Page.PathOf(request, "after", PublicId.Format(PublicId.Delivery, cursor)) + (filter.Until is null ? $"&until={until.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : "") : null;
        return TypedResults.Ok(new ReplayedDeliveries(replayed, next));
    }

    /// <summary>Makes those again that match, oldest first, <paramref name="limit"/> at the most.</summary>
    /// <returns>How many, and the last that was looked at, where there may be more.</returns>
    public static async Task<(int Replayed, long? Last)> ReplayAsync(IQueryable<DeliveryRow> matching, int limit, bool newKey, Journal journal, Action wake, TimeProvider time, CancellationToken cancellation)
    {
        var (replayed, after) = (0, 0L);
        while (true)
        {
            var (last, most) = (after, Math.Min(Batch, limit));
            var ids = await matching.Where(d => d.Id > last).OrderBy(d => d.Id).Take(most).Select(d => d.Id).ToListAsync(cancellation);
            if (ids.Count == 0) return (replayed, null);
            var replays = ids.Select(id => new DeliveryReplayed(id, time.GetUtcNow()) { NewKey = newKey }).ToArray();
            await journal.CommitAsync(replays);
            wake();
            replayed += replays.Count(r => r.Replayed);
            after = ids[^1];
            limit -= ids.Count;
            if (limit == 0) return (replayed, after);
        }
    }
}

/// <summary>The states from which a delivery can be made again.</summary>
internal enum ReplayableState
{
    Dead,
    Succeeded,
}

/// <summary>A delivery that is pending again.</summary>
internal sealed record ReplayedDelivery(string Id);

/// <summary>How many deliveries are pending again; with a preview, how many would be.</summary>
internal sealed record ReplayedDeliveries(int Replayed, [property: Description("Path and query to post to for the next page; null on the last, and without a limit.")] string? Next);

/// <summary>Which deliveries to make again; without any filter, all dead ones.</summary>
internal sealed record ReplayFilter
{
    [Description("Deliveries in this state; dead unless given."), OneOf<ReplayableState>]
    public string? State { get; init; }

    [Description("Only deliveries of this workflow.")]
    public string? Workflow { get; init; }

    [Description("Only deliveries of this run.")]
    public string? Run { get; init; }

    [Description("Only deliveries to this destination, as a list shows it.")]
    public string? Destination { get; init; }

    [Description("Only deliveries to this endpoint.")]
    public string? Endpoint { get; init; }

    [Description("Only deliveries queued at or after this time (RFC 3339), or this long ago (24h).")]
    public string? Since { get; init; }

    [Description("Only deliveries queued before this time (RFC 3339), or longer ago (24h).")]
    public string? Until { get; init; }

    [Description("true: only count those that would be made again.")]
    public string? Preview { get; init; }

    [Description("true: with another idempotency key, so that receivers take them for new; else with the same.")]
    public string? NewKey { get; init; }

    [Description("Only deliveries after this one: the cursor of the next page.")]
    public string? After { get; init; }

    [Description("How many deliveries a call makes again, 200 at most; all unless given.")]
    public string? Limit { get; init; }
}
