using Automation.Mqtt.Topics;

namespace Automation.Mqtt.Packets;

/// <summary>Parses the body of every packet type but CONNECT.</summary>
internal static class BodyParser
{
    public static MqttPacket Read(PacketType type, byte flags, MqttProtocolVersion version, ref BodyReader body)
    {
        var isV5 = version == MqttProtocolVersion.V5;
        return type switch
        {
            PacketType.Connack => ReadConnack(isV5, ref body),
            PacketType.Publish => ReadPublish(flags, isV5, ref body),
            PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => ReadAck(type, isV5, ref body),
            PacketType.Subscribe => SubscribeReader.ReadSubscribe(isV5, ref body),
            PacketType.Suback or PacketType.Unsuback => SubscribeReader.ReadSuback(type, isV5, ref body),
            PacketType.Unsubscribe => SubscribeReader.ReadUnsubscribe(isV5, ref body),
            PacketType.Pingreq => PingPacket.Request,
            PacketType.Pingresp => PingPacket.Response,
            PacketType.Disconnect or PacketType.Auth => ReadReason(type, isV5, ref body),
            _ => throw MqttProtocolException.Malformed("The packet type is reserved."),
        };
    }

    public static void RequireTopicName(string topic)
    {
        if (!TopicName.IsValid(topic))
            throw new MqttProtocolException(MqttReasonCode.TopicNameInvalid, "The topic name is empty, too deep or holds a wildcard.");
    }

    // "The Response Topic MUST NOT contain wildcard characters" — MQTT 5 §3.3.2.3.5.
    public static void RequireResponseTopic(PacketProperties? properties)
    {
        if (properties?.ResponseTopic is { } topic && !TopicName.IsValid(topic))
            throw MqttProtocolException.ProtocolError("The response topic is not a topic name.");
    }

    public static ushort ReadPacketId(ref BodyReader body)
    {
        var id = body.ReadUInt16();
        return id != 0 ? id : throw MqttProtocolException.ProtocolError("The packet identifier is 0."); // §2.2.1
    }

    // CONNACK: acknowledge flags, code, [properties] — §3.2.
    private static ConnackPacket ReadConnack(bool isV5, ref BodyReader body)
    {
        var flags = body.ReadByte();
        if (flags > 1)
            throw MqttProtocolException.Malformed("A reserved acknowledge flag is set.");
        var code = isV5 ? (byte)body.ReadReasonCode(PacketType.Connack) : body.ReadByte();
        if (!isV5 && code > 5)
            throw MqttProtocolException.ProtocolError($"Return code {code} is reserved.");
        if (flags == 1 && code != 0)
            throw MqttProtocolException.ProtocolError("Session Present is set in a refusal.");
        return new ConnackPacket
        {
            SessionPresent = flags == 1,
            ReturnCode = code,
            Properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Connack) : null,
        };
    }

    // PUBLISH: topic name, [packet identifier if QoS > 0], [properties], payload — §3.3.
    private static PublishPacket ReadPublish(byte flags, bool isV5, ref BodyReader body)
    {
        var qos = (MqttQualityOfService)((flags >> 1) & 0x03);
        if ((byte)qos == 3)
            throw MqttProtocolException.Malformed("The QoS is 3.");
        var duplicate = (flags & 0x08) != 0;
        if (duplicate && qos == MqttQualityOfService.AtMostOnce)
            throw MqttProtocolException.Malformed("DUP is set with QoS 0.");

        var topic = body.ReadString();
        var id = qos == MqttQualityOfService.AtMostOnce ? (ushort)0 : ReadPacketId(ref body);
        var properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Publish) : null;
        if (topic.Length == 0 && isV5 && properties?.TopicAlias is null)
            throw MqttProtocolException.ProtocolError("The topic name is empty and there is no topic alias.");
        if (topic.Length > 0 || !isV5)
            RequireTopicName(topic);
        RequireResponseTopic(properties);
        return new PublishPacket
        {
            Duplicate = duplicate,
            QualityOfService = qos,
            Retain = (flags & 0x01) != 0,
            Topic = topic,
            PacketId = id,
            Properties = properties,
            Payload = body.ReadRest(),
        };
    }

    // PUBACK, PUBREC, PUBREL, PUBCOMP: packet identifier, [reason code, [properties]] — §3.4 to §3.7.
    private static AckPacket ReadAck(PacketType type, bool isV5, ref BodyReader body)
    {
        var id = ReadPacketId(ref body);
        return new AckPacket(type)
        {
            PacketId = id,
            ReasonCode = isV5 && body.Remaining > 0 ? body.ReadReasonCode(type) : MqttReasonCode.Success,
            Properties = isV5 && body.Remaining > 0 ? PropertyReader.Read(ref body, (PropertyPlaces)(1 << (int)type)) : null,
        };
    }

    // DISCONNECT, AUTH: [reason code, [properties]]; both empty in 3.1.1, which has no AUTH — §3.14, §3.15.
    private static ReasonPacket ReadReason(PacketType type, bool isV5, ref BodyReader body) => new(type)
    {
        ReasonCode = isV5 && body.Remaining > 0 ? body.ReadReasonCode(type) : MqttReasonCode.Success,
        Properties = isV5 && body.Remaining > 0 ? PropertyReader.Read(ref body, (PropertyPlaces)(1 << (int)type)) : null,
    };
}
