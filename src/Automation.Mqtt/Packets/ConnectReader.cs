namespace Automation.Mqtt.Packets;

/// <summary>CONNECT: protocol name, level, flags, keep alive, [properties], client identifier, [will], [user name], [password] — MQTT 5 §3.1.</summary>
internal static class ConnectReader
{
    private const byte CleanStartFlag = 0x02;
    private const byte WillFlag = 0x04;
    private const byte WillRetainFlag = 0x20;
    private const byte PasswordFlag = 0x40;
    private const byte UserNameFlag = 0x80;

    public static ConnectPacket Read(ref BodyReader body, bool lengthIsMinimal)
    {
        var name = body.ReadString();
        var level = body.ReadByte();
        try
        {
            // "MQIsdp" with level 3 is MQTT 3.1, which is answered as an unknown level.
            if (name == "MQIsdp" || (name == "MQTT" && level is not (4 or 5)))
                throw new MqttProtocolException(MqttReasonCode.UnsupportedProtocolVersion, $"Protocol level {level} is not supported.");
            if (name != "MQTT")
                throw MqttProtocolException.Malformed("The protocol name is not MQTT.");
            if (level == 5 && !lengthIsMinimal)
                throw MqttProtocolException.Malformed("The remaining length is longer than it need be.");
            var packet = ReadAfterLevel(ref body, (MqttProtocolVersion)level);
            body.RequireEnd();
            return packet;
        }
        catch (MqttProtocolException exception) when (name is "MQTT" or "MQIsdp")
        {
            exception.ConnectProtocolLevel = level;
            throw;
        }
    }

    private static ConnectPacket ReadAfterLevel(ref BodyReader body, MqttProtocolVersion version)
    {
        var isV5 = version == MqttProtocolVersion.V5;
        var flags = body.ReadByte();
        RequireFlags(flags, isV5);
        var keepAlive = body.ReadUInt16();
        var properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Connect) : null;
        return new ConnectPacket
        {
            Version = version,
            CleanStart = (flags & CleanStartFlag) != 0,
            KeepAlive = keepAlive,
            Properties = properties,
            ClientId = body.ReadString(),
            Will = (flags & WillFlag) != 0 ? ReadWill(ref body, flags, isV5) : null,
            UserName = (flags & UserNameFlag) != 0 ? body.ReadString() : null,
            Password = (flags & PasswordFlag) != 0 ? body.ReadBinary() : null,
        };
    }

    // Flags: user name, password, will retain, will QoS (2), will, clean start, reserved — §3.1.2.3.
    private static void RequireFlags(byte flags, bool isV5)
    {
        if ((flags & 0x01) != 0)
            throw MqttProtocolException.Malformed("The reserved connect flag is set.");
        if ((flags & WillFlag) == 0 && (flags & (WillRetainFlag | 0x18)) != 0)
            throw MqttProtocolException.Malformed("Will QoS or Will Retain is set without a will.");
        if ((flags & 0x18) == 0x18)
            throw MqttProtocolException.Malformed("The will's QoS is 3.");
        if (!isV5 && (flags & PasswordFlag) != 0 && (flags & UserNameFlag) == 0)
            throw MqttProtocolException.Malformed("A password stands without a user name.");
    }

    private static WillFields ReadWill(ref BodyReader body, byte flags, bool isV5)
    {
        var properties = isV5 ? PropertyReader.Read(ref body, PropertyPlaces.Will) : null;
        var topic = body.ReadString();
        BodyParser.RequireTopicName(topic);
        BodyParser.RequireResponseTopic(properties);
        return new WillFields
        {
            Topic = topic,
            Payload = body.ReadBinary(),
            QualityOfService = (MqttQualityOfService)((flags >> 3) & 0x03),
            Retain = (flags & WillRetainFlag) != 0,
            Properties = properties,
        };
    }
}
