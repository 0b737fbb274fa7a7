using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Automation.Mqtt.Packets;

/// <summary>Takes one packet from the front of a buffer. Pure: no state, no I/O.</summary>
internal static class PacketReader
{
    private const int MaximumLengthBytes = 4;

    /// <summary>Reads the packet at the start of <paramref name="buffer"/>.</summary>
    /// <param name="buffer">What was received and not consumed yet.</param>
    /// <param name="version">The connection's version. A CONNECT names its own.</param>
    /// <param name="maximumPacketSize">Limit of the whole packet, checked as soon as its length is known.</param>
    /// <param name="packet">The packet, when true is returned.</param>
    /// <param name="consumed">The end of the packet; the start of the buffer when false is returned (everything was examined).</param>
    /// <returns>False when the buffer holds less than one packet.</returns>
    /// <exception cref="MqttProtocolException">The packet breaks the standard or the limit.</exception>
    public static bool TryRead(
        in ReadOnlySequence<byte> buffer, MqttProtocolVersion version, uint maximumPacketSize, [NotNullWhen(true)] out MqttPacket? packet, out SequencePosition consumed)
    {
        packet = null;
        consumed = buffer.Start;
        if (!TryReadHeader(buffer, version, out var header))
            return false;

        var total = header.Size + (long)header.RemainingLength;
        if (total > maximumPacketSize)
            throw new MqttProtocolException(MqttReasonCode.PacketTooLarge, $"A packet of {total} bytes is over the limit of {maximumPacketSize}.");
        if (buffer.Length < total)
            return false;

        var body = buffer.Slice(header.Size, header.RemainingLength);
        consumed = body.End;
        // A body in several segments is gathered once; a PUBLISH then keeps that array as its payload.
        var owned = body.IsSingleSegment ? null : body.ToArray();
        var reader = owned is null ? new BodyReader(body.FirstSpan) : new BodyReader(owned, owned);
        packet = header.Type == PacketType.Connect
            ? ConnectReader.Read(ref reader, header.IsMinimal)
            : BodyParser.Read(header.Type, header.Flags, version, ref reader);
        reader.RequireEnd();
        return true;
    }

    // Fixed header: type (4 bits), flags (4 bits), remaining length (1 to 4 bytes) — MQTT 5 §2.1.
    private static bool TryReadHeader(in ReadOnlySequence<byte> buffer, MqttProtocolVersion version, out FixedHeader header)
    {
        header = default;
        Span<byte> copy = stackalloc byte[1 + MaximumLengthBytes];
        var available = (int)Math.Min(buffer.Length, copy.Length);
        scoped var bytes = buffer.FirstSpan;
        if (bytes.Length < available)
        {
            buffer.Slice(0, available).CopyTo(copy);
            bytes = copy;
        }

        if (available == 0)
            return false;
        var type = (PacketType)(bytes[0] >> 4);
        var flags = (byte)(bytes[0] & 0x0F);
        RequireFlags(type, flags, version);

        uint length = 0;
        for (var index = 1; index <= MaximumLengthBytes; index++)
        {
            if (index >= available)
                return false;
            length |= (uint)(bytes[index] & 0x7F) << (7 * (index - 1));
            if ((bytes[index] & 0x80) != 0)
                continue;

            var minimal = index == 1 || bytes[index] != 0;
            // 3.1.1 does not ask for the fewest bytes; a CONNECT is judged once its version is known.
            if (!minimal && version == MqttProtocolVersion.V5 && type != PacketType.Connect)
                throw MqttProtocolException.Malformed("The remaining length is longer than it need be.");
            header = new FixedHeader(type, flags, length, index + 1, minimal);
            return true;
        }

        throw MqttProtocolException.Malformed("The remaining length is longer than four bytes.");
    }

    private static void RequireFlags(PacketType type, byte flags, MqttProtocolVersion version)
    {
        if (type == 0 || (type == PacketType.Auth && version != MqttProtocolVersion.V5))
            throw MqttProtocolException.Malformed("The packet type is reserved.");
        var expected = type is PacketType.Pubrel or PacketType.Subscribe or PacketType.Unsubscribe ? 0b0010 : 0;
        if (type != PacketType.Publish && flags != expected)
            throw MqttProtocolException.Malformed($"The flags of {type} are wrong.");
    }

    private readonly record struct FixedHeader(PacketType Type, byte Flags, uint RemainingLength, int Size, bool IsMinimal);
}
