using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Finds what would have had to be different for a rejected request to be verified: another scheme, a changed body, another address, a secret with a line break.</summary>
/// <remarks>Costs some dozens of verifications: for the command line and for the few rejections that are kept, not for each.</remarks>
internal static class VerificationDiagnosis
{
    private const int LargestBody = 1 << 20;

    private static readonly JsonSerializerOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }, Indented = new(Unescaped) { WriteIndented = true };

    /// <summary>A sentence without its point; null when nothing of the kind is the cause. Holds no part of a secret.</summary>
    public static async ValueTask<string?> FindAsync(VerificationScheme scheme, VerificationInput input)
    {
        if (scheme.SecretsAre is null || input.Secrets.Count == 0) return null;
        foreach (var (cause, changed) in Bodies(input).Concat(Addresses(input)).Concat(Secrets(input)).Concat(Options(scheme, input)))
        {
            if ((await scheme.VerifyAsync(changed)).IsVerified) return cause;
        }

        foreach (var other in VerificationSchemes.BuiltIn.All)
        {
            if (other.Name == scheme.Name || other.Needs is not VerifyOptions.None || other.SecretsAre is null || other.SecretsAreOptional) continue;
            var config = new VerifyConfig(other.Name, input.Config.Secrets);
            if ((await other.VerifyAsync(input with { Config = config })).IsVerified) return $"the request is signed as the scheme {other.Name} has it: use that one";
        }

        return null;
    }

    private static IEnumerable<(string Cause, VerificationInput Changed)> Bodies(VerificationInput input)
    {
        var body = input.Request.Body;
        if (body.Length > LargestBody) yield break;
        foreach (var (cause, changed) in Of(body)) yield return ($"the signature fits {cause}: something between sender and here changed the body", input with { Request = input.Request with { Body = changed } });

        static IEnumerable<(string Cause, byte[] Changed)> Of(ReadOnlyMemory<byte> body)
        {
            var text = Encoding.Latin1.GetString(body.Span); // a character for each byte
            var bare = text.TrimEnd('\r', '\n');
            if (bare.Length < text.Length) yield return ("the body without the line break at its end", Bytes(bare));
            yield return ("the body with a line break at its end", Bytes(text + "\n"));
            if (text.Contains('\n'))
            {
                var unix = text.Replace("\r\n", "\n", StringComparison.Ordinal);
                if (unix != text) yield return ("the body with LF for CRLF", Bytes(unix));
                yield return ("the body with CRLF for LF", Bytes(unix.Replace("\n", "\r\n", StringComparison.Ordinal)));
            }

            if (body.Span.StartsWith(Encoding.UTF8.Preamble)) yield return ("the body without its byte order mark", body[3..].ToArray());
            if (text.Contains("%20", StringComparison.Ordinal)) yield return ("the form with + for %20", Bytes(text.Replace("%20", "+", StringComparison.Ordinal)));
            if (text.Contains('+')) yield return ("the form with %20 for +", Bytes(text.Replace("+", "%20", StringComparison.Ordinal)));
            if (body.Span is [0x1f, 0x8b, ..] && Unzipped(body) is { } plain) yield return ("the body before it was compressed", plain);
            if (body.Length == 0 || Written(body) is not { } json) yield break;
            yield return ("the same JSON without blanks", Encoding.UTF8.GetBytes(json.Plain));
            foreach (var digits in "xX") yield return ("the same JSON without blanks, with \\u escapes", Encoding.ASCII.GetBytes(Escaped(json.Plain, digits)));
            yield return ("the same JSON with indentation", Encoding.UTF8.GetBytes(json.Indented));
        }
    }

    private static IEnumerable<(string Cause, VerificationInput Changed)> Addresses(VerificationInput input)
    {
        var url = input.Request.Url;
        var scheme = url.StartsWith("https:", StringComparison.Ordinal) ? "http" : "https";
        var rest = url[(url.IndexOf(':', StringComparison.Ordinal) + 1)..];
        yield return With($"{scheme}:{rest}");
        var slash = rest.IndexOf('/', 2);
        var path = slash < 0 ? "" : rest[slash..];
        foreach (var header in (string[])["X-Forwarded-Host", "X-Original-Host", "Host"])
        {
            if (input.Request.Headers[header] is not [{ Length: > 0 and < 256 } host]) continue;
            yield return With($"https://{host}{path}");
            yield return With($"http://{host}{path}");
        }

        if (path.EndsWith('/')) yield return With(url[..^1]);
        else yield return With(url + "/");

        (string, VerificationInput) With(string other) =>
            ($"the sender called {other}: set PublicUrl, or name the proxy in Server:TrustedProxies", input with { Request = input.Request with { Url = other } });
    }

    private static IEnumerable<(string Cause, VerificationInput Changed)> Secrets(VerificationInput input)
    {
        yield return With("the secret has blanks or a line break around it that do not belong to it", value => value.Trim());
        yield return With("the sender's secret ends with a line break", value => value + "\n");
        yield return With("the secret is used with whsec_ before it", value => "whsec_" + value);
        yield return With("the secret is used without whsec_", value => value.StartsWith("whsec_", StringComparison.Ordinal) ? value[6..] : value);
        yield return With("the sender signed with the secret in base64", value => Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));

        (string, VerificationInput) With(string cause, Func<string, string> change) => (cause, input with { Secrets = [.. input.Secrets.Select(secret => secret with { Value = change(secret.Value) })] });
    }

    private static IEnumerable<(string Cause, VerificationInput Changed)> Options(VerificationScheme scheme, VerificationInput input)
    {
        if (scheme.Takes.HasFlag(VerifyOptions.Version))
        {
            foreach (var version in (string[])["v1", "v2", "v3", "simple", "advanced"])
                yield return ($"the request is signed as \"version\": \"{version}\" has it", input with { Config = input.Config with { Version = version } });
        }

        if (!scheme.Takes.HasFlag(VerifyOptions.Algorithm)) yield break;
        foreach (var algorithm in Enum.GetValues<HmacAlgorithm>())
        {
            foreach (var encoding in Enum.GetValues<MacEncoding>())
            {
                var words = $"the signature is {(encoding is MacEncoding.Hex ? "hexadecimal" : "base64")} of {algorithm.ToString().ToLowerInvariant()}: set \"algorithm\" and \"encoding\"";
                yield return (words, input with { Config = input.Config with { Algorithm = algorithm, Encoding = encoding } });
            }
        }
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    /// <summary>All that is not ASCII as <c>\u00e4</c> (<c>x</c>) or <c>\u00E4</c> (<c>X</c>), and nothing else.</summary>
    private static string Escaped(string json, char digits)
    {
        var text = new StringBuilder();
        foreach (var character in json)
        {
            if (char.IsAscii(character)) text.Append(character);
            else text.Append("\\u").Append(((int)character).ToString(digits + "4", System.Globalization.CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static (string Plain, string Indented)? Written(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonNode.Parse(body.Span) is { } json ? (json.ToJsonString(Unescaped), json.ToJsonString(Indented)) : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            return null; // not JSON, half a surrogate pair, a name twice
        }
    }

    private static byte[]? Unzipped(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var zipped = new GZipStream(new MemoryStream(body.ToArray()), CompressionMode.Decompress);
            var plain = new byte[LargestBody];
            var length = zipped.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false);
            return length == plain.Length ? null : plain[..length];
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
