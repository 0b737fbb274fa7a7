using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>
/// <c>application/x-www-form-urlencoded</c>: an object of strings; a repeated name has an array. <c>name=value&amp;name=value</c> — WHATWG URL §5.1.
/// </summary>
/// <remarks>A name without <c>=</c> has the empty string. Bad escapes and more than <see cref="FieldList.MaxFields"/> fields are refused.</remarks>
internal static class FormBody
{
    public static bool TryParse(string? charset, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = default;
        if (!Charset.TryToUtf8(charset, body, out var utf8, out reason)) return false;
        var fields = new FieldList();
        var text = utf8.Span;
        foreach (var range in text.Split((byte)'&'))
        {
            var pair = text[range];
            if (pair.IsEmpty) continue;
            var equals = pair.IndexOf((byte)'=');
            var value = "";
            if (!PercentEncoding.TryDecode(equals < 0 ? pair : pair[..equals], plusIsSpace: true, out var name) ||
                (equals >= 0 && !PercentEncoding.TryDecode(pair[(equals + 1)..], plusIsSpace: true, out value)))
            {
                reason = $"The form is malformed at byte {range.Start.Value + 1}: a % is not followed by two hexadecimal digits, or the bytes are not UTF-8.";
                return false;
            }

            if (fields.TryAdd(name, TextBody.ToJson(value))) continue;
            reason = $"The form has more than {FieldList.MaxFields} fields.";
            return false;
        }

        data = fields.ToJson();
        return true;
    }
}
