using System.Globalization;
using System.Text;
using Automation.Server.Secrets;

namespace Automation.Server.Deliveries;

/// <summary>What people want to see of a request: its line and headers, 8 KB at most, secrets masked.</summary>
internal static class RequestHead
{
    public const int Limit = 8 * 1024;

    public static string Read(HttpRequestMessage request, SecretRedactor? redactor)
    {
        var head = new StringBuilder(512);
        var address = request.RequestUri!;
        head.Append(CultureInfo.InvariantCulture, $"{request.Method} {address.PathAndQuery} HTTP/{request.Version.ToString(2)}\nHost: {address.Authority}\n");
        Append(head, request.Headers.NonValidated);
        if (request.Content is { } content) Append(head, content.Headers.NonValidated);
        var cut = head.Length > Limit;
        var text = redactor?.Mask(head.ToString(), cut) ?? head.ToString();
        return text.Length <= Limit ? text : text[..Limit];
    }

    /// <summary>With the version that was agreed on, in place of the one that was asked for.</summary>
    public static string AsSent(string head, Version asked, Version sent)
    {
        var end = head.IndexOf('\n', StringComparison.Ordinal);
        return asked == sent || end < 0 || !head.AsSpan(0, end).EndsWith($"HTTP/{asked.ToString(2)}") ? head : string.Concat(head.AsSpan(0, end - 3), sent.ToString(2), head.AsSpan(end));
    }

    private static void Append(StringBuilder head, System.Net.Http.Headers.HttpHeadersNonValidated headers)
    {
        foreach (var (name, values) in headers)
        {
            foreach (var value in values) head.Append(name).Append(": ").Append(value).Append('\n');
            if (head.Length > Limit) return;
        }
    }
}
