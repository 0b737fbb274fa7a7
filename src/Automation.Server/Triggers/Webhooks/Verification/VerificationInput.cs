using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>One request and what it is checked with.</summary>
/// <param name="Request">The request.</param>
/// <param name="Config">The trigger's <c>verify</c>, checked at load.</param>
/// <param name="Secrets">Those of <c>verify.secrets</c> that have a value; one match is enough. Empty only for schemes that can do without.</param>
/// <param name="Now">For schemes with a timestamp.</param>
/// <param name="KeySets">Public keys by the address that <c>verify.jwksUrl</c> names.</param>
internal sealed record VerificationInput(WebhookRequest Request, VerifyConfig Config, IReadOnlyList<NamedSecret> Secrets, DateTimeOffset Now, KeySetLookup KeySets)
{
    /// <summary>What a scheme allows a sender's clock to be off by, in seconds, when the trigger does not say; the limit itself passes.</summary>
    public const int DefaultToleranceSeconds = 300;

    public int ToleranceSeconds => Config.ToleranceSeconds ?? DefaultToleranceSeconds;
}

/// <summary>A secret's name, which may be told, and its value, which may not.</summary>
internal readonly record struct NamedSecret(string Name, string Value);

/// <summary>What a scheme gets to see of a request.</summary>
/// <param name="Method">As sent.</param>
/// <param name="Url">Address the sender called, with scheme, host and query as sent, as far as that can be known behind proxies.</param>
/// <param name="Headers">Names in any letter case.</param>
/// <param name="Body">The raw bytes.</param>
/// <param name="Certificate">The sender's certificate, whose chain has been checked; null when none was sent.</param>
internal sealed record WebhookRequest(string Method, string Url, IHeaderDictionary Headers, ReadOnlyMemory<byte> Body, X509Certificate2? Certificate = null)
{
    /// <summary>With its <c>?</c>; "" when there is none.</summary>
    public string Query => Url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? Url[at..] : "";
}

/// <summary>The keys of the JSON Web Key Set at an address; null with a reason when they cannot be had.</summary>
/// <param name="url">Absolute, https.</param>
/// <param name="keyId">The key that is looked for: a set without it is fetched anew, at most once in a while.</param>
internal delegate ValueTask<(IReadOnlyList<SecurityKey>? Keys, string? Problem)> KeySetLookup(string url, string? keyId);
