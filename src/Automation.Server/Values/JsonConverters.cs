using System.Buffers;
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
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        using (var document = JsonDocument.ParseValue(ref reader))
        {
            document.RootElement.WriteTo(writer);
        }

        return new Json(buffer.WrittenMemory);
    }

    public override void Write(Utf8JsonWriter writer, Json value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Utf8.Span, skipInputValidation: true);
}
