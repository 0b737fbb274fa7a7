using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>Text as a JSON string, and bytes as <c>{ "base64": … }</c>.</summary>
internal static class TextBody
{
    // Control characters that do not occur in text: all below space but tab, line feed and carriage return.
    private static readonly SearchValues<byte> Controls =
        SearchValues.Create([.. Enumerable.Range(0, 32).Select(code => (byte)code).Except("\t\n\r"u8.ToArray()), 127]);

    public static bool TryParse(string? charset, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = default;
        if (!Charset.TryToUtf8(charset, body, out var utf8, out reason)) return false;
        data = ToJson(utf8.Span);
        return true;
    }

    /// <summary>For bytes nobody named: text when they are UTF-8 without control characters, else bytes.</summary>
    public static Json Guess(ReadOnlyMemory<byte> body) =>
        Utf8.IsValid(body.Span) && body.Span.IndexOfAny(Controls) < 0 ? ToJson(body.Span) : Bytes(body.Span);

    public static Json ToJson(string text) => ToJson(Encoding.UTF8.GetBytes(text));

    public static Json ToJson(ReadOnlySpan<byte> utf8)
    {
        var buffer = new ArrayBufferWriter<byte>(utf8.Length + 2);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter)) writer.WriteStringValue(utf8);
        return new Json(buffer.WrittenMemory);
    }

    public static Json Bytes(ReadOnlySpan<byte> bytes)
    {
        var buffer = new ArrayBufferWriter<byte>((bytes.Length * 4 / 3) + 20);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteBase64String("base64"u8, bytes);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }
}
