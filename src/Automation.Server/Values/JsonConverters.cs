using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Server.Values;

/// <summary>Reads and writes <see cref="Json"/> as the value it holds.</summary>
internal sealed class JsonValueConverter : JsonConverter<Json>
{
    public override bool HandleNull => true;

    public override Json Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.Null) return Json.Null;
        // The text as it stands, escapes and all: half a surrogate pair, which senders who cut a text do send, is not this server's to mend.
        using var document = JsonDocument.ParseValue(ref reader);
        return new Json(WithoutSpaces(JsonMarshal.GetRawUtf8Value(document.RootElement)));
    }

    public override void Write(Utf8JsonWriter writer, Json value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);

    /// <summary>Valid JSON without the white space between its tokens, so that how a file is laid out does not show in what is sent.</summary>
    private static byte[] WithoutSpaces(ReadOnlySpan<byte> json)
    {
        var kept = new byte[json.Length];
        var length = 0;
        var inString = false;
        for (var i = 0; i < json.Length; i++)
        {
            var letter = json[i];
            if (inString && letter is (byte)'\\') kept[length++] = json[i++];
            else if (letter is (byte)'"') inString = !inString;
            else if (!inString && letter is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') continue;
            kept[length++] = json[i];
        }

        return length == kept.Length ? kept : kept[..length];
    }
}
