namespace Automation.Mqtt;

/// <summary>What carries the packets of a connection.</summary>
public enum MqttTransport
{
    /// <summary>TCP — MQTT 5 §4.2.</summary>
    Tcp = 0,

    /// <summary>TLS over TCP — MQTT 5 §5.4.5.</summary>
    Tls = 1,

    /// <summary>WebSocket over TCP — MQTT 5 §6.</summary>
    WebSocket = 2,

    /// <summary>WebSocket over TLS.</summary>
    SecureWebSocket = 3,

    /// <summary>A Unix domain socket: the client is on this machine.</summary>
    UnixSocket = 4,
}
