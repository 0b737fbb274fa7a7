using System.Buffers.Binary;
using System.Text;

namespace Automation.Server.Tests.Triggers.Mqtt.Sparkplug;

/// <summary>Writes protobuf fields.</summary>
internal static class Proto
{
    public static byte[] Varint(int field, ulong value) => [.. Raw(((ulong)field << 3) | 0), .. Raw(value)];

    public static byte[] Float(int field, float value)
    {
        var bytes = new byte[sizeof(float)];
        BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
        return [.. Raw(((ulong)field << 3) | 5), .. bytes];
    }

    public static byte[] Double(int field, double value)
    {
        var bytes = new byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return [.. Raw(((ulong)field << 3) | 1), .. bytes];
    }

    public static byte[] Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Bytes, or a message made of fields.</summary>
    public static byte[] Bytes(int field, params byte[][] parts)
    {
        var content = parts.SelectMany(part => part).ToArray();
        return [.. Raw(((ulong)field << 3) | 2), .. Raw((ulong)content.Length), .. content];
    }

    public static byte[] Metric(params byte[][] fields) => Bytes(2, fields);

    private static IEnumerable<byte> Raw(ulong value)
    {
        for (; value >= 0x80; value >>= 7) yield return (byte)(value | 0x80);
        yield return (byte)value;
    }
}
