using System.Runtime.InteropServices;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Storage;
using Automation.Server.Storage.Management;
using Automation.Server.Values;
using Microsoft.EntityFrameworkCore;

namespace Automation.Server.Endpoints;

/// <summary>Takes emissions, oldest first, to the endpoints that hear of their type: a delivery for each.</summary>
/// <remarks>
/// In parts: the deliveries of some endpoints and how far the emission has come are one unit, so that a crash in the middle neither loses nor doubles any, and memory does not grow with the number
/// of endpoints or the size of events. Two servers at it share the work: the one that comes later with a part finds it done. When the journal refuses a part, each endpoint's delivery is stored
/// alone, and the one that is at fault is left out with the reason: no endpoint and no event holds up others.
/// </remarks>
internal sealed class FanOut(
    Journal journal,
    IServiceScopeFactory scopes,
    EventTriggers triggers,
    DeliveryFactory factory,
    DeliveryWorker deliveries,
    TimeProvider time,
    ILogger<FanOut> log) : EmissionLoop(time, log)
{
    /// <summary>Deliveries in one unit.</summary>
    public const int Part = 500;

    /// <summary>Endpoints whose scripts run before it is counted what they made.</summary>
    private const int ScriptsAtATime = 32;

    /// <summary>What a delivery costs beside its data.</summary>
    private const int RowBytes = 1024;

    // Others were faster, or all is held already.
    private static readonly TimeSpan IdlePause = TimeSpan.FromMilliseconds(5);

    // What is ready goes out before slower scripts are asked.
    private static readonly TimeSpan LongestGathering = TimeSpan.FromMilliseconds(100);

    /// <summary>There are new emissions: triggers and endpoints are told at once.</summary>
    public void WakeAll()
    {
        Wake();
        triggers.Wake();
    }

    /// <summary>Takes the oldest emissions one part further.</summary>
    /// <exception cref="JournalException">Not stored; to be tried again.</exception>
    /// <exception cref="SandboxUnavailableException">A filter or transform cannot be asked now.</exception>
    public override async Task<TimeSpan?> RunOnceAsync(CancellationToken stopping)
    {
        var open = new EmissionsOpen(Unheard: false, EmissionsAtATime, BytesAtATime);
        await journal.CommitAsync(open);
        if (open.Emissions.Count == 0) return null;
        var (parts, queued, bytes, start) = (new List<EmissionPart>(), 0, 0L, Time.GetTimestamp());
        foreach (var emission in open.Emissions)
        {
            if (queued >= Part || bytes >= BytesAtATime || Time.GetElapsedTime(start) > LongestGathering) break;
            var each = emission.Data.Utf8.Length + RowBytes;
            var limit = (int)Math.Clamp((BytesAtATime - bytes) / each, 1, Part - queued);
            var part = await PartAsync(emission, limit, BytesAtATime - bytes, stopping);
            parts.Add(part);
            queued += part.Deliveries.Count;
            bytes += part.Deliveries.Sum(BytesOf);
            if (!part.IsLast) break;
        }

        try
        {
            await StoreAsync(parts);
        }
        catch (JournalException error) when (error.Superseded)
        {
            return IdlePause; // another server was faster
        }
        catch (JournalException error) when (IsOfTheRows(error))
        {
            return await StoreOneByOneAsync(parts) ? TimeSpan.Zero : IdlePause;
        }

        return queued > 0 ? TimeSpan.Zero : IdlePause;
    }

    /// <summary>What a delivery holds in memory, about.</summary>
    private static long BytesOf((string Endpoint, FannedOut Made) one) => one.Made.Delivery.Request.Body.Length + RowBytes;

    /// <param name="emission">Whose next deliveries to make.</param>
    /// <param name="limit">As many of them.</param>
    /// <param name="room">Bytes. How many a transform makes is known after it ran, so what goes beyond is what some scripts made at once.</param>
    /// <param name="stopping">Ends it.</param>
    private async Task<EmissionPart> PartAsync(Emission emission, int limit, long room, CancellationToken stopping)
    {
        var endpoints = await ReadAsync(emission, limit, stopping);
        var (bodies, made, at) = (new EmissionBodies(emission), new List<(string Endpoint, FannedOut Made)>(endpoints.Count), 0);
        foreach (var some in endpoints.Chunk(ScriptsAtATime))
        {
            var before = made.Count;
            var each = await Task.WhenAll(some.Select(endpoint => factory.OfAsync(emission, endpoint, bodies, stopping).AsTask()));
            for (var i = 0; i < some.Length; i++)
            {
                if (each[i] is { } one) made.Add((some[i].Id, one));
            }

            at += some.Length;
            room -= made.Skip(before).Sum(BytesOf);
            if (room <= 0) break;
        }

        return new EmissionPart(emission, made, at > 0 ? endpoints[at - 1].Id : emission.After, at == endpoints.Count && at < limit);
    }

    /// <summary>As one unit. The room of what is not stored is given back.</summary>
    private async Task StoreAsync(IReadOnlyList<EmissionPart> parts)
    {
        var (changes, reserved, all) = (new List<Change>(), new List<Delivery>(), 0);
        var stored = false;
        try
        {
            foreach (var part in parts)
            {
                foreach (var (_, made) in part.Deliveries)
                {
                    var held = made.Failure is not null || deliveries.TryReserve(made.Delivery);
                    if (held && made.Failure is null) reserved.Add(made.Delivery);
                    changes.Add(new DeliveryQueued(made.Delivery, held));
                    if (made.Failure is { } failure) changes.Add(new DeliveryAttempted(made.Delivery.Id, journal.Server, failure, DeliveryState.Dead, null));
                }

                all += part.Deliveries.Count;
                changes.Add(new EmissionFannedOut(part.Emission.Id, part.Emission.After, part.To, part.Deliveries.Count, part.IsLast, Time.GetUtcNow()) { Error = part.Error });
            }

            await journal.CommitAsync(CollectionsMarshal.AsSpan(changes));
            stored = true;
        }
        finally
        {
            if (!stored)
            {
                foreach (var delivery in reserved) deliveries.Release(delivery);
            }
        }

        foreach (var delivery in reserved) deliveries.Start(delivery);
        if (all > reserved.Count) deliveries.Wake();
    }

    /// <summary>Finds what the journal refuses, and leaves that out. False when another server was faster.</summary>
    private async Task<bool> StoreOneByOneAsync(List<EmissionPart> parts)
    {
        foreach (var part in parts)
        {
            var at = part.Emission;
            foreach (var one in part.Deliveries)
            {
                if (!await StoreAloneAsync(new EmissionPart(at, [one], one.Endpoint, IsLast: false))) return false;
                at = at with { After = one.Endpoint };
            }

            if (!await StoreAloneAsync(part with { Emission = at, Deliveries = [] })) return false;
        }

        return true;
    }

    private async Task<bool> StoreAloneAsync(EmissionPart part)
    {
        try
        {
            await StoreAsync([part]);
            return true;
        }
        catch (JournalException error) when (error.Superseded)
        {
            return false;
        }
        catch (JournalException error) when (IsOfTheRows(error) && part.Deliveries is [var one])
        {
            Log.DeliveryRefused(Logger, error, one.Endpoint, PublicId.Format(PublicId.Emission, part.Emission.Id));
            return await StoreAloneAsync(part with { Deliveries = [], Error = $"The database refused the delivery to \"{one.Endpoint}\"; the server's log says why." });
        }
    }

    /// <summary>True when the rows are at fault or how they were made, not the journal as a whole.</summary>
    private static bool IsOfTheRows(JournalException error) => error.Refused || error.InnerException is not (null or JournalException);

    private async Task<List<(string Id, string Config, DateTimeOffset Since)>> ReadAsync(Emission emission, int limit, CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ManagementDb>();
        var (after, patterns) = (emission.After ?? "", EventTypes.PatternsOf(emission.Type));
        var rows = await db.Endpoints
            .Where(e => string.Compare(e.Id, after) > 0 && e.State != EndpointState.Disabled && db.Subscriptions.Any(s => s.EndpointId == e.Id && patterns.Contains(s.Pattern)))
            .OrderBy(e => e.Id).Take(limit).Select(e => new { e.Id, e.Config, e.CreatedAt }).ToListAsync(stopping);
        return rows.ConvertAll(row => (row.Id, row.Config, row.CreatedAt));
    }

    /// <summary>Some endpoints of an emission.</summary>
    /// <param name="To">The last of them.</param>
    /// <param name="IsLast">Whether there are no more.</param>
    private sealed record EmissionPart(Emission Emission, IReadOnlyList<(string Endpoint, FannedOut Made)> Deliveries, string? To, bool IsLast)
    {
        /// <summary>Why one of them was left out.</summary>
        public string? Error { get; init; }
    }
}
