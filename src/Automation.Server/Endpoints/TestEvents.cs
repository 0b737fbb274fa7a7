using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>Sends an endpoint an event that nobody else hears of, signed and retried as all others; its filter and transform are left out.</summary>
internal sealed class TestEvents(Journal journal, DeliveryFactory factory, DeliveryWorker deliveries, IdSource ids, TimeProvider time)
{
    /// <summary>The id of the delivery; null when there is no such endpoint.</summary>
    public async Task<long?> SendAsync(string endpoint, CancellationToken cancellation)
    {
        var read = new EndpointRead(endpoint);
        await journal.CommitAsync(read);
        if (read.Endpoint is not { } stored) return null;
        var config = JsonSerializer.Deserialize<EndpointConfig>(stored.Config.Utf8.Span, EndpointConfig.Strict)! with { Filter = null, Transform = null, Order = EndpointOrder.Unordered };
        var data = Json.From(new { endpoint, message = "This is a test. Nothing has happened." });
        var emission = new Emission(ids.Next(), null, EventTypes.Test, endpoint, data, "/endpoints/" + endpoint, 0, 0, "", "", time.GetUtcNow());
        var made = await factory.OfAsync(emission, endpoint, config, stored.CreatedAt, new EmissionBodies(emission), cancellation) ?? throw new InvalidOperationException("Nothing leaves a test out.");
        await journal.CommitAsync(new EventEmitted(emission), new DeliveryQueued(made.Delivery, Held: false), new EmissionHeard(emission.Id, emission.CreatedAt), new EmissionFannedOut(emission.Id, null, endpoint, 1, IsLast: true, emission.CreatedAt));
        deliveries.Wake();
        return made.Delivery.Id;
    }
}
