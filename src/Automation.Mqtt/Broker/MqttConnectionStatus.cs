using System.Net;

namespace Automation.Mqtt.Broker;

/// <summary>A connected client and what its connection has carried so far.</summary>
public sealed record MqttConnectionStatus
{
    /// <summary>Who it is, and since when.</summary>
    public required MqttClientInfo Client { get; init; }

    /// <summary>What carries the connection.</summary>
    public required MqttTransport Transport { get; init; }

    /// <summary>The address of the broker that the client connected to; the file of a Unix domain socket.</summary>
    public required EndPoint LocalEndPoint { get; init; }

    /// <summary>The keep alive in force, in seconds; 0 for none.</summary>
    public required ushort KeepAliveSeconds { get; init; }

    /// <summary>Whether the client asked for a new session (Clean Start, or Clean Session of 3.1.1).</summary>
    public required bool CleanStart { get; init; }

    /// <summary>PUBLISH packets received.</summary>
    public required long MessagesReceived { get; init; }

    /// <summary>Bytes of all packets received, without TLS and WebSocket frames.</summary>
    public required long BytesReceived { get; init; }

    /// <summary>PUBLISH packets sent.</summary>
    public required long MessagesSent { get; init; }

    /// <summary>Bytes of all packets sent, without TLS and WebSocket frames.</summary>
    public required long BytesSent { get; init; }
}
