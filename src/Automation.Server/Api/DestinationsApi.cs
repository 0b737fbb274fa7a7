using System.ComponentModel;
using System.Text.Json;
using Automation.Server.Access;
using Automation.Server.Deliveries;
using Automation.Server.Endpoints;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Api;

/// <summary>The queue of each receiver, and how it is called at the moment.</summary>
internal static class DestinationsApi
{
    // Open and dead deliveries are found by index, their states in their rows: so many rows are read in a fraction of a second.
    private const int LookedAtMost = 100_000;

    public static void Map(RouteGroupBuilder api) => api.MapGroup("/destinations").WithTags("Deliveries").Needs(Role.Viewer)
        .MapGet("/", ListAsync).WithName("listDestinations").WithSummary("Receivers with deliveries that wait or are dead, by name")
        .WithDescription("Also those that may not be called now. Counted are 100,000 open deliveries and the newest 100,000 dead ones at the most. Circuits and rates are those of the server that answers.").ProducesValidationProblem();

    private static async Task<Results<Ok<Page<DestinationView>>, ProblemHttpResult>> ListAsync(
        [Description("Only those whose circuit is so."), OneOf<CircuitState>] string? circuit,
        [Description("Only what comes after this destination: the cursor of the next page.")] string? after,
        [Description("How many items a page has, 200 at most.")] string? limit,
        HttpRequest request, ManagementDb db, ApiSources sources, [FromServices] DeliveryOptions options, TimeProvider time, CancellationToken cancellation)
    {
        var parameters = new Parameters(time);
        var count = parameters.Limit(limit);
        var wanted = parameters.OneOf<CircuitState>("circuit", circuit);
        if (parameters.Problem is { } problem) return problem;

        var states = sources.Destinations().ToDictionary(state => state.Destination, StringComparer.Ordinal);
        var stopped = states.Values.Where(state => state.IsOpen || state.NotBefore is not null).Select(state => new Queued(state.Destination, 0, 0, 0, 0));
        var page = (await QueuedAsync(db, cancellation)).Concat(stopped)
            .GroupBy(queued => queued.Destination, StringComparer.Ordinal).Where(queue => (after is null || string.CompareOrdinal(queue.Key, after) > 0) && (wanted is null || wanted == CircuitOf(queue.Key))).OrderBy(queue => queue.Key, StringComparer.Ordinal).Take(count + 1)
            .Select(queue => new Queued(queue.Key, queue.Sum(q => q.Waiting), queue.Sum(q => q.Retrying), queue.Sum(q => q.Dead), queue.Max(q => q.LastFailed))).ToList();
        var errors = await ErrorsAsync(db, [.. page.Select(queue => queue.LastFailed)], cancellation);
        var rates = await RatesAsync(db, [.. page.Select(queue => DeliveryFactory.EndpointOf(queue.Destination)).OfType<string>()], cancellation);
        return TypedResults.Ok(Page.After(page.ConvertAll(View), count, request, view => view.Destination));

        CircuitState CircuitOf(string destination) => states.TryGetValue(destination, out var state) && state.IsOpen ? CircuitState.Open : CircuitState.Closed;

        DestinationView View(Queued queue)
        {
            var endpoint = DeliveryFactory.EndpointOf(queue.Destination);
            var rate = states.TryGetValue(queue.Destination, out var state) ? state.RatePerSecond : (endpoint is null ? null : rates.GetValueOrDefault(endpoint)) ?? options.RatePerDestination;
            return new DestinationView(
                queue.Destination, endpoint, queue.Waiting, queue.Retrying, queue.Dead,
                CircuitOf(queue.Destination), state.NotBefore, rate > 0 ? rate : null, errors.GetValueOrDefault(queue.LastFailed));
        }
    }

