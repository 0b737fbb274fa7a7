using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Bodies;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.CloudEvents;

/// <summary>Structured mode: one JSON object with the attributes and <c>data</c> or <c>data_base64</c> — CloudEvents JSON format 1.0.2 §3.</summary>
internal static class CloudEventJson
{
    public static bool TryReadAttributes(string? charset, ReadOnlyMemory<byte> body, out CloudEvent cloudEvent, out string reason)
    {
        if (!TryRead(charset, body, out cloudEvent, out _, out _, out reason)) return false;
        reason = cloudEvent.Problem() ?? "";
        return reason.Length == 0;
    }

    /// <summary>
    /// The data: a JSON value as it stands, a slice of <paramref name="body"/>; a string of another media type, and bytes, as a body of that type.
    /// </summary>
    public static bool TryReadData(string? charset, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        if (!TryRead(charset, body, out var cloudEvent, out data, out var bytes, out reason)) return false;
        if (!MediaType.TryParse(cloudEvent.DataContentType, out var type))
        {
            reason = "The CloudEvent's datacontenttype is not a media type.";
            return false;
        }

        // An event in an event stays as it stands: reading it too would let a sender choose how deep the reading goes.
        var isJson = type.Kind is BodyKind.Unnamed or BodyKind.Json or BodyKind.CloudEvent or BodyKind.CloudEventBatch;
        if (bytes is { IsEmpty: true }) return true;
        if (bytes is { } given && isJson) return JsonBody.TryParse(type.Charset, given, out data, out reason);
        if (bytes is { } other) return TryReadAs(cloudEvent.DataContentType, other, out data, out reason);
        if (isJson || data.Utf8.Span is not [(byte)'"', ..]) return true;
        return TryReadText(data, out var text, out reason) && TryReadAs(cloudEvent.DataContentType, text, out data, out reason);
    }

    private static bool TryReadAs(string? contentType, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = EventData.Parse(contentType, body);
        return EventData.TryCheck(contentType, body, out reason);
    }

    private static bool TryReadText(Json text, out ReadOnlyMemory<byte> utf8, out string reason)
    {
        reason = "";
        var copy = new byte[text.Utf8.Length];
        utf8 = default;
        try
        {
            var reader = new Utf8JsonReader(text.Utf8.Span);
            reader.Read();
            utf8 = copy.AsMemory(0, reader.CopyString(copy));
            return true;
        }
        catch (InvalidOperationException)
        {
            reason = "The CloudEvent's data has an escape that is half of a character.";
            return false;
        }
    }

    private static bool TryRead(
        string? charset, ReadOnlyMemory<byte> body, out CloudEvent cloudEvent, out Json data, out ReadOnlyMemory<byte>? bytes, out string reason)
    {
        (cloudEvent, data, bytes) = (new CloudEvent(), default, null);
        if (!JsonBody.TryParse(charset, body, out var document, out reason)) return false;
        var reader = new Utf8JsonReader(document.Utf8.Span, new JsonReaderOptions { MaxDepth = JsonBody.MaxDepth });
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject)
        {
            reason = "A CloudEvent is a JSON object.";
            return false;
        }

        try
        {
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName && reason.Length == 0)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (name == "data") data = Value(ref reader, document);
                else if (name != "data_base64") reason = TakeAttribute(ref reader, name, cloudEvent, document);
                else if (reader.TokenType is JsonTokenType.String && reader.TryGetBytesFromBase64(out var decoded)) bytes = decoded;
                else reason = "The CloudEvent's data_base64 is not base64.";
            }
        }
        catch (InvalidOperationException)
        {
            reason = "The CloudEvent has an escape that is half of a character.";
        }

        return reason.Length == 0;
    }

    private static Json Value(ref Utf8JsonReader reader, Json document)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new Json(document.Utf8[start..(int)reader.BytesConsumed]);
    }

    /// <summary>Returns what is wrong, or the empty string. A null attribute counts as absent — §2.2.</summary>
    private static string TakeAttribute(ref Utf8JsonReader reader, string name, CloudEvent cloudEvent, Json document)
    {
        if (!CloudEvent.IsAttributeName(name)) return $"\"{name}\" is no CloudEvents attribute: their names hold only lower-case letters and digits.";
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return "";
            case JsonTokenType.String:
                cloudEvent.Set(name, reader.GetString()!);
                return "";
            case JsonTokenType.True or JsonTokenType.False or JsonTokenType.Number when !CloudEvent.IsCoreAttribute(name):
                cloudEvent.SetExtension(name, Value(ref reader, document));
                return "";
            default:
                return $"The CloudEvent's {name} is not {(CloudEvent.IsCoreAttribute(name) ? "a string" : "a string, number or boolean")}.";
        }
    }
}
