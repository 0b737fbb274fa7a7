using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Automation.Mqtt.Packets;

/// <summary>Reads the data types of MQTT 5 §1.5 from the body of one packet. Running past the end is a malformed packet.</summary>
internal ref struct BodyReader
{
    private readonly ReadOnlySpan<byte> _body;
    private readonly byte[]? _owned;
    private int _position;

    /// <param name="body">The bytes after the fixed header.</param>
    /// <param name="owned">The array that <paramref name="body"/> spans in full, if it is ours to keep; payloads then need no copy.</param>
    public BodyReader(ReadOnlySpan<byte> body, byte[]? owned = null)
    {
        _body = body;
        _owned = owned;
    }

    public readonly int Remaining => _body.Length - _position;

    public readonly int Position => _position;

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    /// <summary>Variable byte integer in the fewest bytes — MQTT 5 §1.5.5.</summary>
    public uint ReadVariableInteger()
    {
        uint value = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            var digit = ReadByte();
            value |= (uint)(digit & 0x7F) << shift;
            if ((digit & 0x80) == 0)
            {
                if (digit == 0 && shift > 0)
                    throw MqttProtocolException.Malformed("A variable byte integer is longer than it need be.");
                return value;
            }
        }

        throw MqttProtocolException.Malformed("A variable byte integer is longer than four bytes.");
    }

    /// <summary>UTF-8 string: well formed, no surrogates, no U+0000 — MQTT 5 §1.5.4.</summary>
    public string ReadString()
    {
        var bytes = Take(ReadUInt16());
        if (bytes.IsEmpty)
            return string.Empty;
        if (bytes.Contains((byte)0))
            throw MqttProtocolException.Malformed("A string holds the character U+0000.");
        if (!Utf8.IsValid(bytes))
            throw MqttProtocolException.Malformed("A string is not well-formed UTF-8.");
        return Encoding.UTF8.GetString(bytes);
    }

    public byte[] ReadBinary() => Take(ReadUInt16()).ToArray();

    public ReadOnlyMemory<byte> ReadRest()
    {
        var start = _position;
        var rest = Take(Remaining);
        return _owned is null ? rest.ToArray() : _owned.AsMemory(start);
    }

    /// <summary>A reader over the next bytes only.</summary>
    public BodyReader Slice(uint length) => new(Take(length));

    public readonly void RequireEnd()
    {
        if (Remaining != 0)
            throw MqttProtocolException.Malformed("Bytes are left at the end of the packet.");
    }

    private ReadOnlySpan<byte> Take(uint length)
    {
        if (length > (uint)Remaining)
            throw MqttProtocolException.Malformed("The packet ends in the middle of a field.");
        var taken = _body.Slice(_position, (int)length);
        _position += (int)length;
        return taken;
    }

    private ReadOnlySpan<byte> Take(int length) => Take((uint)length);
}
