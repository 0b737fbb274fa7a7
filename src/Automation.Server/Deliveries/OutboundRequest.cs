using System.Buffers;
using System.Collections.Frozen;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Automation.Server.Deliveries;

/// <summary>Builds outgoing requests from what authors wrote, secrets already put in, and refuses what would change the request's own framing or identity.</summary>
internal static class OutboundRequest
{
    public static readonly FrozenSet<string> Methods = new[] { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> Refused = new Dictionary<string, string>
    {
        ["Host"] = "it follows from the address",
        ["Content-Length"] = "it follows from the body",
        ["Content-Type"] = "use \"contentType\"",
        ["Transfer-Encoding"] = "the server decides it",
        ["Connection"] = "the server decides it",
        ["Keep-Alive"] = "the server decides it",
        ["Upgrade"] = "the server decides it",
        ["Expect"] = "the server decides it",
        ["TE"] = "the server decides it",
        ["Trailer"] = "the server decides it",
        ["Proxy-Authorization"] = "settings say it",
        ["Proxy-Connection"] = "settings say it",
        ["Idempotency-Key"] = "the server sets it, the same in each attempt",
        ["webhook-id"] = "the server sets it, the same in each attempt",
        ["webhook-timestamp"] = "the server sets it",
        ["webhook-signature"] = "use \"sign\"",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"); // RFC 9110 §5.6.2

    /// <summary>What is wrong with a header's name; null when nothing is.</summary>
    public static string? NameProblem(string name)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters)) return $"\"{Shown(name)}\" is not a header name: use letters, digits and hyphens.";
        return Refused.TryGetValue(name, out var reason) ? $"The header {name} cannot be set: {reason}." : null;
    }

    /// <summary>The address as authors may give it: absolute, http or https, without user and password.</summary>
    /// <exception cref="OutboundException"><c>invalid_address</c>; the message does not repeat the address.</exception>
    public static Uri Address(string text)
    {
        if (text.AsSpan().ContainsAnyInRange('\0', '\x1f') || !Uri.TryCreate(text, UriKind.Absolute, out var address))
            throw new OutboundException("invalid_address", "The address is not an absolute http or https address, such as https://example.com/hook.");
        if (address.Scheme is not ("http" or "https")) throw new OutboundException("invalid_address", $"The address has the scheme \"{address.Scheme}\"; only http and https can be called.");
        if (address.UserInfo.Length > 0)
            throw new OutboundException("invalid_address", "The address holds a user or password; send them in an Authorization header, from a secret.");
        return address.Host.Length > 0 ? address : throw new OutboundException("invalid_address", "The address names no host.");
    }

    public static HttpRequestMessage Create(string method, Uri address, ReadOnlyMemory<byte>? body, string? contentType)
    {
        if (!Methods.Contains(method)) throw new OutboundException("invalid_method", $"\"{Shown(method)}\" is not one of {string.Join(", ", Methods.Order())}.");
        var request = new HttpRequestMessage(HttpMethod.Parse(method), address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        if (body is not { } bytes) return request;
        request.Content = new ReadOnlyMemoryContent(bytes);
        if (contentType is null) return request;
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) throw new OutboundException("invalid_header", $"\"{Shown(contentType)}\" is not a media type such as application/json.");
        request.Content.Headers.ContentType = type;
        return request;
    }

    /// <exception cref="OutboundException"><c>invalid_header</c>; the message names the header, never its value.</exception>
    public static void AddAuthorHeader(HttpRequestMessage request, string name, string value)
    {
        if (NameProblem(name) is { } problem) throw new OutboundException("invalid_header", problem);
        foreach (var character in value)
        {
            // RFC 9110 §5.5: no control characters but the tab. A line break would start a header, or a request, of its own.
            if (char.IsControl(character) && character != '\t') throw new OutboundException("invalid_header", $"The value of the header {name} holds a line break or another control character.");
        }

        AddHeader(request, name, name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? Encoded(value) : value);
    }

    /// <summary><c>Basic user:password</c>, as authors can write it with secrets in it, as it is sent (RFC 7617 §2). What is encoded already holds no colon.</summary>
    private static string Encoded(string authorization) =>
        authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) && authorization.Contains(':') ? "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(authorization[6..])) : authorization;

    public static void AddHeader(HttpRequestMessage request, string name, string value)
    {
        if (request.Headers.TryAddWithoutValidation(name, value)) return;
        // What .NET counts among content headers (Content-Language, Expires …) has to go there.
        request.Content ??= new ReadOnlyMemoryContent(ReadOnlyMemory<byte>.Empty);
        request.Content.Headers.TryAddWithoutValidation(name, value);
    }

    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, 60))) shown.Append(char.IsControl(character) ? '?' : character);
        return shown.ToString();
    }
}
