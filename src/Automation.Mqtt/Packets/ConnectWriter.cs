namespace Automation.Mqtt.Packets;

/// <summary>Writes the body of a CONNECT — MQTT 5 §3.1.</summary>
internal static class ConnectWriter
{
    public static void Write(ref BodyWriter body, ConnectPacket packet)
    {
        var isV5 = packet.Version == MqttProtocolVersion.V5;
        body.WriteString("MQTT");
        body.WriteByte((byte)packet.Version);
        body.WriteByte(Flags(packet));
        body.WriteUInt16(packet.KeepAlive);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
        body.WriteString(packet.ClientId);
        if (packet.Will is { } will)
        {
            if (isV5)
                PropertyWriter.Write(ref body, will.Properties);
            body.WriteString(will.Topic);
            body.WriteBinary(will.Payload);
        }

        if (packet.UserName is not null)
            body.WriteString(packet.UserName);
        if (packet.Password is not null)
            body.WriteBinary(packet.Password);
    }

    private static byte Flags(ConnectPacket packet)
    {
        var flags = packet.CleanStart ? 0x02 : 0;
        if (packet.Will is { } will)
            flags |= 0x04 | ((int)will.QualityOfService << 3) | (will.Retain ? 0x20 : 0);
        if (packet.Password is not null)
            flags |= 0x40;
        if (packet.UserName is not null)
            flags |= 0x80;
        return (byte)flags;
    }
}
