using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Automation.Server.Values;

/// <summary>One JSON value as its UTF-8 text: what steps hand to each other and what is stored.</summary>
/// <remarks>
/// The text is trusted to be valid JSON; whoever takes it from outside checks it first. It is kept as bytes
/// because most values pass through the server unread, from a request body to the sandbox to a delivery.
/// The default value is JSON <c>null</c>.
/// </remarks>
internal readonly struct Json : IEquatable<Json>
{
    private static readonly byte[] NullText = "null"u8.ToArray();
    private const int EscapeLength = 6; // \uXXXX
    private readonly ReadOnlyMemory<byte> utf8;

    public Json(ReadOnlyMemory<byte> utf8) => this.utf8 = utf8;

    public static Json Null => default;

    public ReadOnlyMemory<byte> Utf8 => utf8.IsEmpty ? NullText : utf8;

    public bool IsNull => utf8.IsEmpty || utf8.Span.SequenceEqual("null"u8);

    public static Json Parse(string text) => new(Encoding.UTF8.GetBytes(text));

    public static Json From<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, JsonFormat.Wire));

    /// <summary>A copy of an element's text as it is written.</summary>
    public static Json Of(JsonElement element) => new(JsonMarshal.GetRawUtf8Value(element).ToArray());

    public T? To<T>() => JsonSerializer.Deserialize<T>(Utf8.Span, JsonFormat.Wire);

    public JsonDocument ToDocument() => JsonDocument.Parse(Utf8, new JsonDocumentOptions { MaxDepth = JsonFormat.MaxDepth });

    /// <summary>Levels that a step's output may have: what wraps it in traces and scopes stays readable with <see cref="JsonFormat.MaxDepth"/>.</summary>
    public const int DeepestOutput = 100;

    public bool IsDeeperThan(int levels)
    {
        var json = Utf8.Span;
        if (json.Length <= 2 * levels) return false; // each level takes its two brackets
        var depth = 0;
        var inString = false;
        for (var at = 0; at < json.Length; at++)
        {
            switch (json[at])
            {
                case (byte)'\\' when inString: at++; break;
                case (byte)'"': inString = !inString; break;
                case (byte)'{' or (byte)'[' when !inString: if (++depth > levels) return true; break;
                case (byte)'}' or (byte)']' when !inString: depth--; break;
            }
        }

        return false;
    }

    /// <summary>Valid JSON without the white space between its tokens; the same memory when there is none.</summary>
    public static ReadOnlySpan<byte> WithoutSpaces(ReadOnlySpan<byte> json)
    {
        if (json.IndexOfAny(" \t\r\n"u8) < 0) return json;
        var kept = new byte[json.Length];
        var length = 0;
        var inString = false;
        for (var at = 0; at < json.Length; at++)
        {
            if (!inString && json[at] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n') continue;
            if (inString && json[at] == '\\') kept[length++] = json[at++];
            else if (json[at] == '"') inString = !inString;
            kept[length++] = json[at];
        }

        return kept.AsSpan(0, length);
    }

    /// <summary>Writes <c>\ufffd</c> over every escape that is half of a surrogate pair, in place: valid JSON, but no text to .NET.</summary>
    public static void ReplaceHalfCharacters(Span<byte> json)
    {
        var at = 0;
        while (json[at..].IndexOf((byte)'\\') is var next and >= 0)
        {
            at += next;
            var unit = Unit(json[at..]);
            if (unit is >= 0xD800 and <= 0xDBFF && Unit(json[(at + EscapeLength)..]) is >= 0xDC00 and <= 0xDFFF)
            {
                at += 2 * EscapeLength;
                continue;
            }

            if (unit is >= 0xD800 and <= 0xDFFF) "\\ufffd"u8.CopyTo(json[at..]);
            at += unit < 0 ? 2 : EscapeLength;
        }

        // The UTF-16 unit of an escape as \ud83d; negative for anything else.
        static int Unit(ReadOnlySpan<byte> escape) =>
            escape is [(byte)'\\', (byte)'u', _, _, _, _, ..] && Utf8Parser.TryParse(escape[2..EscapeLength], out ushort unit, out _, 'x') ? unit : -1;
    }

    public override string ToString() => Encoding.UTF8.GetString(Utf8.Span);

    public bool Equals(Json other) => Utf8.Span.SequenceEqual(other.Utf8.Span);

    public override bool Equals(object? obj) => obj is Json other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Utf8.Span);
        return hash.ToHashCode();
    }
}
