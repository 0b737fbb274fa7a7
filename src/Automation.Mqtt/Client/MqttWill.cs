using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Client;

/// <summary>The message that the server publishes when the connection ends without a DISCONNECT — MQTT 5 §3.1.2.5.</summary>
/// <param name="Message">The message; its payload has at most 65,535 bytes.</param>
/// <param name="DelaySeconds">Seconds that the server waits for the client to come back first (§3.1.3.2.2). MQTT 3.1.1 knows no delay.</param>
public sealed record MqttWill(MqttApplicationMessage Message, uint DelaySeconds = 0)
{
    internal WillFields ToFields(bool isV5) => new()
    {
        Topic = Message.Topic,
        Payload = Message.Payload.ToArray(),
        QualityOfService = Message.QualityOfService,
        Retain = Message.Retain,
        Properties = isV5 ? PropertiesOf() : null,
    };

    internal void Validate()
    {
        MessageMapper.RequireSendable(Message);
        if (Message.Payload.Length > ushort.MaxValue)
            throw new ArgumentException("A will's payload has at most 65,535 bytes.", nameof(Message));
    }

    private PacketProperties? PropertiesOf()
    {
        var properties = PublishWriter.PropertiesOf(Message, null);
        if (DelaySeconds > 0)
            (properties ??= new PacketProperties()).WillDelayInterval = DelaySeconds;
        return properties;
    }
}
