using System.Security.Cryptography;
using System.Text;
using Automation.Server.Triggers.Webhooks.Bodies;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>X-Twilio-Signature: &lt;base64 HMAC-SHA1&gt;</c> over the full public URL and, for a form, each name and value, sorted by name, without anything between — twilio.com, validating
/// requests. Of a body that is no form the URL carries the hash, <c>bodySHA256=&lt;hex&gt;</c>.
/// </summary>
/// <remarks>Twilio signs the URL with or without its port; both count. A value that is repeated is signed once, as Twilio's own libraries have it.</remarks>
internal sealed class TwilioScheme : VerificationScheme
{
    private const string Header = "X-Twilio-Signature", BodyHash = "bodySHA256=";

    public override string Name => "twilio";

    public override string SecretsAre => "the auth token";

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers["I-Twilio-Idempotency-Token"];

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var fields = "";
        if (!input.Url.Contains(BodyHash, StringComparison.Ordinal) && !input.Body.IsEmpty && !TryJoin(null, input.Body, out fields)) throw new FormatException("The body is not a form.");
        return [(Header, Convert.ToBase64String(input.Hmac(HashAlgorithmName.SHA1, MacCheck.Utf8(input.Url), MacCheck.Utf8(fields))))];
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        var request = input.Request;
        if (!SignatureHeader.TryRead(request, Header, out var value, out var rejected)) return rejected;
        if (MacText.Decode(value, MacEncoding.Base64, HMACSHA1.HashSizeInBytes, "header " + Header, out rejected) is not { } given) return rejected;
        var fields = "";
        var query = request.Query;
        if (query.IndexOf(BodyHash, StringComparison.Ordinal) is > 0 and var at)
        {
            var hash = query[(at + BodyHash.Length)..].Split('&', '#')[0];
            var sent = new byte[SHA256.HashSizeInBytes];
            if (!MacText.TryDecode(hash, MacEncoding.Hex, sent)) return VerificationResult.Rejected("bodySHA256 in the address is not a 256-bit code in hexadecimal");
            if (!CryptographicOperations.FixedTimeEquals(sent, SHA256.HashData(request.Body.Span))) return VerificationResult.Rejected("bodySHA256 in the address is not the hash of the body: the body was changed on the way");
        }
        else if (!request.Body.IsEmpty)
        {
            if (!MediaType.TryParse(request.Headers.ContentType, out var type) || type.Kind is not BodyKind.Form) return VerificationResult.Rejected("the body is no form, and the address has no bodySHA256 for it");
            if (!TryJoin(type.Charset, request.Body, out fields)) return VerificationResult.Rejected("the form is malformed");
        }

        var urls = Spellings(request.Url);
        foreach (var secret in input.Secrets)
        {
            foreach (var url in urls)
            {
                if (MacCheck.IsHmac(MacCheck.Utf8(secret.Value), HashAlgorithmName.SHA1, [given], MacCheck.Utf8(url), MacCheck.Utf8(fields))) return VerificationResult.Verified(secret.Name);
            }
        }

        return VerificationResult.Rejected("no configured secret matches: the secret is another one, or Twilio called another address than this server sees, or the body was changed on the way", MacCheck.Utf8(urls[0]), MacCheck.Utf8(fields));
    }

    // As sent, and with the port of the scheme taken away or added. Letter case stays.
    private static string[] Spellings(string url)
    {
        var host = url.IndexOf("://", StringComparison.Ordinal) + 3;
        if (host < 3) return [url];
        var end = url.IndexOfAny(['/', '?'], host) is >= 0 and var slash ? slash : url.Length;
        var authority = url[host..end];
        var colon = authority.LastIndexOf(':');
        var bare = colon > authority.LastIndexOf(']') ? authority[..colon] : authority;
        var port = bare.Length < authority.Length ? authority[colon..] : url.StartsWith("https", StringComparison.OrdinalIgnoreCase) ? ":443" : ":80";
        return [url, url[..host] + bare + url[end..], url[..host] + bare + port + url[end..]];
    }

    private static bool TryJoin(string? charset, ReadOnlyMemory<byte> body, out string joined)
    {
        joined = "";
        if (!Charset.TryToUtf8(charset, body, out var utf8, out _)) return false;
        var fields = new List<(string Name, string Value)>();
        foreach (var range in utf8.Span.Split((byte)'&'))
        {
            var pair = utf8.Span[range];
            if (pair.IsEmpty) continue;
            var equals = pair.IndexOf((byte)'=');
            var value = "";
            if (!PercentEncoding.TryDecode(equals < 0 ? pair : pair[..equals], plusIsSpace: true, out var name)) return false;
            if (equals >= 0 && !PercentEncoding.TryDecode(pair[(equals + 1)..], plusIsSpace: true, out value)) return false;
            if (fields.Count == FieldList.MaxFields) return false;
            fields.Add((name, value));
        }

        var text = new StringBuilder();
        foreach (var name in fields.GroupBy(field => field.Name, field => field.Value, StringComparer.Ordinal).OrderBy(name => name.Key, StringComparer.Ordinal))
        {
            foreach (var value in name.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) text.Append(name.Key).Append(value);
        }

        joined = text.ToString();
        return true;
    }
}
