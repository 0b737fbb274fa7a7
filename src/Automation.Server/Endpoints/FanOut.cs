using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Triggers;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints;

/// <summary>Takes emissions, oldest first, to the triggers and endpoints that hear of their type: a delivery for each endpoint.</summary>
/// <remarks>
/// In parts: the deliveries of some endpoints and how far the emission has come are one unit, so that a crash in the middle neither loses nor doubles any, and memory does not grow with the number
/// of endpoints. Two servers at it share the work: the one that comes later with a part finds it done. Looks when it is woken, and every second.
/// </remarks>
internal sealed class FanOut(
    Journal journal,
    IServiceScopeFactory scopes,
    EventTriggers triggers,
    DeliveryFactory factory,
    DeliveryWorker deliveries,
    TimeProvider time,
    ILogger<FanOut> log) : BackgroundService
{
    /// <summary>Deliveries in one unit.</summary>
    public const int Part = 500;

    private const int EmissionsAtATime = 64;
    private static readonly TimeSpan SafetyNet = TimeSpan.FromSeconds(1);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Looks for emissions now.</summary>
    public void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Takes the oldest emissions one part further. Returns how many deliveries were queued; null when there was nothing to do.</summary>
    /// <exception cref="JournalException">Not stored; to be tried again.</exception>
    /// <exception cref="SandboxUnavailableException">A filter or transform cannot be asked now.</exception>
    public async Task<int?> RunOnceAsync(CancellationToken stopping)
    {
        var open = new EmissionsOpen(EmissionsAtATime);
        await journal.CommitAsync(open);
        if (open.Emissions.Count == 0) return null;
        if (!await triggers.OfferAsync([.. open.Emissions.Where(e => e.After is null)])) return 0;
        var (changes, queued, reserved) = (new List<Change>(), 0, new List<Delivery>());
        foreach (var emission in open.Emissions)
        {
            if (queued >= Part) break;
            var endpoints = await ReadAsync(emission, Part - queued, stopping);
            var made = await Task.WhenAll(endpoints.Select(endpoint => factory.OfAsync(emission, endpoint, stopping).AsTask()));
            foreach (var one in made.OfType<FannedOut>())
            {
                var held = one.Failure is not null || deliveries.TryReserve(one.Delivery);
                if (held && one.Failure is null) reserved.Add(one.Delivery);
                changes.Add(new DeliveryQueued(one.Delivery, held));
                if (one.Failure is { } failure) changes.Add(new DeliveryAttempted(one.Delivery.Id, journal.Server, failure, DeliveryState.Dead, null));
            }

            var count = made.Count(one => one is not null);
            var isLast = endpoints.Count < Part - queued;
            changes.Add(new EmissionAdvanced(emission.Id, emission.After ?? "", endpoints.Count > 0 ? endpoints[^1].Id : emission.After ?? "", count, isLast ? time.GetUtcNow() : null));
            queued += count;
            if (!isLast) break;
        }

        try
        {
            await journal.CommitAsync(CollectionsMarshal.AsSpan(changes));
        }
        catch (JournalException error)
        {
            foreach (var delivery in reserved) deliveries.Release(delivery.Destination);
            if (error.Superseded) return 0; // another server was faster
            throw;
        }

        foreach (var delivery in reserved) deliveries.Start(delivery);
        if (queued > reserved.Count) deliveries.Wake();
        return queued;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = time.CreateTimer(_ => Wake(), null, SafetyNet, SafetyNet);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await wake.Reader.ReadAsync(stoppingToken);
                while (await RunOnceAsync(stoppingToken) is { } queued)
                {
                    if (queued == 0) await Task.Delay(TimeSpan.FromMilliseconds(5), time, stoppingToken); // others are at it, or there is no room
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                Log.FanOutFailed(log, error);
            }
        }
    }

    private async Task<List<(string Id, EndpointConfig Config)>> ReadAsync(Emission emission, int limit, CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ManagementDb>();
        var (after, patterns) = (emission.After ?? "", EventTypes.PatternsOf(emission.Type));
        var rows = await db.Endpoints
            .Where(e => string.Compare(e.Id, after) > 0 && e.State != EndpointState.Disabled && db.Subscriptions.Any(s => s.EndpointId == e.Id && patterns.Contains(s.Pattern)))
            .OrderBy(e => e.Id).Take(limit).Select(e => new { e.Id, e.Config }).ToListAsync(stopping);
        return rows.ConvertAll(row => (row.Id, JsonSerializer.Deserialize<EndpointConfig>(row.Config, EndpointConfig.Strict)!));
    }
}
