namespace Automation.Mqtt;

/// <summary>A message as applications see it. Immutable; one instance may be shared by many receivers.</summary>
public sealed class MqttApplicationMessage
{
    /// <summary>Topic name: at least one character, no wildcards.</summary>
    public required string Topic { get; init; }

    /// <summary>Payload. The bytes must not change after the message was handed over.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>QoS the message was, or is to be, published with.</summary>
    public MqttQualityOfService QualityOfService { get; init; }

    /// <summary>Whether the server keeps the message as the topic's retained message.</summary>
    public bool Retain { get; init; }

    /// <summary>True when the payload is declared to be UTF-8 text (Payload Format Indicator 1).</summary>
    public bool PayloadIsUtf8 { get; init; }

    /// <summary>Lifetime in whole seconds from now; null for no limit.</summary>
    public uint? MessageExpiryInterval { get; init; }

    /// <summary>Description of the payload's content, by convention a MIME type.</summary>
    public string? ContentType { get; init; }

    /// <summary>Topic name for a response.</summary>
    public string? ResponseTopic { get; init; }

    /// <summary>What the requester uses to recognise the response.</summary>
    public ReadOnlyMemory<byte>? CorrelationData { get; init; }

    /// <summary>User properties in the order they were sent.</summary>
    public IReadOnlyList<MqttUserProperty> UserProperties { get; init; } = [];
}
