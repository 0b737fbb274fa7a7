using System.Buffers.Binary;

namespace Automation.Server.Triggers.Mqtt.Sparkplug;

/// <summary>Bytes, files, and the arrays that are packed into bytes — Sparkplug 3.0 §6.4.17.</summary>
internal static class SparkplugArrays
{
    /// <summary>An array by its type; <c>{ "base64" }</c> for bytes, files and arrays whose bytes do not come out even.</summary>
    public static void Write(SparkplugWriter writer, SparkplugType type, ReadOnlySpan<byte> bytes)
    {
        var json = writer.Json;
        var size = SizeOf(type);
        var isArray = size > 0 ? bytes.Length % size == 0
            : type is SparkplugType.StringArray ? bytes.IsEmpty || bytes[^1] == 0
            : type is SparkplugType.BooleanArray && TryCount(bytes, out _);
        if (!isArray)
        {
            json.WriteStartObject();
            json.WriteBase64String("base64"u8, bytes);
            json.WriteEndObject();
            return;
        }

        json.WriteStartArray();
        if (type is SparkplugType.BooleanArray) WriteBooleans(writer, bytes);
        else if (type is SparkplugType.StringArray) WriteTexts(writer, bytes);
        else for (; !bytes.IsEmpty; bytes = bytes[size..]) WriteNumber(writer, type, bytes);
        json.WriteEndArray();
    }

    private static int SizeOf(SparkplugType type) => type switch
    {
        SparkplugType.Int8Array or SparkplugType.UInt8Array => 1,
        SparkplugType.Int16Array or SparkplugType.UInt16Array => 2,
        SparkplugType.Int32Array or SparkplugType.UInt32Array or SparkplugType.FloatArray => 4,
        SparkplugType.Int64Array or SparkplugType.UInt64Array or SparkplugType.DoubleArray or SparkplugType.DateTimeArray => 8,
        _ => 0,
    };

    // Little endian.
    private static void WriteNumber(SparkplugWriter writer, SparkplugType type, ReadOnlySpan<byte> bytes)
    {
        writer.Room();
        switch (type)
        {
            case SparkplugType.Int8Array: writer.Signed((sbyte)bytes[0]); break;
            case SparkplugType.UInt8Array: writer.Unsigned(bytes[0]); break;
            case SparkplugType.Int16Array: writer.Signed(BinaryPrimitives.ReadInt16LittleEndian(bytes)); break;
            case SparkplugType.UInt16Array: writer.Unsigned(BinaryPrimitives.ReadUInt16LittleEndian(bytes)); break;
            case SparkplugType.Int32Array: writer.Signed(BinaryPrimitives.ReadInt32LittleEndian(bytes)); break;
            case SparkplugType.UInt32Array: writer.Unsigned(BinaryPrimitives.ReadUInt32LittleEndian(bytes)); break;
            case SparkplugType.Int64Array: writer.Signed(BinaryPrimitives.ReadInt64LittleEndian(bytes)); break;
            case SparkplugType.FloatArray: writer.Real(BinaryPrimitives.ReadSingleLittleEndian(bytes)); break;
            case SparkplugType.DoubleArray: writer.Real(BinaryPrimitives.ReadDoubleLittleEndian(bytes)); break;
            default: writer.Unsigned(BinaryPrimitives.ReadUInt64LittleEndian(bytes)); break;
        }
    }

    // Count (4 bytes, little endian), then eight values a byte, the first one in the highest bit.
    private static bool TryCount(ReadOnlySpan<byte> bytes, out uint count) =>
        BinaryPrimitives.TryReadUInt32LittleEndian(bytes, out count) && ((long)count + 7) / 8 == bytes.Length - sizeof(uint);

    private static void WriteBooleans(SparkplugWriter writer, ReadOnlySpan<byte> bytes)
    {
        TryCount(bytes, out var count);
        for (var at = 0; at < count; at++)
        {
            writer.Room();
            writer.Json.WriteBooleanValue((bytes[sizeof(uint) + (at / 8)] & (0x80 >> (at % 8))) != 0);
        }
    }

    // Each text ends with a zero.
    private static void WriteTexts(SparkplugWriter writer, ReadOnlySpan<byte> bytes)
    {
        for (int end; (end = bytes.IndexOf((byte)0)) >= 0; bytes = bytes[(end + 1)..]) writer.Text(bytes[..end]);
    }
}
