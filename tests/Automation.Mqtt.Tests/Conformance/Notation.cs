using System.Globalization;
using System.Text;

namespace Automation.Mqtt.Tests.Conformance;

/// <summary>
/// Packets as text: <c>10</c> a byte in hex (several may stand together), <c>"MQTT"</c> a string with its two-byte length,
/// <c>'text'</c> bare text, <c>[…]</c> a remaining length and what it counts, <c>{…}</c> a property length and the properties,
/// <c>78×100</c> a byte a hundred times. In what is expected, <c>..</c> is any byte and <c>*</c> the rest of the packet, whatever it is.
/// </summary>
internal sealed class Notation
{
    /// <summary>In a pattern: any byte.</summary>
    public const short Any = -1;

    /// <summary>In a pattern: all that follows.</summary>
    public const short Rest = -2;

    private readonly string _text;
    private int _at;

    private Notation(string text) => _text = text;

    public static byte[] Bytes(string text) => Array.ConvertAll(Pattern(text), element => checked((byte)element));

    public static short[] Pattern(string text)
    {
        var notation = new Notation(text);
        var pattern = notation.Read(end: '\0');
        return [.. pattern];
    }

    public static bool Matches(short[] pattern, byte[] bytes)
    {
        for (var index = 0; index < pattern.Length; index++)
        {
            if (pattern[index] == Rest)
                return true;
            if (index >= bytes.Length || (pattern[index] != Any && pattern[index] != bytes[index]))
                return false;
        }

        return pattern.Length == bytes.Length;
    }

    private List<short> Read(char end)
    {
        var elements = new List<short>();
        while (_at < _text.Length && _text[_at] != end)
            ReadElement(elements);
        if (end != '\0' && _at++ >= _text.Length)
            throw new FormatException($"'{end}' is missing in: {_text}");
        return elements;
    }

    private void ReadElement(List<short> to)
    {
        switch (_text[_at])
        {
            case ' ':
                _at++;
                break;
            case '"':
                var text = Encoding.UTF8.GetBytes(ReadQuoted('"'));
                to.AddRange([(short)(text.Length >> 8), (short)(text.Length & 0xFF), .. text.Select(value => (short)value)]);
                break;
            case '\'':
                to.AddRange(Encoding.UTF8.GetBytes(ReadQuoted('\'')).Select(value => (short)value));
                break;
            case '[':
                ReadCounted(to, ']');
                break;
            case '{':
                ReadCounted(to, '}');
                break;
            case '.':
                _at += 2;
                to.Add(Any);
                break;
            case '*':
                _at++;
                to.Add(Rest);
                break;
            default:
                ReadHex(to);
                break;
        }
    }

    private void ReadHex(List<short> to)
    {
        var value = byte.Parse(_text.AsSpan(_at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        _at += 2;
        var count = 1;
        if (_at < _text.Length && _text[_at] == '×')
        {
            var start = ++_at;
            while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
                _at++;
            count = int.Parse(_text.AsSpan(start, _at - start), CultureInfo.InvariantCulture);
        }

        to.AddRange(Enumerable.Repeat((short)value, count));
    }

    private string ReadQuoted(char quote)
    {
        var close = _text.IndexOf(quote, _at + 1);
        var quoted = _text[(_at + 1)..close];
        _at = close + 1;
        return quoted;
    }

    private void ReadCounted(List<short> to, char end)
    {
        _at++;
        var inner = Read(end);
        if (inner.Contains(Rest))
        {
            to.Add(Any);
        }
        else
        {
            var length = inner.Count;
            for (; length > 0x7F; length >>= 7)
                to.Add((short)((length & 0x7F) | 0x80));
            to.Add((short)length);
        }

        to.AddRange(inner);
    }
}
