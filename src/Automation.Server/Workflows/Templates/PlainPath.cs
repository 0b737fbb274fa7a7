using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Server.Triggers;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Templates;

/// <summary>An expression that only names a place, as <c>input.text</c> or <c>event.data.room</c>: read by the server, without the sandbox.</summary>
/// <remarks>
/// The value is the JSON text at that place. Whatever JavaScript might see differently is left to it: a member that is not there, members of lists and texts, and a
/// number that JavaScript would write in another way. Numbers inside an object or a list keep their spelling.
/// </remarks>
internal sealed partial record PlainPath(ScopeUse Root, string[] Names)
{
    // Up to here every integer and every short decimal has one spelling, in JSON and in JavaScript.
    private const int SafeDigits = 15, SafeFraction = 6;

    public static PlainPath? TryParse(string code)
    {
        if (!Path().IsMatch(code)) return null;
        var names = code.Split('.');
        var root = names[0] switch
        {
            "event" => ScopeUse.Event,
            "input" => ScopeUse.Input,
            _ => ScopeUse.Vars,
        };
        return new PlainPath(root, names[1..]);
    }

    /// <summary>The value's JSON text, or false when the sandbox has to say.</summary>
    public bool TryRead(Event accepted, Json input, Json variables, out ReadOnlySpan<byte> value)
    {
        var names = Names.AsSpan();
        switch (Root)
        {
            case ScopeUse.Event when names is ["data", .. var below]:
                value = accepted.Data.Utf8.Span;
                names = below;
                break;
            case ScopeUse.Event:
                value = accepted.Attributes.Utf8.Span;
                if (names.IsEmpty) return false;
                break;
            default:
                value = (Root is ScopeUse.Input ? input : variables).Utf8.Span;
                break;
        }

        foreach (var name in names)
        {
            if (!TryMember(value, name, out value)) return false;
        }

        var first = value.TrimStart(" \t\r\n"u8);
        return first.IsEmpty || first[0] is not ((byte)'-' or (>= (byte)'0' and <= (byte)'9')) || IsSpelledAlike(value);
    }

    private static bool TryMember(ReadOnlySpan<byte> json, string name, out ReadOnlySpan<byte> value)
    {
        value = default;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonFormat.MaxDepth });
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return false;
        var found = false;
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!isIt) continue;
            value = json[start..(int)reader.BytesConsumed]; // the last of a name that occurs twice, as in JavaScript
            found = true;
        }

        return found;
    }

    private static bool IsSpelledAlike(ReadOnlySpan<byte> number)
    {
        if (number.Length > SafeDigits || number.ContainsAny((byte)'e', (byte)'E') || number.SequenceEqual("-0"u8)) return false;
        var point = number.IndexOf((byte)'.');
        return point < 0 || (number[^1] != '0' && number.Length - point - 1 <= SafeFraction);
    }

    [GeneratedRegex(@"^(event|input|vars)(\.[A-Za-z_$][A-Za-z0-9_$]*)*$", RegexOptions.CultureInvariant)]
    private static partial Regex Path();
}
