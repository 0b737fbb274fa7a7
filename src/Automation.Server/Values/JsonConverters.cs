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
        // The text without the layout of the file it stands in, but with its escapes: half a surrogate pair, which senders who cut a text do send, is not this server's to mend.
        using var document = JsonDocument.ParseValue(ref reader);
        return new Json(Json.WithoutSpaces(JsonMarshal.GetRawUtf8Value(document.RootElement)).ToArray());
    }

    public override void Write(Utf8JsonWriter writer, Json value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}
