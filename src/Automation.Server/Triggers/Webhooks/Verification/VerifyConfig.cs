using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>A webhook trigger's <c>verify</c>.</summary>
internal sealed record VerifyConfig(
    [property: Description("How the sender proves who it is: a provider, as \"github\", \"stripe\" or \"slack\", or one of hmac, standard-webhooks, jwt, bearer, basic, api-key, mtls, none."), Required] string Scheme,
    [property: Description("Names of the secrets the sender may have signed with; two while one is being replaced.")] IReadOnlyList<string>? Secrets = null,
    [property: Description("hmac, api-key, jwt: the header that holds the signature, key or token.")] string? Header = null,
    [property: Description("hmac, convoy: the hash, sha256 by default.")] HmacAlgorithm? Algorithm = null,
    [property: Description("hmac, convoy: how the signature is written, hex by default.")] MacEncoding? Encoding = null,
    [property: Description("hmac: text that has to stand before the signature, as \"sha256=\".")] string? Prefix = null,
    [property: Description("hmac: what is signed, with {body}, {timestamp}, {id}, {method} and {url}, as \"{timestamp}.{body}\"; the body alone by default.")] string? Signed = null,
    [property: Description("hmac: the header with the time of signing, in seconds since 1970.")] string? TimestampHeader = null,
    [property: Description("hmac: the header with the sender's id of the message, by which a message that comes again is known.")] string? IdHeader = null,
    [property: Description("hubspot: v1, v2 or v3 (default). convoy: simple or advanced (default).")] string? Version = null,
    [property: Description("basic: the user name; the secret holds the password.")] string? User = null,
    [property: Description("jwt: who has to have issued the token (iss).")] string? Issuer = null,
    [property: Description("jwt, microsoft-graph: for whom the token has to be (aud).")] string? Audience = null,
    [property: Description("jwt: https address of the issuer's JSON Web Key Set; without it the secret is a key shared with the issuer.")] string? JwksUrl = null,
    [property: Description("mtls, salesforce-soap: the client certificates taken, each by its SHA-256 fingerprint in hexadecimal, its common name or a DNS name in it.")] IReadOnlyList<string>? Certificates = null,
    [property: Description("meta: name of the secret that holds the verify token of the handshake.")] string? ChallengeSecret = null,
    [property: Description("Schemes with a timestamp: how far the sender's clock may be off, in seconds; 300 by default."), Range(1, 86_400)]
    int? ToleranceSeconds = null,
    [property: Description("How long the sender's id of a message is remembered: one that comes again starts nothing. 3d by default, where the scheme has an id and \"respond\" is not \"result\"; 0s for never."), Range(typeof(TimeSpan), "00:00:00", "365.00:00:00")]
    Duration? ReplayWindow = null)
{
    /// <summary>More would only slow a rejection down.</summary>
    public const int MaxSecrets = 10;

    /// <summary>Stripe tries again for three days, which is the longest of those with an id.</summary>
    public static readonly TimeSpan DefaultReplayWindow = TimeSpan.FromDays(3);
}

[JsonConverter(typeof(JsonStringEnumConverter<HmacAlgorithm>))]
internal enum HmacAlgorithm
{
    [JsonStringEnumMemberName("sha256")]
    Sha256,
    [JsonStringEnumMemberName("sha1")]
    Sha1,
    [JsonStringEnumMemberName("sha384")]
    Sha384,
    [JsonStringEnumMemberName("sha512")]
    Sha512,
}

[JsonConverter(typeof(JsonStringEnumConverter<MacEncoding>))]
internal enum MacEncoding
{
    [JsonStringEnumMemberName("hex")]
    Hex,
    [JsonStringEnumMemberName("base64")]
    Base64,
}
