using System.Globalization;
using System.Net;
using System.Text;

namespace Automation.Server.Secrets;

/// <summary>Reads one character as programs write it into JSON, addresses, forms, JavaScript and HTML.</summary>
internal static class SpelledCharacter
{
    /// <summary>Of all spellings that are read: four bytes as <c>%F0%9F%98%80</c>, or a pair as <c>\ud83d\ude00</c>.</summary>
    public const int Longest = 12;

    public static bool CanBegin(char character) => character is '\\' or '%' or '&';

    /// <summary>The character that an escape at the beginning of the text stands for. A <c>+</c>, which is a space in forms only, is not read.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, out Rune character, out int length)
    {
        character = default;
        length = 0;
        return text switch
        {
            ['\\', ..] => TryReadBackslash(text, out character, out length),
            ['%', ..] => TryReadPercent(text, out character, out length),
            ['&', ..] => TryReadEntity(text, out character, out length),
            _ => false,
        };
    }

    // \u0026 with digits of either case (JSON: RFC 8259 §7), \x26 (JavaScript, Python), \n \" \\ \/ and the like
    private static bool TryReadBackslash(ReadOnlySpan<char> text, out Rune character, out int length)
    {
        character = default;
        length = 2;
        if (text.Length < 2) return false;
        switch (text[1])
        {
            case 'u' when TryHex(text, 2, 4, out var unit):
                length = 6;
                if (Rune.TryCreate((char)unit, out character)) return true;
                length = 12;
                return text.Length >= 12 && text[6] == '\\' && text[7] == 'u' && TryHex(text, 8, 4, out var low) && Rune.TryCreate((char)unit, (char)low, out character);
            case 'x' when TryHex(text, 2, 2, out var code):
                length = 4;
                return Rune.TryCreate(code, out character);
            case '"' or '\\' or '/' or '\'' or '`':
                character = new Rune(text[1]);
                return true;
            default:
                var at = "bfnrt".IndexOf(text[1], StringComparison.Ordinal);
                if (at >= 0) character = new Rune("\b\f\n\r\t"[at]);
                return at >= 0;
        }
    }

    // %26, %c3%a9: the bytes of UTF-8 — RFC 3986 §2.1, §2.5
    private static bool TryReadPercent(ReadOnlySpan<char> text, out Rune character, out int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        var count = 0;
        while (count < 4 && text.Length >= 3 * (count + 1) && text[3 * count] == '%' && TryHex(text, (3 * count) + 1, 2, out var value)) bytes[count++] = (byte)value;
        var valid = Rune.DecodeFromUtf8(bytes[..count], out character, out var used) == System.Buffers.OperationStatus.Done;
        length = 3 * used;
        return valid;
    }

    // &amp; &#38; &#x26; — HTML §13.5
    private static bool TryReadEntity(ReadOnlySpan<char> text, out Rune character, out int length)
    {
        character = default;
        length = text[..Math.Min(text.Length, Longest)].IndexOf(';') + 1;
        if (length < 4) return false;
        var name = text[1..(length - 1)];
        if (name[0] == '#')
        {
            var hex = name[1] is 'x' or 'X';
            var digits = name[(hex ? 2 : 1)..];
            return int.TryParse(digits, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, CultureInfo.InvariantCulture, out var code) && Rune.TryCreate(code, out character);
        }

        switch (name)
        {
            case "amp": character = new Rune('&'); return true;
            case "lt": character = new Rune('<'); return true;
            case "gt": character = new Rune('>'); return true;
            case "quot": character = new Rune('"'); return true;
            default:
                var decoded = WebUtility.HtmlDecode(text[..length].ToString());
                return Rune.DecodeFromUtf16(decoded, out character, out var used) == System.Buffers.OperationStatus.Done && used == decoded.Length;
        }
    }

    private static bool TryHex(ReadOnlySpan<char> text, int from, int digits, out int value)
    {
        value = 0;
        return text.Length >= from + digits && int.TryParse(text.Slice(from, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
