using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Automation.Mqtt.Packets;

/// <summary>Builds the body of one packet in a pooled array. Dispose gives the array back.</summary>
internal ref struct BodyWriter
{
    private byte[] _buffer;
    private int _length;

    public BodyWriter(int capacity)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public readonly void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    public void WriteByte(byte value) => Grow(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Grow(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Grow(4), value);

    public void WriteVariableInteger(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        WriteBytes(bytes[..VariableInteger.Write(bytes, value)]);
    }

    public void WriteString(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        if (size > ushort.MaxValue)
            throw new ArgumentException("A string is longer than 65,535 bytes of UTF-8.", nameof(value));
        WriteUInt16((ushort)size);
        Encoding.UTF8.GetBytes(value, Grow(size));
    }

    public void WriteBinary(scoped ReadOnlySpan<byte> value)
    {
        if (value.Length > ushort.MaxValue)
            throw new ArgumentException("Binary data is longer than 65,535 bytes.", nameof(value));
        WriteUInt16((ushort)value.Length);
        WriteBytes(value);
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> value) => value.CopyTo(Grow(value.Length));

    private Span<byte> Grow(int count)
    {
        if (_buffer.Length - _length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + count, _buffer.Length * 2));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        var span = _buffer.AsSpan(_length, count);
        _length += count;
        return span;
    }
}
