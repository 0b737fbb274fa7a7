using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>A webhook trigger's <c>verify</c>.</summary>
internal sealed record VerifyConfig(
    [property: Description("How the sender signs: github, standard-webhooks or hmac."), Required] string Scheme,
    [property: Description("Names of the secrets the sender may have signed with; two while one is being replaced."), Required] IReadOnlyList<string> Secrets,
    [property: Description("hmac: the header that holds the signature.")] string? Header = null,
    [property: Description("hmac: the hash, sha256 by default.")] HmacAlgorithm? Algorithm = null,
    [property: Description("hmac: how the signature is written, hex by default.")] MacEncoding? Encoding = null,
    [property: Description("hmac: text that has to stand before the signature, as \"sha256=\".")] string? Prefix = null,
    [property: Description("Schemes with a timestamp: how far the sender's clock may be off, in seconds; 300 by default."), Range(1, 86_400)]
    int? ToleranceSeconds = null)
{
    /// <summary>More would only slow a rejection down.</summary>
    public const int MaxSecrets = 10;
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
