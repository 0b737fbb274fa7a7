using System.Buffers;
using System.Buffers.Binary;

namespace Automation.Mqtt.Packets;

/// <summary>A PUBLISH encoded once for many receivers. Copied into each connection's output and patched there: first byte, packet identifier, expiry.</summary>
internal sealed class EncodedPublish
{
    private readonly byte[] _frame;
    private readonly int _packetIdAt;
    private readonly int _expiryAt;

    private EncodedPublish(byte[] frame, int packetIdAt, int expiryAt)
    {
        _frame = frame;
        _packetIdAt = packetIdAt;
        _expiryAt = expiryAt;
    }

    /// <summary>Size of the whole packet in bytes.</summary>
    public int Size => _frame.Length;

    public static EncodedPublish Create(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, int packetIdAt, int expiryAt)
    {
        var remaining = (uint)(head.Length + payload.Length);
        var headerSize = 1 + VariableInteger.SizeOf(remaining);
        var frame = GC.AllocateUninitializedArray<byte>(headerSize + (int)remaining);
        frame[0] = (int)PacketType.Publish << 4;
        VariableInteger.Write(frame.AsSpan(1), remaining);
        head.CopyTo(frame.AsSpan(headerSize));
        payload.CopyTo(frame.AsSpan(headerSize + head.Length));
        return new EncodedPublish(frame, packetIdAt < 0 ? -1 : headerSize + packetIdAt, expiryAt < 0 ? -1 : headerSize + expiryAt);
    }

    /// <param name="output">Where to.</param>
    /// <param name="firstByte">See <see cref="PublishWriter.FirstByte"/>.</param>
    /// <param name="packetId">The packet identifier; ignored where there is none.</param>
    /// <param name="expiryInterval">The seconds that are left; ignored where there is no such property.</param>
    public void WriteTo(IBufferWriter<byte> output, byte firstByte, ushort packetId, uint expiryInterval)
    {
        var span = output.GetSpan(_frame.Length);
        _frame.CopyTo(span);
        span[0] = firstByte;
        if (_packetIdAt >= 0)
            BinaryPrimitives.WriteUInt16BigEndian(span[_packetIdAt..], packetId);
        if (_expiryAt >= 0)
            BinaryPrimitives.WriteUInt32BigEndian(span[_expiryAt..], expiryInterval);
        output.Advance(_frame.Length);
    }
}
