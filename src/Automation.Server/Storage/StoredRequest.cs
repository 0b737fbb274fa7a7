using System.Text.Json;
using Automation.Server.Deliveries;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Storage;

/// <summary>A delivery's request as the journal keeps it: JSON without the body, which has a column of its own. Secrets are named, never held.</summary>
internal sealed record StoredRequest(string Url, string Method, IReadOnlyDictionary<string, string> Headers, string? ContentType, string? SigningSecret, int MaxAttempts, long TimeoutMs)
{
    public IReadOnlyList<long>? PausesMs { get; init; }

    public string? OrderKey { get; init; }

    public double? RatePerSecond { get; init; }

    public string? Endpoint { get; init; }

    public long? EndpointSinceMs { get; init; }

    public long? EmissionId { get; init; }

    public static byte[] Write(DeliveryRequest request) => JsonSerializer.SerializeToUtf8Bytes(
        new StoredRequest(
            request.Url.Escaped,
            request.Method,
            request.Headers.ToDictionary(h => h.Key, h => h.Value.Escaped),
            request.ContentType,
            request.SigningSecret,
            request.MaxAttempts,
            (long)request.Timeout.TotalMilliseconds)
        {
            PausesMs = request.Pauses is { } pauses ? [.. pauses.Select(pause => (long)pause.TotalMilliseconds)] : null,
            OrderKey = request.OrderKey,
            RatePerSecond = request.RatePerSecond,
            Endpoint = request.Endpoint,
            EndpointSinceMs = request.EndpointSince?.ToUnixTimeMilliseconds(),
            EmissionId = request.EmissionId,
        },
        JsonFormat.Wire);

    public static DeliveryRequest Read(byte[] json, byte[] body)
    {
        var stored = JsonSerializer.Deserialize<StoredRequest>(json, JsonFormat.Wire)!;
        return new DeliveryRequest(
            new SecretText(stored.Url),
            stored.Method,
            stored.Headers.ToDictionary(h => h.Key, h => new SecretText(h.Value)),
            stored.ContentType,
            body,
            stored.SigningSecret,
            stored.MaxAttempts,
            TimeSpan.FromMilliseconds(stored.TimeoutMs))
        {
            Pauses = stored.PausesMs is { } pauses ? [.. pauses.Select(pause => TimeSpan.FromMilliseconds(pause))] : null,
            OrderKey = stored.OrderKey,
            RatePerSecond = stored.RatePerSecond,
            Endpoint = stored.Endpoint,
            EndpointSince = stored.EndpointSinceMs is { } since ? DateTimeOffset.FromUnixTimeMilliseconds(since) : null,
            EmissionId = stored.EmissionId,
        };
    }
}
