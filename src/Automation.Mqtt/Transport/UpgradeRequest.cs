using System.Buffers;
using System.Text;

namespace Automation.Mqtt.Transport;

/// <summary>The head of an HTTP/1.1 request. Strict, as only one kind of request is expected; pure, no I/O — RFC 9112 §2 to §5.</summary>
internal sealed class UpgradeRequest
{
    /// <summary>Most bytes of a head. Browsers send cookies and a signed address may be long; others need 300.</summary>
    public const int MaximumBytes = 8 * 1024;

    private static readonly SearchValues<char> s_tokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"); // RFC 9110 §5.6.2

    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase);

    private UpgradeRequest(string method, string target)
    {
        Method = method;
        Target = target;
    }

    public string Method { get; }

    /// <summary>The path with its query, as it was sent.</summary>
    public string Target { get; }

    /// <summary>The number of bytes of the whole head at the start of a buffer; 0 when its end is not there.</summary>
    public static int LengthOf(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf("\r\n\r\n"u8);
        return end < 0 ? 0 : end + 4;
    }

    /// <summary>Parses a whole head.</summary>
    /// <returns>Null when it is no HTTP/1.1 request.</returns>
    public static UpgradeRequest? Parse(ReadOnlySpan<byte> head)
    {
        var lines = Encoding.Latin1.GetString(head[..^4]).Split("\r\n");
        if (lines.Any(line => line.Any(character => character is (< ' ' and not '\t') or '\x7F')))
            return null;
        if (lines[0].Split(' ') is not [var method, var target, "HTTP/1.1"] || !IsToken(method) || !target.StartsWith('/'))
            return null;
        var request = new UpgradeRequest(method, target);
        return lines.Skip(1).All(request.TryAdd) ? request : null;
    }

    /// <summary>The value; several of the name are joined by commas, which is what their repetition means — RFC 9110 §5.3.</summary>
    public string? Header(string name) => _headers.GetValueOrDefault(name);

    /// <summary>Whether a comma separated header holds the token.</summary>
    public bool HasToken(string name, string token, StringComparison comparison) =>
        Header(name) is { } value && value.Split(',', StringSplitOptions.TrimEntries).Any(item => item.Equals(token, comparison));

    // field-name ":" OWS field-value OWS; no space before the colon and no folded lines — RFC 9112 §5.1, §5.2.
    private bool TryAdd(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || !IsToken(line.AsSpan(0, colon)))
            return false;
        var name = line[..colon];
        var value = line[(colon + 1)..].Trim(' ', '\t');
        _headers[name] = _headers.TryGetValue(name, out var before) ? $"{before},{value}" : value;
        return true;
    }

    private static bool IsToken(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExcept(s_tokenCharacters);
}
