using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Sandbox;
using Automation.Server.Secrets;
using Automation.Server.Storage;
using Automation.Server.Values;

namespace Automation.Server.Endpoints;

/// <summary>A delivery to an endpoint.</summary>
/// <param name="Failure">Set when the endpoint's filter or transform failed: then it is dead from the start, for people to see.</param>
internal sealed record FannedOut(Delivery Delivery, Attempt? Failure);

/// <summary>Makes the delivery of an emission to an endpoint: asks its filter, transforms the event, and writes the body in the endpoint's format.</summary>
internal sealed class DeliveryFactory(SandboxPool sandbox, DeliveryOptions defaults, IdSource ids, TimeProvider time)
{
    private const string JsonType = "application/json";

    /// <summary>Null when the endpoint's filter leaves the event out.</summary>
    /// <exception cref="SandboxUnavailableException">The endpoint's scripts cannot be run now.</exception>
    public async ValueTask<FannedOut?> OfAsync(Emission emission, (string Id, EndpointConfig Config) endpoint, CancellationToken cancellation)
    {
        var config = endpoint.Config;
        SandboxError? error = null;
        Json? transformed = null;
        if (config.Program(NameOf(endpoint)) is { } program)
        {
            var scope = new SandboxScope { Event = Scope(emission), Input = emission.Data };
            if (config.Filter is not null)
            {
                var filtered = await sandbox.CallAsync(program, "filter", scope, cancellation);
                error = filtered.Error;
                if (error is null && !filtered.Value.Utf8.Span.SequenceEqual("[true]"u8)) return null;
            }

            if (config.Transform is not null && error is null)
            {
                var result = await sandbox.CallAsync(program, "transform", scope, cancellation);
                (transformed, error) = (result.Value, result.Error);
            }
        }

        var (body, contentType, headers) = Body(emission, config.Format, transformed);
        var request = new DeliveryRequest(new SecretText(config.Url), "POST", headers, contentType, SecretTemplate.EscapeUtf8(body), null, config.Schedule?.Count ?? defaults.Pauses.Count, config.Timeout?.Value ?? defaults.Timeout)
        {
            Endpoint = endpoint.Id,
            EmissionId = emission.Id,
            Pauses = config.Schedule is { } schedule ? [.. schedule.Select(pause => pause.Value)] : null,
            OrderKey = config.Order is EndpointOrder.Strict ? emission.Key ?? "" : null,
            RatePerSecond = config.RatePerSecond,
        };
        var now = time.GetUtcNow();
        var delivery = new Delivery(ids.Next(), emission.RunId, emission.WorkflowId, emission.StepId, IdOf(emission) + "." + endpoint.Id, DestinationOf(endpoint.Id), request, now, 0);
        return new FannedOut(delivery, error is null ? null : new Attempt(1, now, 0, null, "script_failed", $"The endpoint's script failed at {error.Unit}: {error.Message}", null));
    }

    /// <summary>What concurrency, rate and circuit go by: one endpoint's trouble is no other's.</summary>
    public static string DestinationOf(string endpoint) => "endpoint:" + endpoint;

    private static string IdOf(Emission emission) => PublicId.Format(PublicId.Emission, emission.Id);

    private static (byte[] Body, string ContentType, Dictionary<string, SecretText> Headers) Body(Emission emission, EndpointFormat format, Json? transformed)
    {
        var data = transformed ?? emission.Data;
        var timestamp = emission.CreatedAt.UtcDateTime;
        if (format is EndpointFormat.CloudEventsBinary)
        {
            var headers = new Dictionary<string, SecretText>
            {
                ["ce-specversion"] = new("1.0"),
                ["ce-id"] = new(IdOf(emission)),
                ["ce-type"] = new(emission.Type),
                ["ce-source"] = SecretText.Of(emission.Source),
                ["ce-time"] = new(timestamp.ToString("O", CultureInfo.InvariantCulture)),
            };
            if (emission.Key is { } subject) headers["ce-subject"] = new(Uri.EscapeDataString(subject));
            return (data.Utf8.ToArray(), JsonType, headers);
        }

        if (transformed is not null && format is EndpointFormat.Plain) return (data.Utf8.ToArray(), JsonType, []);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            if (format is EndpointFormat.CloudEvents)
            {
                writer.WriteString("specversion", "1.0");
                writer.WriteString("id", IdOf(emission));
                writer.WriteString("source", emission.Source);
                if (emission.Key is { } subject) writer.WriteString("subject", subject);
            }

            writer.WriteString("type", emission.Type);
            writer.WriteString(format is EndpointFormat.CloudEvents ? "time" : "timestamp", timestamp);
            if (format is EndpointFormat.CloudEvents) writer.WriteString("datacontenttype", JsonType);
            writer.WritePropertyName("data");
            writer.WriteRawValue(data.Utf8.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return (buffer.WrittenSpan.ToArray(), format is EndpointFormat.CloudEvents ? "application/cloudevents+json" : JsonType, []);
    }

    /// <summary>The <c>event</c> that filters and transforms see.</summary>
    private static Json Scope(Emission emission)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteString("id", IdOf(emission));
            writer.WriteString("type", emission.Type);
            writer.WriteString("source", emission.Source);
            writer.WriteString("subject", emission.Key);
            writer.WriteString("time", emission.CreatedAt.UtcDateTime);
            writer.WritePropertyName("data");
            writer.WriteRawValue(emission.Data.Utf8.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }

    private static string NameOf((string Id, EndpointConfig Config) endpoint) =>
        "endpoint/" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(endpoint.Config.Filter + "\0" + endpoint.Config.Transform)).AsSpan(0, 16));
}
