using System.Security.Cryptography;
using System.Text;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// Version 3: <c>X-HubSpot-Signature-v3: &lt;base64 HMAC-SHA256&gt;</c> over <c>{method}{URL}{raw body}{X-HubSpot-Request-Timestamp, milliseconds}</c>. Versions 1 and 2:
/// <c>X-HubSpot-Signature: &lt;hex SHA-256&gt;</c> of <c>{secret}{raw body}</c>, and of <c>{secret}{method}{URL}{raw body}</c> — developers.hubspot.com, validating requests.
/// </summary>
/// <remarks>HubSpot sends several at once; only the configured version counts, because the older ones have no timestamp and would undo the protection of the newest.</remarks>
internal sealed class HubSpotScheme : VerificationScheme
{
    private const string OldHeader = "X-HubSpot-Signature", VersionHeader = "X-HubSpot-Signature-Version", Header = "X-HubSpot-Signature-v3", TimestampHeader = "X-HubSpot-Request-Timestamp";

    // What HubSpot decodes in the URL before it signs.
    private static readonly string[] Decoded = ["%3A", "%2F", "%3F", "%40", "%21", "%24", "%27", "%28", "%29", "%2A", "%2C", "%3B"];

    public override string Name => "hubspot";

    public override string SecretsAre => "the app's client secret";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds | VerifyOptions.Version;

    /// <summary>Of version 3: the same time, address and body are the same message.</summary>
    public override string? MessageId(WebhookRequest request, VerifyConfig config) =>
        config.Version is null or "v3" ? MacCheck.Digest(MacCheck.Utf8($"{request.Method}{Address(request.Url)}\n"), request.Body, MacCheck.Utf8($"\n{request.Headers[TimestampHeader]}")) : null;

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (config.Version is not (null or "v1" or "v2" or "v3")) yield return ("/version", $"The scheme hubspot knows the versions v1, v2 and v3, not \"{config.Version}\".");
        if (config is { Version: "v1" or "v2", ToleranceSeconds: not null }) yield return ("/toleranceSeconds", $"Version {config.Version} of hubspot signs no timestamp; remove this option.");
    }

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => input.Config.Version is { } version and ("v1" or "v2")
        ?
        [
            (VersionHeader, version),
            (OldHeader, Convert.ToHexStringLower(SHA256.HashData([.. MacCheck.Utf8(input.Secret + (version is "v2" ? input.Method + input.Url : "")), .. input.Body.Span]))),
        ]
        :
        [
            (TimestampHeader, input.Milliseconds),
            (Header, Convert.ToBase64String(input.Hmac(HashAlgorithmName.SHA256, MacCheck.Utf8(input.Method + Address(input.Url)), input.Body, MacCheck.Utf8(input.Milliseconds)))),
        ];

    protected override VerificationResult Verify(VerificationInput input) => input.Config.Version is "v1" or "v2" ? VerifyOld(input, input.Config.Version) : VerifyNew(input);

    private static VerificationResult VerifyNew(VerificationInput input)
    {
        var request = input.Request;
        if (!SignatureHeader.TryRead(request, Header, out var value, out var rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, TimestampHeader, out var timestamp, out rejected)) return rejected;
        if (!Freshness.IsFresh(input, "header " + TimestampHeader, timestamp, unitsPerSecond: 1000, out rejected)) return rejected;
        return MacText.Decode(value, MacEncoding.Base64, HMACSHA256.HashSizeInBytes, "header " + Header, out rejected) is { } given
            ? MacCheck.Hmac(input, HashAlgorithmName.SHA256, [given], MacCheck.Utf8(request.Method + Address(request.Url)), request.Body, MacCheck.Utf8(timestamp))
            : rejected;
    }

    private static VerificationResult VerifyOld(VerificationInput input, string version)
    {
        var request = input.Request;
        if (!SignatureHeader.TryRead(request, OldHeader, out var value, out var rejected)) return rejected;
        if (request.Headers[VersionHeader] is { Count: > 0 } sent && sent != version) return VerificationResult.Rejected($"header {VersionHeader} is \"{sent}\", this trigger takes {version}");
        if (MacText.Decode(value, MacEncoding.Hex, SHA256.HashSizeInBytes, "header " + OldHeader, out rejected) is not { } given) return rejected;
        var head = version is "v2" ? request.Method + request.Url : "";
        foreach (var secret in input.Secrets)
        {
            if (MacCheck.IsHash(HashAlgorithmName.SHA256, [given], MacCheck.Utf8(secret.Value), MacCheck.Utf8(head), request.Body)) return VerificationResult.Verified(secret.Name);
        }

        return VerificationResult.Rejected(MacCheck.NoMatch, MacCheck.Utf8(head), request.Body);
    }

    private static string Address(string url)
    {
        if (!url.Contains('%')) return url;
        var text = new StringBuilder(url);
        foreach (var escape in Decoded)
        {
            var character = ((char)Convert.FromHexString(escape.AsSpan(1))[0]).ToString();
            text.Replace(escape, character).Replace(escape.ToLowerInvariant(), character);
        }

        return text.ToString();
    }
}
