using Automation.Mqtt.Packets;

namespace Automation.Mqtt.Storage;

/// <summary>A message's properties as bytes for a store: the property block of a PUBLISH — MQTT 5 §3.3.2.3. Stores that like it use it.</summary>
public static class MqttStoredProperties
{
    /// <summary>Writes everything of a message but its topic, payload, QoS and RETAIN flag.</summary>
    /// <param name="message">The message.</param>
    /// <returns>Empty when the message has no properties.</returns>
    public static byte[] Write(MqttApplicationMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (PublishWriter.PropertiesOf(message, identifiers: null) is not { } properties)
            return [];
        var body = new BodyWriter(256);
        try
        {
            PropertyWriter.Write(ref body, properties);
            return body.Written.ToArray();
        }
        finally
        {
            body.Dispose();
        }
    }

    /// <summary>The message again.</summary>
    /// <param name="topic">Its topic name.</param>
    /// <param name="payload">Its payload; not copied.</param>
    /// <param name="qos">Its QoS.</param>
    /// <param name="retain">Its RETAIN flag.</param>
    /// <param name="properties">What <see cref="Write"/> gave.</param>
    /// <exception cref="MqttProtocolException">The bytes are not from <see cref="Write"/>.</exception>
    public static MqttApplicationMessage Read(string topic, ReadOnlyMemory<byte> payload, MqttQualityOfService qos, bool retain, ReadOnlySpan<byte> properties)
    {
        PacketProperties? read = null;
        if (!properties.IsEmpty)
        {
            var body = new BodyReader(properties);
            read = PropertyReader.Read(ref body, PropertyPlaces.Publish);
            body.RequireEnd();
        }

        return MessageMapper.ToMessage(topic, payload, qos, retain, read);
    }
}
