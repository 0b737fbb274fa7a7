using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary><c>%XX</c> over UTF-8 — RFC 3986 §2.1. Strict: a bad escape or broken UTF-8 is refused, never passed on.</summary>
internal static class PercentEncoding
{
    public static bool TryDecode(ReadOnlySpan<char> text, out string decoded)
    {
        decoded = "";
        if (!text.Contains('%'))
        {
            decoded = text.ToString();
            return true;
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = Encoding.UTF8.GetBytes(text, bytes);
        return TryDecode(bytes.AsSpan(0, length), plusIsSpace: false, out decoded);
    }

    /// <summary>Decodes UTF-8 bytes; in forms <c>+</c> is a space.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, bool plusIsSpace, out string decoded)
    {
        decoded = "";
        var pool = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            var length = 0;
            for (var at = 0; at < text.Length; at++)
            {
                var value = text[at];
                if (value == '+' && plusIsSpace) value = (byte)' ';
                else if (value == '%')
                {
                    if (at + 2 >= text.Length) return false;
                    if (HexDigit(text[at + 1]) is not (>= 0 and var high) || HexDigit(text[at + 2]) is not (>= 0 and var low)) return false;
                    value = (byte)((high << 4) | low);
                    at += 2;
                }

                pool[length++] = value;
            }

            var bytes = pool.AsSpan(0, length);
            if (!Utf8.IsValid(bytes)) return false;
            decoded = Encoding.UTF8.GetString(bytes);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(pool);
        }
    }

    private static int HexDigit(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
