using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Workflows.Templates;

/// <summary>Writes expression values, UTF-8 JSON each, into a config's JSON.</summary>
/// <remarks>
/// Where the config is read as <see cref="SecretText"/>, no data may come to read as <c>${secret.…}</c>: <c>${</c> is escaped inside values and
/// where a value that ends in <c>$</c> meets a brace behind it. A value that holds <c>\u</c> escapes is rewritten first, so that they hide nothing.
/// </remarks>
internal static class ValueSplicer
{
    public static void Write(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> value, Splice splice)
    {
        switch (splice)
        {
            case Splice.Whole:
                target.Write(value);
                break;
            case Splice.WholeText or Splice.WholeSecretText when IsScalar(value):
                target.Write("\""u8);
                target.Write(value);
                target.Write("\""u8);
                break;
            case Splice.WholeText:
                target.Write(value);
                break;
            case Splice.WholeSecretText or Splice.WholeSecretJson:
                Escaped(target, Plain(value));
                break;
            default:
                WriteInside(target, value, splice is Splice.InsideSecret);
                break;
        }
    }

    /// <summary>Called with the literal that follows a value inside a secret text: keeps a trailing <c>$</c> of the value from opening a secret.</summary>
    public static void Boundary(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> following, string pointer)
    {
        if (!EndsInDollar(target)) return;
        if (following.StartsWith("{"u8))
        {
            target.Write("$"u8);
        }
        else if (following.StartsWith("${"u8))
        {
            throw new StepException(new StepError("config_invalid", $"{pointer}: a value that ends with $ stands directly before a secret; put something between them.", Pointer: pointer));
        }
    }

    private static void WriteInside(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> value, bool secret)
    {
        switch (value[0])
        {
            case (byte)'n':
                break;
            case (byte)'"':
                var plain = secret ? Plain(value) : value;
                var text = plain[1..^1];
                if (secret && text.StartsWith("{"u8) && EndsInDollar(target)) target.Write("$"u8);
                if (secret) Escaped(target, text);
                else target.Write(text);
                break;
            case (byte)'{' or (byte)'[':
                // Compact JSON as a text, so its quotes are escaped once more.
                var encoded = JsonEncodedText.Encode(Json.WithoutSpaces(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes;
                if (secret && encoded[0] == '{' && EndsInDollar(target)) target.Write("$"u8);
                if (secret) Escaped(target, encoded);
                else target.Write(encoded);
                break;
            default:
                target.Write(value);
                break;
        }
    }

    private static bool IsScalar(ReadOnlySpan<byte> value) => value[0] is (byte)'t' or (byte)'f' or (byte)'-' or (>= (byte)'0' and <= (byte)'9');

    private static bool EndsInDollar(ArrayBufferWriter<byte> target) => target.WrittenCount > 0 && target.WrittenSpan[^1] == '$';

    /// <summary>The JSON text with <c>$</c> and <c>{</c> as themselves where they are written as escapes. Byte by byte: the text may hold escapes that are half of a character.</summary>
    private static ReadOnlySpan<byte> Plain(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\u"u8) < 0) return json;
        var plain = new byte[json.Length];
        var length = 0;
        for (var at = 0; at < json.Length;)
        {
            if (json[at] != '\\')
            {
                plain[length++] = json[at++];
                continue;
            }

            var escape = json[at..];
            if (escape.StartsWith("\\u0024"u8) || escape.StartsWith("\\u007b"u8) || escape.StartsWith("\\u007B"u8))
            {
                plain[length++] = escape[4] == '2' ? (byte)'$' : (byte)'{';
                at += 6;
                continue;
            }

            plain[length++] = json[at++];
            plain[length++] = json[at++];
        }

        return plain.AsSpan(0, length);
    }

    private static void Escaped(ArrayBufferWriter<byte> target, ReadOnlySpan<byte> text)
    {
        for (var at = text.IndexOf("${"u8); at >= 0; at = text.IndexOf("${"u8))
        {
            target.Write(text[..at]);
            target.Write("$${"u8);
            text = text[(at + 2)..];
        }

        target.Write(text);
    }
}
