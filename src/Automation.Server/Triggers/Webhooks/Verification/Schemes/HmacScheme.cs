using System.Text.RegularExpressions;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// Any sender that puts an HMAC into one header: the trigger names the header, hash, encoding and prefix, and in <c>signed</c> what is signed, the raw body alone unless it says
/// so.
/// </summary>
internal sealed partial class HmacScheme : VerificationScheme
{
    private const string BodyAlone = "{body}";

    public override string Name => "hmac";

    public override VerifyOptions Takes =>
        VerifyOptions.Header | VerifyOptions.Algorithm | VerifyOptions.Encoding | VerifyOptions.Prefix | VerifyOptions.Signed | VerifyOptions.TimestampHeader | VerifyOptions.IdHeader |
        VerifyOptions.ToleranceSeconds;

    public override VerifyOptions Needs => VerifyOptions.Header;

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (config is { ToleranceSeconds: not null, TimestampHeader: null }) yield return ("/toleranceSeconds", "Without \"timestampHeader\" there is no time to compare; add it, or remove this option.");
        var names = config.Signed is { } signed ? Placeholder().Matches(signed).Select(match => match.Groups[1].Value).ToList() : ["body"];
        foreach (var name in names)
        {
            if (name is not ("body" or "timestamp" or "id" or "method" or "url")) yield return ("/signed", $"{{{name}}} is unknown; there are {{body}}, {{timestamp}}, {{id}}, {{method}} and {{url}}.");
        }

        if (config.Signed?.Contains("}{", StringComparison.Ordinal) is true) yield return ("/signed", "Put a character between two placeholders: without one nobody can tell where the first value ends.");
        if (!names.Contains("body")) yield return ("/signed", "Without {body} anyone could change the body; add it.");
        if (names.Contains("timestamp") != config.TimestampHeader is not null)
            yield return ("/timestampHeader", names.Contains("timestamp") ? "\"signed\" names {timestamp}; name its header here." : "A time that is not signed proves nothing; put {timestamp} into \"signed\".");
        if (names.Contains("id") && config.IdHeader is null) yield return ("/idHeader", "\"signed\" names {id}; name its header here.");
    }

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => config.IdHeader is { } header ? (string?)request.Headers[header] : null;

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var config = input.Config;
        var signed = Parts(config.Signed ?? BodyAlone, name => name switch
        {
            "timestamp" => MacCheck.Utf8(input.Seconds),
            "id" => MacCheck.Utf8(input.Id),
            "method" => MacCheck.Utf8(input.Method),
            "url" => MacCheck.Utf8(input.Url),
            _ => input.Body,
        });
        if (config.TimestampHeader is { } timestampHeader) yield return (timestampHeader, input.Seconds);
        if (config.IdHeader is { } idHeader) yield return (idHeader, input.Id);
        yield return (config.Header!, config.Prefix + MacText.Encode(input.Hmac(config.Algorithm.Hash().Name, signed), config.Encoding ?? MacEncoding.Hex));
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        var (request, config) = (input.Request, input.Config);
        var (timestamp, id) = ("", "");
        if (config.TimestampHeader is { } timestampHeader)
        {
            if (!SignatureHeader.TryRead(request, timestampHeader, out timestamp, out var missing)) return missing;
            if (!Freshness.IsFresh(input, "header " + timestampHeader, timestamp, unitsPerSecond: 1, out missing)) return missing;
        }

        if (config.IdHeader is { } idHeader && config.Signed?.Contains("{id}", StringComparison.Ordinal) is true && !SignatureHeader.TryRead(request, idHeader, out id, out var noId)) return noId;
        return BodyHmacScheme.Verify(input, config.Header!, config.Algorithm, config.Encoding ?? MacEncoding.Hex, config.Prefix ?? "", Parts(config.Signed ?? BodyAlone, name => name switch
        {
            "timestamp" => MacCheck.Utf8(timestamp),
            "id" => MacCheck.Utf8(id),
            "method" => MacCheck.Utf8(request.Method),
            "url" => MacCheck.Utf8(request.Url),
            _ => request.Body,
        }));
    }

    private static ReadOnlyMemory<byte>[] Parts(string signed, Func<string, ReadOnlyMemory<byte>> valueOf)
    {
        var parts = new List<ReadOnlyMemory<byte>>();
        var end = 0;
        foreach (Match match in Placeholder().Matches(signed))
        {
            if (match.Index > end) parts.Add(MacCheck.Utf8(signed[end..match.Index]));
            parts.Add(valueOf(match.Groups[1].Value));
            end = match.Index + match.Length;
        }

        if (signed.Length > end) parts.Add(MacCheck.Utf8(signed[end..]));
        return [.. parts];
    }

    [GeneratedRegex(@"\{(\w+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
