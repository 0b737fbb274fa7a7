namespace Automation.Mqtt.Packets;

/// <summary>Variable byte integers, seven bits a byte, lowest first — MQTT 5 §1.5.5.</summary>
internal static class VariableInteger
{
    public const uint Maximum = 268_435_455;

    public static int SizeOf(uint value) => value switch { < 128 => 1, < 16_384 => 2, < 2_097_152 => 3, _ => 4 };

    /// <returns>The number of bytes written.</returns>
    public static int Write(Span<byte> to, uint value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Maximum);
        var count = 0;
        while (value > 0x7F)
        {
            to[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[count++] = (byte)value;
        return count;
    }
}
