using System.Buffers;
using System.Text;
using System.Text.Json;
using Automation.Server.Secrets;
using Automation.Server.Steps;
using Automation.Server.Values;

namespace Automation.Server.Deliveries;

/// <summary>Turns a JSON value into the bytes of a body, by content type. Bodies stay in the escaped form of <see cref="SecretText"/> until they are sent.</summary>
internal static class OutboundBody
{
    public const string Json = "application/json", Form = "application/x-www-form-urlencoded";

    /// <summary>How secrets are written into a body of that type.</summary>
    public static SecretSpelling Spelling(string? contentType)
    {
        var type = MediaType(contentType);
        if (IsJson(type)) return SecretSpelling.Json;
        return type.Equals(Form, StringComparison.OrdinalIgnoreCase) ? SecretSpelling.Form : SecretSpelling.Raw;
    }

    /// <param name="value">
    /// JSON: the value itself. Form: an object of texts, numbers, booleans or arrays of them. Any other type: a text as it is,
    /// <c>{ "base64": … }</c> as bytes, other values as JSON.
    /// </param>
    /// <param name="contentType">Media type, with or without parameters.</param>
    /// <exception cref="StepException"><c>config_invalid</c>: the value does not fit a form, or holds half of a character.</exception>
    public static ReadOnlyMemory<byte> Encode(SecretJson value, string contentType) => Encode(value.Escaped, contentType, isEscaped: true);

    /// <summary>The same for a value from outside, which never names a secret: it is escaped as the bytes that are sent, so that no spelling of <c>${</c> in JSON comes to be one.</summary>
    /// <exception cref="StepException">As with <see cref="Encode(SecretJson, string)"/>.</exception>
    public static ReadOnlyMemory<byte> EncodeData(Json data, string contentType) => SecretTemplate.EscapeUtf8(Encode(data, contentType, isEscaped: false));

    public static bool IsJson(ReadOnlySpan<char> mediaType) =>
        mediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase)
        || mediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>A content type without its parameters; empty for none.</summary>
    public static ReadOnlySpan<char> MediaType(string? contentType)
    {
        var type = contentType.AsSpan();
        return (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim();
    }

    private static ReadOnlyMemory<byte> Encode(Json value, string contentType, bool isEscaped)
    {
        var spelling = Spelling(contentType);
        if (spelling is SecretSpelling.Json) return value.Utf8;
        using var document = value.ToDocument();
        var root = document.RootElement;
        try
        {
            if (spelling is SecretSpelling.Form) return EncodeForm(root, isEscaped);
            if (root.ValueKind is JsonValueKind.String) return Encoding.UTF8.GetBytes(root.GetString()!);
            if (root.ValueKind is JsonValueKind.Object && root.GetPropertyCount() == 1 && root.TryGetProperty("base64", out var base64)
                && base64.ValueKind is JsonValueKind.String && base64.TryGetBytesFromBase64(out var bytes)) return isEscaped ? SecretTemplate.EscapeUtf8(bytes) : bytes;
            return value.Utf8;
        }
        catch (InvalidOperationException)
        {
            throw new StepException("config_invalid", "The body holds half of a character, as of an emoji that was cut; mend it, as with toWellFormed().");
        }
    }

    private static byte[] EncodeForm(JsonElement root, bool isEscaped)
    {
        if (root.ValueKind is not JsonValueKind.Object)
            throw new StepException("config_invalid", $"A body of the type {Form} has to be an object; this one is {Kind(root)}.");
        var form = new StringBuilder();
        foreach (var property in root.EnumerateObject())
        {
            if (property.Value.ValueKind is JsonValueKind.Array)
            {
                foreach (var item in property.Value.EnumerateArray()) AppendPair(form, property.Name, item, isEscaped);
            }
            else
            {
                AppendPair(form, property.Name, property.Value, isEscaped);
            }
        }

        return Encoding.UTF8.GetBytes(form.ToString());
    }

    private static void AppendPair(StringBuilder form, string name, JsonElement value, bool isEscaped)
    {
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
            throw new StepException("config_invalid", $"The form field \"{name}\" is {Kind(value)}; a form holds texts, numbers and booleans.");
        if (form.Length > 0) form.Append('&');
        // A name holds no secret, only what is escaped as if it could.
        form.Append(FormText(isEscaped ? SecretTemplate.Unescape(name) : name)).Append('=');
        if (value.ValueKind is JsonValueKind.String && isEscaped) AppendEscaped(form, value.GetString()!);
        else if (value.ValueKind is JsonValueKind.String) form.Append(FormText(value.GetString()!));
        else if (value.ValueKind is not JsonValueKind.Null) form.Append(FormText(value.GetRawText()));
    }

    /// <summary>Encodes the text around the secrets and keeps their names readable for the filling; a literal <c>${</c> becomes <c>%24%7B</c>.</summary>
    private static void AppendEscaped(StringBuilder form, string escaped)
    {
        foreach (var part in SecretTemplate.Parts(escaped))
        {
            if (part.IsSecret) form.Append("${secret.").Append(escaped, part.Start, part.Length).Append('}');
            else form.Append(FormText(escaped.Substring(part.Start, part.Length)));
        }
    }

    private static string FormText(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        _ => "a boolean",
    };
}
