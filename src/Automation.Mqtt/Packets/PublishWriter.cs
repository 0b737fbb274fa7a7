namespace Automation.Mqtt.Packets;

/// <summary>Writes the body of a PUBLISH — MQTT 5 §3.3 — and tells where in it the parts stand that differ between receivers.</summary>
internal static class PublishWriter
{
    /// <summary>PUBLISH: topic name, [packet identifier if QoS > 0], [properties], payload.</summary>
    /// <returns>The first byte of the fixed header: type, DUP, QoS (2), RETAIN.</returns>
    public static byte WriteBody(ref BodyWriter body, bool isV5, PublishPacket packet)
    {
        body.WriteString(packet.Topic);
        if (packet.QualityOfService != MqttQualityOfService.AtMostOnce)
            body.WriteUInt16(packet.PacketId);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
        body.WriteBytes(packet.Payload.Span);
        return FirstByte(packet.QualityOfService, packet.Retain, packet.Duplicate);
    }

    public static byte FirstByte(MqttQualityOfService qos, bool retain, bool duplicate) =>
        (byte)(((int)PacketType.Publish << 4) | (duplicate ? 0x08 : 0) | ((int)qos << 1) | (retain ? 0x01 : 0));

    /// <summary>Encodes everything of a message that its receivers of one kind share.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isV5">Whether to write properties.</param>
    /// <param name="withPacketId">Whether room is left for a packet identifier (QoS 1 and 2).</param>
    /// <param name="subscriptionIdentifiers">The receiver's subscription identifiers, or null.</param>
    public static EncodedPublish Encode(MqttApplicationMessage message, bool isV5, bool withPacketId, IReadOnlyList<uint>? subscriptionIdentifiers)
    {
        var body = new BodyWriter(256);
        try
        {
            body.WriteString(message.Topic);
            var topicSize = body.Written.Length;
            var packetIdAt = withPacketId ? topicSize : -1;
            if (withPacketId)
                body.WriteUInt16(0);
            var start = body.Written.Length;
            var lengthSize = 0;
            var expiryAt = -1;
            if (isV5)
            {
                PropertyWriter.Write(ref body, PropertiesOf(message, subscriptionIdentifiers));
                lengthSize = LengthSize(body.Written[start..]);
                if (message.MessageExpiryInterval is not null)
                    expiryAt = start + lengthSize + ExpiryOffset(body.Written[(start + lengthSize)..]);
            }

            var propertiesAt = start + lengthSize;
            var layout = new PublishLayout(topicSize, packetIdAt, propertiesAt, body.Written.Length - propertiesAt, expiryAt);
            return EncodedPublish.Create(body.Written, message.Payload.Span, layout);
        }
        finally
        {
            body.Dispose();
        }
    }

    /// <summary>The properties of a message; null when it has none.</summary>
    public static PacketProperties? PropertiesOf(MqttApplicationMessage message, IReadOnlyList<uint>? identifiers)
    {
        if (!message.PayloadIsUtf8 && message is { MessageExpiryInterval: null, ContentType: null, ResponseTopic: null, CorrelationData: null }
            && message.UserProperties.Count == 0 && identifiers is null)
            return null;
        return new PacketProperties
        {
            PayloadFormatIndicator = message.PayloadIsUtf8 ? (byte)1 : null,
            MessageExpiryInterval = message.MessageExpiryInterval,
            ContentType = message.ContentType,
            ResponseTopic = message.ResponseTopic,
            CorrelationData = message.CorrelationData?.ToArray(),
            UserProperties = message.UserProperties,
            SubscriptionIdentifiers = identifiers,
        };
    }

    private static int LengthSize(ReadOnlySpan<byte> block)
    {
        var size = 1;
        while ((block[size - 1] & 0x80) != 0)
            size++;
        return size;
    }

    // The expiry interval is the first property but for the format indicator, which takes two bytes.
    private static int ExpiryOffset(ReadOnlySpan<byte> properties) => properties[0] == (byte)PropertyId.PayloadFormatIndicator ? 3 : 1;
}