    /// <summary>Open and dead deliveries, counted by destination.</summary>
    private static async Task<IEnumerable<Queued>> QueuedAsync(ManagementDb db, CancellationToken cancellation)
    {
        var open = await db.Deliveries.Where(d => d.NextAttemptAt != null).OrderBy(d => d.Owner).ThenBy(d => d.Destination).ThenBy(d => d.NextAttemptAt).ThenBy(d => d.Id) // as the index has them
            .Select(d => new { d.Destination, d.State, d.Id }).Take(LookedAtMost).GroupBy(d => d.Destination)
            .Select(g => new { g.Key, Waiting = g.Sum(d => d.State == DeliveryState.Pending ? 1 : 0), Retrying = g.Sum(d => d.State == DeliveryState.Retrying ? 1 : 0), LastFailed = g.Max(d => d.State == DeliveryState.Retrying ? d.Id : 0) })
            .ToListAsync(cancellation);
        var dead = await db.Deliveries.Where(d => d.State == DeliveryState.Dead).OrderByDescending(d => d.Id)
            .Select(d => new { d.Destination, d.Id }).Take(LookedAtMost).GroupBy(d => d.Destination)
            .Select(g => new { g.Key, Count = g.Count(), LastFailed = g.Max(d => d.Id) })
            .ToListAsync(cancellation);
        return open.Select(g => new Queued(g.Key, g.Waiting, g.Retrying, 0, g.LastFailed)).Concat(dead.Select(g => new Queued(g.Key, 0, 0, g.Count, g.LastFailed)));
    }

    /// <summary>Why the last attempt of each of these deliveries failed.</summary>
    private static Task<Dictionary<long, string>> ErrorsAsync(ManagementDb db, long[] deliveries, CancellationToken cancellation) =>
        db.Deliveries.Where(d => deliveries.Contains(d.Id)).SelectMany(d => d.Tries.Where(a => a.Number == d.Attempts && a.Error != null), (d, a) => new { d.Id, Error = a.Error! }).ToDictionaryAsync(a => a.Id, a => a.Error, cancellation);

    private static async Task<Dictionary<string, double?>> RatesAsync(ManagementDb db, string[] endpoints, CancellationToken cancellation) =>
        endpoints.Length == 0 ? [] : (await db.Endpoints.Where(e => endpoints.Contains(e.Id)).Select(e => new { e.Id, e.Config }).ToListAsync(cancellation))
            .ToDictionary(e => e.Id, e => JsonSerializer.Deserialize<EndpointConfig>(e.Config, EndpointConfig.Strict)!.RatePerSecond);

    /// <param name="Destination">Whose.</param>
    /// <param name="Waiting">For a first attempt.</param>
    /// <param name="Retrying">For another.</param>
    /// <param name="Dead">Without success.</param>
    /// <param name="LastFailed">The newest that is retrying or dead; zero for none.</param>
    private sealed record Queued(string Destination, int Waiting, int Retrying, int Dead, long LastFailed);
}

/// <summary>Whether a destination is called.</summary>
internal enum CircuitState
{
    Closed,
    Open,
}

/// <summary>A receiver and its queue.</summary>
internal sealed record DestinationView(
    [property: Description("The receiver's origin, ${secret.NAME} where a secret holds it, or endpoint:ID.")] string Destination,
    [property: Description("The endpoint that it is; null for none.")] string? Endpoint,
    [property: Description("Deliveries whose first attempt is to come or under way.")] int Waiting,
    [property: Description("Deliveries that failed and are tried again.")] int Retrying,
    int Dead,
    [property: Description("open: it failed so often in a row that one call at a time tries it, after pauses.")] CircuitState Circuit,
    [property: Description("When it may be called again, by its circuit or because it asked for that; null for now.")] DateTimeOffset? OpenUntil,
    [property: Description("Calls in a second; null for no limit.")] double? RatePerSecond,
    [property: Description("Why the last attempt of the newest delivery that failed did, as receiver_timed_out; null when none failed.")] string? LastError);
