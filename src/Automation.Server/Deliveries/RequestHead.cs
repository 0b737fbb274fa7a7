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

    private static void Append(StringBuilder head, System.Net.Http.Headers.HttpHeadersNonValidated headers)
    {
        foreach (var (name, values) in headers)
        {
            foreach (var value in values) head.Append(name).Append(": ").Append(value).Append('\n');
            if (head.Length > Limit) return;
        }
    }
}
