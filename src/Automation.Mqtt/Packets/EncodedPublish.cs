using System.Buffers;
using System.Buffers.Binary;

namespace Automation.Mqtt.Packets;

/// <summary>How a PUBLISH names its topic — MQTT 5 §3.3.2.3.4.</summary>
internal enum TopicForm
{
    /// <summary>By the topic name.</summary>
    Name,

    /// <summary>By the topic name, which an alias stands for from now on.</summary>
    NameAndAlias,

    /// <summary>By the alias; the topic name is empty.</summary>
    Alias,
}

/// <summary>
/// A PUBLISH encoded once for many receivers. Copied into each connection's output and patched there: first byte, packet identifier,
/// expiry. For a receiver that takes topic aliases the copy is made in two pieces, around the topic and the alias.
/// </summary>
internal sealed class EncodedPublish
{
    private const int AliasSize = 3;

    private readonly byte[] _frame;
    private readonly int _headerSize;
    private readonly PublishLayout _layout;

    private EncodedPublish(byte[] frame, int headerSize, PublishLayout layout)
    {
        _frame = frame;
        _headerSize = headerSize;
        _layout = layout;
    }

    /// <summary>Size of the whole packet in bytes.</summary>
    public int Size => _frame.Length;

    public static EncodedPublish Create(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload, PublishLayout layout)
    {
        var remaining = (uint)(head.Length + payload.Length);
        var headerSize = 1 + VariableInteger.SizeOf(remaining);
        var frame = GC.AllocateUninitializedArray<byte>(headerSize + (int)remaining);
        frame[0] = (int)PacketType.Publish << 4;
        VariableInteger.Write(frame.AsSpan(1), remaining);
        head.CopyTo(frame.AsSpan(headerSize));
        payload.CopyTo(frame.AsSpan(headerSize + head.Length));
        return new EncodedPublish(frame, headerSize, layout);
    }

    /// <summary>Size of the whole packet in bytes with its topic in that form.</summary>
    public int SizeAs(TopicForm form)
    {
        if (form == TopicForm.Name)
            return Size;
        var remaining = RemainingAs(form);
        return 1 + VariableInteger.SizeOf(remaining) + (int)remaining;
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
        if (_layout.PacketIdAt >= 0)
            BinaryPrimitives.WriteUInt16BigEndian(span[(_headerSize + _layout.PacketIdAt)..], packetId);
        if (_layout.ExpiryAt >= 0)
            BinaryPrimitives.WriteUInt32BigEndian(span[(_headerSize + _layout.ExpiryAt)..], expiryInterval);
        output.Advance(_frame.Length);
    }

    /// <summary>Writes the packet with a topic alias. MQTT 5 only.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="form"><see cref="TopicForm.Alias"/> or <see cref="TopicForm.NameAndAlias"/>.</param>
    /// <param name="alias">The alias, not 0.</param>
    /// <param name="firstByte">See <see cref="PublishWriter.FirstByte"/>.</param>
    /// <param name="packetId">The packet identifier; ignored where there is none.</param>
    /// <param name="expiryInterval">The seconds that are left; ignored where there is no such property.</param>
    public void WriteTo(IBufferWriter<byte> output, TopicForm form, ushort alias, byte firstByte, ushort packetId, uint expiryInterval)
    {
        var size = SizeAs(form);
        var span = output.GetSpan(size);
        span[0] = firstByte;
        var at = 1 + VariableInteger.Write(span[1..], RemainingAs(form));
        if (form == TopicForm.Alias)
        {
            span[at++] = 0;
            span[at++] = 0;
        }
        else
        {
            at += Copy(_frame.AsSpan(_headerSize, _layout.TopicSize), span[at..]);
        }

        if (_layout.PacketIdAt >= 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(span[at..], packetId);
            at += 2;
        }

        at += VariableInteger.Write(span[at..], (uint)_layout.PropertiesSize + AliasSize);
        span[at] = (byte)PropertyId.TopicAlias;
        BinaryPrimitives.WriteUInt16BigEndian(span[(at + 1)..], alias);
        at += AliasSize;
        var rest = _frame.AsSpan(_headerSize + _layout.PropertiesAt);
        rest.CopyTo(span[at..]);
        if (_layout.ExpiryAt >= 0)
            BinaryPrimitives.WriteUInt32BigEndian(span[(at + _layout.ExpiryAt - _layout.PropertiesAt)..], expiryInterval);
        output.Advance(size);
    }

    private static int Copy(ReadOnlySpan<byte> from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    private uint RemainingAs(TopicForm form)
    {
        var topic = form == TopicForm.Alias ? 2 : _layout.TopicSize;
        var packetId = _layout.PacketIdAt >= 0 ? 2 : 0;
        var rest = _frame.Length - _headerSize - _layout.PropertiesAt;
        return (uint)(topic + packetId + VariableInteger.SizeOf((uint)_layout.PropertiesSize + AliasSize) + AliasSize + rest);
    }
}

/// <summary>Where the parts of a PUBLISH stand, counted from the end of the fixed header.</summary>
/// <param name="TopicSize">Bytes of the topic name with its length.</param>
/// <param name="PacketIdAt">The packet identifier, or -1.</param>
/// <param name="PropertiesAt">The first property, or where it would be; after the properties' length.</param>
/// <param name="PropertiesSize">Bytes of the properties without their length.</param>
/// <param name="ExpiryAt">The value of the message expiry interval, or -1.</param>
internal readonly record struct PublishLayout(int TopicSize, int PacketIdAt, int PropertiesAt, int PropertiesSize, int ExpiryAt);
