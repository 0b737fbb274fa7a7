using System.Buffers.Binary;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>How the value of a protobuf field is written (Protocol Buffers, Encoding).</summary>
internal enum WireType
{
    /// <summary>Seven bits a byte, the lowest first; ten bytes at most.</summary>
    Varint = 0,

    /// <summary>8 bytes, little endian.</summary>
    Fixed64 = 1,

    /// <summary>A varint, and as many bytes: text, bytes, a message, packed numbers.</summary>
    Length = 2,

    /// <summary>4 bytes, little endian.</summary>
    Fixed32 = 5,
}

/// <summary>Walks over the fields of one protobuf message, without copies. Field: varint (number &lt;&lt; 3 | wire type), value.</summary>
/// <remarks>All methods throw <see cref="InvalidDataException"/> for bytes that are no protobuf. Groups, which nobody writes any more, are none.</remarks>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private const int TypeBits = 3, TypeMask = 7, MaxVarintBytes = 10, VarintBits = 7;
    private const ulong MaxFieldNumber = (1 << 29) - 1;
    private ReadOnlySpan<byte> rest = message;
    private WireType type;
    private ulong number;
    private ReadOnlySpan<byte> bytes;

    /// <summary>Number of the field that was read last.</summary>
    public int Field { get; private set; }

    /// <summary>Reads the next field; false at the end. A field that nobody asks for is skipped by this.</summary>
    public bool Read()
    {
        if (rest.IsEmpty) return false;
        var tag = Varint();
        type = (WireType)(tag & TypeMask);
        if (tag >> TypeBits is 0 or > MaxFieldNumber) throw Bad("a field has no valid number");
        Field = (int)(tag >> TypeBits);
        switch (type)
        {
            case WireType.Varint: number = Varint(); break;
            case WireType.Fixed64: number = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong))); break;
            case WireType.Fixed32: number = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))); break;
            case WireType.Length: bytes = Take(Varint()); break;
            default: throw Bad($"field {Field} has no known wire type");
        }

        return true;
    }

    /// <summary>The number of this field, its bits as written.</summary>
    public readonly ulong Number(WireType expected = WireType.Varint) => type == expected ? number : throw Unexpected();

    /// <summary>The text, bytes or message of this field.</summary>
    public readonly ReadOnlySpan<byte> Bytes() => type is WireType.Length ? bytes : throw Unexpected();

    /// <summary>The numbers of a repeated field, which come a field each or packed into one.</summary>
    public readonly void AddNumbers(ICollection<ulong> to)
    {
        if (type is WireType.Varint)
        {
            to.Add(number);
            return;
        }

        for (var packed = new ProtobufReader(Bytes()); !packed.rest.IsEmpty;) to.Add(packed.Varint());
    }

    private readonly InvalidDataException Unexpected() => Bad($"field {Field} is not written as its type is");

    private ulong Varint()
    {
        ulong value = 0;
        for (var at = 0; at < MaxVarintBytes && at < rest.Length; at++)
        {
            value |= (ulong)(rest[at] & 0x7F) << (at * VarintBits);
            if (rest[at] >= 0x80) continue;
            rest = rest[(at + 1)..];
            return value;
        }

        throw Bad("a number does not end");
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)rest.Length) throw Bad("it ends within a field");
        var taken = rest[..(int)length];
        rest = rest[(int)length..];
        return taken;
    }

    private static InvalidDataException Bad(string what) => new($"The body is not a Sparkplug B payload: {what}.");
}
