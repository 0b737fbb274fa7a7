namespace Automation.Mqtt;

/// <summary>How surely a message is delivered (MQTT 5 §4.3).</summary>
public enum MqttQualityOfService : byte
{
    /// <summary>QoS 0: sent once, never acknowledged.</summary>
    AtMostOnce = 0,

    /// <summary>QoS 1: acknowledged by PUBACK; may arrive more than once.</summary>
    AtLeastOnce = 1,

    /// <summary>QoS 2: arrives exactly once, by PUBREC, PUBREL and PUBCOMP.</summary>
    ExactlyOnce = 2,
}

/// <summary>Version of the protocol; the value is the protocol level byte of the CONNECT.</summary>
public enum MqttProtocolVersion : byte
{
    /// <summary>MQTT 3.1.1.</summary>
    V311 = 4,

    /// <summary>MQTT 5.0.</summary>
    V5 = 5,
}

/// <summary>One user property; names may repeat and the order is kept.</summary>
/// <param name="Name">The name, at most 65,535 bytes of UTF-8.</param>
/// <param name="Value">The value, at most 65,535 bytes of UTF-8.</param>
public readonly record struct MqttUserProperty(string Name, string Value);
