using System.Globalization;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>A delivery to an endpoint.</summary>
/// <param name="Failure">Set when the endpoint's filter or transform failed, or something else of it: then it is dead from the start, for people to see.</param>
internal sealed record FannedOut(Delivery Delivery, Attempt? Failure);

/// <summary>Makes the delivery of an emission to an endpoint: asks its filter, transforms the event, and writes the body in the endpoint's format.</summary>
internal sealed class DeliveryFactory(EndpointScripts scripts, DeliveryOptions defaults, IdSource ids, TimeProvider time, ILogger<DeliveryFactory> log)
{
    private const string Prefix = "endpoint:";

    /// <summary>Null when the endpoint's filter leaves the event out. Whatever else is wrong with the endpoint makes a dead delivery.</summary>
    /// <exception cref="SandboxUnavailableException">The endpoint's scripts cannot be run now.</exception>
    public async ValueTask<FannedOut?> OfAsync(Emission emission, (string Id, string Config, DateTimeOffset Since) endpoint, EmissionBodies bodies, CancellationToken cancellation)
    {
        try
        {
            return await OfAsync(emission, endpoint.Id, JsonSerializer.Deserialize<EndpointConfig>(endpoint.Config, EndpointConfig.Strict)!, endpoint.Since, bodies, cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or SandboxUnavailableException))
        {
            Log.DeliveryNotMade(log, error, endpoint.Id, IdOf(emission));
            var request = new DeliveryRequest(SecretText.Of(""), "POST", bodies.Of(EndpointFormat.Plain).Headers, EmissionBodies.JsonType, bodies.Of(EndpointFormat.Plain).Body, null, defaults.Pauses.Count, defaults.Timeout) { Endpoint = endpoint.Id, EndpointSince = endpoint.Since, EmissionId = emission.Id };
            var delivery = DeliveryOf(emission, endpoint.Id, request);
            return new FannedOut(delivery, FailureOf(delivery, "internal_error", "The server could not make this delivery; its log says why."));
        }
    }

    /// <inheritdoc cref="OfAsync(Emission, ValueTuple{string, string, DateTimeOffset}, EmissionBodies, CancellationToken)"/>
    public async ValueTask<FannedOut?> OfAsync(Emission emission, string id, EndpointConfig config, DateTimeOffset since, EmissionBodies bodies, CancellationToken cancellation)
    {
        var (transformed, isLeftOut, problem) = await scripts.RunAsync(id, config, bodies, cancellation);
        if (isLeftOut) return null;
        if (transformed?.Utf8.Length > defaults.MaxEventBytes)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"The endpoint's transform made {transformed.Value.Utf8.Length} bytes; {defaults.MaxEventBytes} are sent (Deliveries:MaxEventBytes).");
            transformed = null;
        }

        var (body, contentType, headers) = transformed is { } data ? bodies.Of(config.Format, data) : bodies.Of(config.Format);
        var request = new DeliveryRequest(new SecretText(config.Url), "POST", headers, contentType, body, null, config.Schedule?.Count ?? defaults.Pauses.Count, config.Timeout?.Value ?? defaults.Timeout)
        {
            Endpoint = id,
            EndpointSince = since,
            EmissionId = emission.Id,
            Pauses = config.Schedule is { } schedule ? [.. schedule.Select(pause => pause.Value)] : null,
            OrderKey = config.Order is EndpointOrder.Strict ? emission.Key ?? "" : null,
            RatePerSecond = config.RatePerSecond,
        };
        var delivery = DeliveryOf(emission, id, request);
        return new FannedOut(delivery, problem is null ? null : FailureOf(delivery, "script_failed", problem));
    }

    /// <summary>What concurrency, rate and circuit go by: one endpoint's trouble is no other's.</summary>
    public static string DestinationOf(string endpoint) => Prefix + endpoint;

    /// <summary>The endpoint that a destination is of; null for none.</summary>
    public static string? EndpointOf(string destination) => destination.StartsWith(Prefix, StringComparison.Ordinal) ? destination[Prefix.Length..] : null;

    private Delivery DeliveryOf(Emission emission, string endpoint, DeliveryRequest request) =>
        new(ids.Next(), emission.RunId, emission.WorkflowId, emission.StepId, IdOf(emission) + "." + endpoint, DestinationOf(endpoint), request, time.GetUtcNow(), 0);

    private static Attempt FailureOf(Delivery delivery, string code, string message) => new(1, delivery.CreatedAt, 0, null, code, message, null);

    private static string IdOf(Emission emission) => PublicId.Format(PublicId.Emission, emission.Id);
}
