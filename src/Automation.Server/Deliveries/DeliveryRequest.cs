using Automation.Server.Secrets;

namespace Automation.Server.Deliveries;

/// <summary>What a step asks to be delivered.</summary>
/// <param name="Url">Absolute http(s) address of the receiver.</param>
/// <param name="Method">HTTP method, upper case.</param>
/// <param name="Headers">Further headers.</param>
/// <param name="ContentType">Of the body; null for none.</param>
/// <param name="Body">The bytes to send; where they are JSON or text, secrets are named in them as in <see cref="SecretText"/>.</param>
/// <param name="SigningSecret">Name of the secret to sign with (Standard Webhooks); null for none.</param>
/// <param name="MaxAttempts">Attempts before the delivery is dead.</param>
/// <param name="Timeout">Of one attempt.</param>
internal sealed record DeliveryRequest(
    SecretText Url,
    string Method,
    IReadOnlyDictionary<string, SecretText> Headers,
    string? ContentType,
    ReadOnlyMemory<byte> Body,
    string? SigningSecret,
    int MaxAttempts,
    TimeSpan Timeout)
{
    /// <summary>In characters: an index holds the key.</summary>
    public const int LongestOrderKey = 256;

    /// <summary>The pause before each attempt; null for the server's.</summary>
    public IReadOnlyList<TimeSpan>? Pauses { get; init; }

    /// <summary>Deliveries to one destination with the same text are made one at a time, in the order they were queued; null for no order.</summary>
    public string? OrderKey { get; init; }

    /// <summary>The endpoint it goes to, whose address, headers and signature are looked up for each attempt; null for none.</summary>
    public string? Endpoint { get; init; }

    /// <summary>Since when that endpoint is registered: of another one with its id it is not. Null for any.</summary>
    public DateTimeOffset? EndpointSince { get; init; }

    /// <summary>What it came of; null for a step's own.</summary>
    public long? EmissionId { get; init; }

    /// <summary>Attempts in a second to its destination; null for the server's limit.</summary>
    public double? RatePerSecond { get; init; }
}
