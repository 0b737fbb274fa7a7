using System.Buffers;
using System.Text.Json;
using Automation.Server.Values;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>
/// <c>multipart/form-data</c> as an object: a field is a string, a file <c>{ "filename", "contentType", "base64" }</c>; a repeated name has an
/// array — RFC 7578.
/// </summary>
/// <remarks>
/// A field that is not text in its charset is <c>{ "base64": … }</c>. A part without a name, and a body without its closing boundary, are refused.
/// </remarks>
internal static class MultipartBody
{
    // RFC 2046 §5.1.1.
    private const int MaxBoundary = 70;

    public static bool TryParse(string? boundary, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = default;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MaxBoundary)
        {
            reason = "The Content-Type multipart/form-data needs a boundary parameter of 1 to 70 characters.";
            return false;
        }

        try
        {
            var parts = new MultipartReader(boundary, new MemoryStream(body.ToArray(), writable: false));
            if (!TryRead(parts, out var fields, out reason)) return false;
            data = fields.ToJson();
            return true;
        }
        catch (Exception problem) when (problem is IOException or InvalidDataException)
        {
            reason = "The multipart body is malformed: it ends before its closing boundary, or a part's headers are broken or too many.";
            return false;
        }
    }

    private static bool TryRead(MultipartReader reader, out FieldList fields, out string reason)
    {
        fields = new FieldList();
        reason = "";
        while (Next(reader) is { } part)
        {
            if (!ContentDispositionHeaderValue.TryParse(part.ContentDisposition, out var disposition) || !disposition.Name.HasValue)
            {
                reason = "The multipart body has a part without Content-Disposition: form-data; name=…";
                return false;
            }

            using var content = new MemoryStream();
            part.Body.CopyTo(content);
            var bytes = content.GetBuffer().AsMemory(0, (int)content.Length);
            var isFile = disposition.FileName.HasValue || disposition.FileNameStar.HasValue;
            var value = isFile ? File(disposition, part.ContentType, bytes) : Field(part.ContentType, bytes);
            if (fields.TryAdd(HeaderUtilities.RemoveQuotes(disposition.Name).Value ?? "", value)) continue;
            reason = $"The multipart body has more than {FieldList.MaxFields} parts.";
            return false;
        }

        return true;
    }

    // The stream is in memory, so nothing is ever waited for.
    private static MultipartSection? Next(MultipartReader reader) => reader.ReadNextSectionAsync().GetAwaiter().GetResult();

    private static Json Field(string? contentType, ReadOnlyMemory<byte> bytes) =>
        MediaType.TryParse(contentType, out var type) && TextBody.TryParse(type.Charset, bytes, out var text, out _) ? text : TextBody.Bytes(bytes.Span);

    private static Json File(ContentDispositionHeaderValue disposition, string? contentType, ReadOnlyMemory<byte> bytes)
    {
        var buffer = new ArrayBufferWriter<byte>((bytes.Length * 4 / 3) + 128);
        using (var writer = new Utf8JsonWriter(buffer, JsonFormat.RawWriter))
        {
            writer.WriteStartObject();
            writer.WriteString("filename"u8, (disposition.FileNameStar.HasValue ? disposition.FileNameStar : HeaderUtilities.RemoveQuotes(disposition.FileName)).Value);
            writer.WriteString("contentType"u8, contentType ?? "application/octet-stream");
            writer.WriteBase64String("base64"u8, bytes.Span);
            writer.WriteEndObject();
        }

        return new Json(buffer.WrittenMemory);
    }
}
