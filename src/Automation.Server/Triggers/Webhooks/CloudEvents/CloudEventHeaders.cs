using Automation.Server.Triggers.Webhooks.Bodies;

namespace Automation.Server.Triggers.Webhooks.CloudEvents;

/// <summary>Binary mode: attributes in headers <c>ce-*</c>, data in the body — CloudEvents HTTP binding 1.0.2 §3.1.</summary>
internal static class CloudEventHeaders
{
    private const string Prefix = "ce-";

    /// <summary>Any one of the required attributes makes a request a CloudEvent, so that a forgotten one is told and not overlooked.</summary>
    public static bool IsPresent(IHeaderDictionary headers) =>
        headers.ContainsKey("ce-specversion") || headers.ContainsKey("ce-id") || headers.ContainsKey("ce-type") || headers.ContainsKey("ce-source");

    public static bool TryRead(IHeaderDictionary headers, out CloudEvent cloudEvent, out string reason)
    {
        cloudEvent = new CloudEvent();
        foreach (var (header, values) in headers)
        {
            if (!header.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) continue;
            var name = header[Prefix.Length..].ToLowerInvariant();
            if (!CloudEvent.IsAttributeName(name)) reason = $"The header {header} is no CloudEvents attribute: their names hold only letters and digits.";
            else if (values.Count != 1) reason = $"The header {header} is there {values.Count} times.";
            else if (!TryDecode(values[0] ?? "", out var value)) reason = $"The header {header} is not percent-encoded UTF-8.";
            else
            {
                cloudEvent.Set(name, value);
                continue;
            }

            return false;
        }

        reason = cloudEvent.Problem() ?? "";
        return reason.Length == 0;
    }

    // §3.1.3.2: a value in double quotes is unquoted first, then percent-decoded.
    private static bool TryDecode(string value, out string decoded)
    {
        if (value.Length >= 2 && value[0] == '"' && value[^1] == '"') value = Unquote(value.AsSpan(1, value.Length - 2));
        return PercentEncoding.TryDecode(value, out decoded);
    }

    private static string Unquote(ReadOnlySpan<char> quoted)
    {
        Span<char> text = quoted.Length <= 256 ? stackalloc char[quoted.Length] : new char[quoted.Length];
        var length = 0;
        for (var at = 0; at < quoted.Length; at++)
        {
            if (quoted[at] == '\\' && at + 1 < quoted.Length) at++;
            text[length++] = quoted[at];
        }

        return text[..length].ToString();
    }
}
