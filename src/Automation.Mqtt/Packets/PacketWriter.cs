using System.Buffers;
using System.Buffers.Binary;

namespace Automation.Mqtt.Packets;

/// <summary>Writes whole packets. The caller answers for values that the standard allows; only lengths are checked.</summary>
internal static class PacketWriter
{
    public static void Write(IBufferWriter<byte> output, MqttProtocolVersion version, MqttPacket packet)
    {
        var body = new BodyWriter(256);
        try
        {
            var isV5 = version == MqttProtocolVersion.V5;
            var first = (byte)((int)packet.Type << 4);
            switch (packet)
            {
                case ConnectPacket connect: ConnectWriter.Write(ref body, connect); break;
                case ConnackPacket connack: WriteConnack(ref body, isV5, connack); break;
                case PublishPacket publish: first = PublishWriter.WriteBody(ref body, isV5, publish); break;
                case AckPacket { Properties: null } ack: WriteAck(output, version, ack.Type, ack.PacketId, ack.ReasonCode); return;
                case AckPacket ack: WriteAckBody(ref body, isV5, ack); break;
                case SubscribePacket subscribe: WriteSubscribe(ref body, isV5, subscribe); break;
                case SubackPacket suback: WriteSuback(ref body, isV5, suback); break;
                case UnsubscribePacket unsubscribe: WriteUnsubscribe(ref body, isV5, unsubscribe); break;
                case ReasonPacket reason: WriteReason(ref body, isV5, reason); break;
            }

            if (packet.Type is PacketType.Pubrel or PacketType.Subscribe or PacketType.Unsubscribe)
                first |= 0b0010;
            WriteFrame(output, first, body.Written);
        }
        finally
        {
            body.Dispose();
        }
    }

    /// <summary>Size of the whole packet in bytes.</summary>
    public static int SizeOf(MqttProtocolVersion version, MqttPacket packet)
    {
        var output = new ArrayBufferWriter<byte>();
        Write(output, version, packet);
        return output.WrittenCount;
    }

    // PUBACK, PUBREC, PUBREL, PUBCOMP: type and flags, 2 or 3, packet identifier (2), [reason code] — MQTT 5 §3.4.
    public static void WriteAck(IBufferWriter<byte> output, MqttProtocolVersion version, PacketType type, ushort packetId, MqttReasonCode reason)
    {
        var withReason = version == MqttProtocolVersion.V5 && reason != MqttReasonCode.Success;
        var size = withReason ? 5 : 4;
        var span = output.GetSpan(size);
        span[0] = (byte)(((int)type << 4) | (type == PacketType.Pubrel ? 0b0010 : 0));
        span[1] = (byte)(size - 2);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], packetId);
        if (withReason)
            span[4] = (byte)reason;
        output.Advance(size);
    }

    public static void WriteFrame(IBufferWriter<byte> output, byte first, ReadOnlySpan<byte> body)
    {
        var header = output.GetSpan(5);
        header[0] = first;
        output.Advance(1 + VariableInteger.Write(header[1..], (uint)body.Length));
        output.Write(body);
    }

    private static void WriteConnack(ref BodyWriter body, bool isV5, ConnackPacket packet)
    {
        body.WriteByte(packet.SessionPresent ? (byte)1 : (byte)0);
        body.WriteByte(packet.ReturnCode);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
    }

    private static void WriteAckBody(ref BodyWriter body, bool isV5, AckPacket packet)
    {
        body.WriteUInt16(packet.PacketId);
        if (!isV5)
            return;
        body.WriteByte((byte)packet.ReasonCode);
        PropertyWriter.Write(ref body, packet.Properties);
    }

    private static void WriteSubscribe(ref BodyWriter body, bool isV5, SubscribePacket packet)
    {
        body.WriteUInt16(packet.PacketId);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
        foreach (var request in packet.Subscriptions)
        {
            body.WriteString(request.Filter);
            var options = (int)request.QualityOfService;
            if (isV5)
                options |= (request.NoLocal ? 0x04 : 0) | (request.RetainAsPublished ? 0x08 : 0) | (request.RetainHandling << 4);
            body.WriteByte((byte)options);
        }
    }

    private static void WriteSuback(ref BodyWriter body, bool isV5, SubackPacket packet)
    {
        body.WriteUInt16(packet.PacketId);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
        if (!isV5 && packet.Type == PacketType.Unsuback)
            return;
        foreach (var code in packet.ReasonCodes)
            body.WriteByte(!isV5 && code > MqttReasonCode.GrantedQoS2 ? (byte)0x80 : (byte)code);
    }

    private static void WriteUnsubscribe(ref BodyWriter body, bool isV5, UnsubscribePacket packet)
    {
        body.WriteUInt16(packet.PacketId);
        if (isV5)
            PropertyWriter.Write(ref body, packet.Properties);
        foreach (var filter in packet.Filters)
            body.WriteString(filter);
    }

    private static void WriteReason(ref BodyWriter body, bool isV5, ReasonPacket packet)
    {
        if (!isV5 || (packet.ReasonCode == MqttReasonCode.Success && packet.Properties is null))
            return;
        body.WriteByte((byte)packet.ReasonCode);
        if (packet.Properties is not null)
            PropertyWriter.Write(ref body, packet.Properties);
    }
}
