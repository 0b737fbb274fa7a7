using Automation.Server.Steps;
using Automation.Server.Triggers.Mqtt.Connections;

namespace Automation.Server.Triggers.Mqtt;

/// <summary>What the steps that send MQTT messages share: finding where to, and the words for what went wrong.</summary>
internal static class MqttSending
{
    /// <exception cref="StepException">There is no connection of that name (any more).</exception>
    public static MqttConnection Connection(MqttConnections connections, string name) =>
        connections.Find(name) ?? throw new StepException(new StepError("mqtt_unknown_connection", $"There is no MQTT connection \"{name}\" on this server; it was there when the workflow was loaded.", Retryable: false));

    /// <exception cref="StepException">The embedded broker is switched off.</exception>
    public static void RequireEnabled(EmbeddedBroker broker)
    {
        if (!broker.Enabled) throw new StepException(new StepError("mqtt_off", "The MQTT broker is switched off (Mqtt:Enabled).", Retryable: false));
    }

    public static StepException NoRoomToRetain(string topic) => new(
        "mqtt_no_room", $"The broker has no room to retain a message on {OutgoingMessage.Shown(topic)}. Publish without \"retain\", or free room: an empty payload with \"retain\" removes what a topic holds.");

    /// <summary>The error of a connection that was silent for too long: whether it was there at all, and if not, why.</summary>
    public static StepException TooLate(MqttConnection connection, string what, TimeSpan limit) => connection.Status.Server is null
        ? new StepException("mqtt_not_connected", $"{connection.Described}; nothing was sent within {limit.TotalSeconds:0.###} s.")
        : new StepException("mqtt_timeout", $"The broker of the MQTT connection \"{connection.Name}\" {what} within {limit.TotalSeconds:0.###} s.");
}
