using System.Buffers;
using System.Text;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>How the body of an answer is handed on.</summary>
internal enum AnswerForm
{
    /// <summary>By the answer's content type: JSON, text, else bytes.</summary>
    Auto,
    Json,
    Text,

    /// <summary><c>{ "base64": string }</c>.</summary>
    Bytes,
}

/// <summary>Turns the answer of an inline call into JSON, with the secrets of its request masked wherever they occur.</summary>
internal static class OutboundAnswer
{
    /// <summary>Reads the body whole.</summary>
    /// <exception cref="OutboundException"><c>response_too_large</c>: it is longer than <paramref name="limit"/>.</exception>
    public static async ValueTask<byte[]> ReadAsync(HttpResponseMessage response, long limit, CancellationToken cancellation)
    {
        var announced = response.Content.Headers.ContentLength;
        if (announced > limit) throw TooLarge(limit);
        var body = new ArrayBufferWriter<byte>((int)Math.Max(256, announced ?? 4096));
        using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        while (await stream.ReadAsync(body.GetMemory(1024), cancellation) is var read and > 0)
        {
            body.Advance(read);
            if (body.WrittenCount > limit) throw TooLarge(limit);
        }

        return body.WrittenSpan.ToArray();
    }

    /// <summary><c>{ "status": number, "headers": { name: text }, "body": … }</c>; names in lower case, an empty body is null.</summary>
    /// <exception cref="OutboundException"><c>invalid_json</c>: JSON was asked for and the body is none.</exception>
    public static Json ToJson(HttpResponseMessage response, byte[] body, AnswerForm form, SecretRedactor? redactor)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 512);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteNumber("status", (int)response.StatusCode);
            writer.WriteStartObject("headers");
            var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated);
            foreach (var named in headers.GroupBy(h => h.Key.ToLowerInvariant(), h => h.Value.ToString(), StringComparer.Ordinal))
                writer.WriteString(Masked(named.Key, redactor), Masked(string.Join(", ", named), redactor));
            writer.WriteEndObject();
            writer.WritePropertyName("body");
            WriteBody(writer, response.Content.Headers.ContentType?.ToString(), body, form, redactor);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }

    private static void WriteBody(Utf8JsonWriter writer, string? contentType, byte[] body, AnswerForm form, SecretRedactor? redactor)
    {
        if (body.Length == 0 && form is not AnswerForm.Bytes)
        {
            writer.WriteNullValue();
            return;
        }

        var type = OutboundBody.MediaType(contentType);
        if (form is AnswerForm.Json || (form is AnswerForm.Auto && OutboundBody.IsJson(type)))
        {
            if (TryWriteJson(writer, body, redactor)) return;
            if (form is AnswerForm.Json) throw new OutboundException("invalid_json", "The receiver's answer is not valid JSON.");
            form = AnswerForm.Text;
        }

        if (form is AnswerForm.Text || (form is AnswerForm.Auto && IsText(type, body)))
        {
            writer.WriteStringValue(Masked(Charset(contentType).GetString(body), redactor));
            return;
        }

        redactor?.Mask(body);
        writer.WriteStartObject();
        writer.WriteBase64String("base64", body);
        writer.WriteEndObject();
    }

    private static bool TryWriteJson(Utf8JsonWriter writer, byte[] body, SecretRedactor? redactor)
    {
        ReadOnlyMemory<byte> text = body is [0xEF, 0xBB, 0xBF, ..] ? body.AsMemory(3) : body;
        try
        {
            using var document = JsonDocument.Parse(text);
            var json = new ArrayBufferWriter<byte>(body.Length);
            using (var own = new Utf8JsonWriter(json, JsonFormat.RawWriter))
            {
                if (redactor is null) document.RootElement.WriteTo(own);
                else WriteMasked(own, document.RootElement, redactor);
            }

            writer.WriteRawValue(json.WrittenSpan, skipInputValidation: true);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair, which JSON allows and UTF-8 does not.
            return false;
        }
    }

    /// <summary>Masks each string after its escapes are resolved, so that no spelling of a secret in JSON passes; a number that holds a secret becomes a text.</summary>
    private static void WriteMasked(Utf8JsonWriter writer, JsonElement value, SecretRedactor redactor)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in value.EnumerateObject())
                {
                    writer.WritePropertyName(redactor.Mask(property.Name));
                    WriteMasked(writer, property.Value, redactor);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) WriteMasked(writer, item, redactor);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(redactor.Mask(value.GetString()!));
                break;
            case JsonValueKind.Number when redactor.Mask(value.GetRawText()) is var masked && masked != value.GetRawText():
                writer.WriteStringValue(masked);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }

    private static bool IsText(ReadOnlySpan<char> type, byte[] body) =>
        type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || type.EndsWith("/xml", StringComparison.OrdinalIgnoreCase)
        || type.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
        || type.Equals("application/javascript", StringComparison.OrdinalIgnoreCase)
        || type.Equals(OutboundBody.Form, StringComparison.OrdinalIgnoreCase)
        || (type.IsEmpty && System.Text.Unicode.Utf8.IsValid(body));

    private static Encoding Charset(string? contentType)
    {
        if (!System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(contentType, out var type) || type.CharSet is not { } name) return Encoding.UTF8;
        try
        {
            return Encoding.GetEncoding(name.Trim('"'));
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }

    private static string Masked(string text, SecretRedactor? redactor) => redactor?.Mask(text) ?? text;

    private static OutboundException TooLarge(long limit) =>
        new("response_too_large", $"The receiver's answer is larger than {new ByteSize(limit)}; raise \"maxResponse\" if that is expected.");
}
