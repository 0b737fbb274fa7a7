namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Whether a trigger's <c>verify</c> has the options that its scheme takes, and no other.</summary>
internal static class OptionCheck
{
    /// <summary>Of all options that some scheme takes.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Options(new VerifyConfig("")).Select(option => option.Name)];

    /// <summary>JSON pointer below <c>verify</c> and a sentence.</summary>
    public static IEnumerable<(string Pointer, string Message)> Of(VerificationScheme scheme, VerifyConfig config)
    {
        var found = new List<(string, string)>();
        foreach (var (option, name, isGiven) in Options(config))
        {
            if (isGiven && !scheme.Takes.HasFlag(option)) found.Add(("/" + name, $"The scheme {scheme.Name} has no option \"{name}\"; remove it."));
            else if (!isGiven && scheme.Needs.HasFlag(option)) found.Add(("/" + name, $"The scheme {scheme.Name} needs \"{name}\"."));
        }

        if (scheme.SecretsAre is not { } what)
        {
            if (config.Secrets is not null) found.Add(("/secrets", $"The scheme {scheme.Name} has no secrets; remove them."));
        }
        else if (config.Secrets is null && !scheme.SecretsAreOptional)
        {
            found.Add(("/secrets", $"The scheme {scheme.Name} needs \"secrets\": the name of the secret that holds {what}."));
        }

        if (config.Header is { } header && !IsHeaderName(header)) found.Add(("/header", $"\"{header}\" is not a header name."));
        found.AddRange(scheme.Check(config));
        return found;
    }

    // RFC 9110 §5.6.2.
    private static bool IsHeaderName(string text) =>
        text.Length > 0 && text.All(character => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal));

    private static (VerifyOptions Option, string Name, bool IsGiven)[] Options(VerifyConfig config) =>
    [
        (VerifyOptions.Header, "header", config.Header is not null),
        (VerifyOptions.Algorithm, "algorithm", config.Algorithm is not null),
        (VerifyOptions.Encoding, "encoding", config.Encoding is not null),
        (VerifyOptions.Prefix, "prefix", config.Prefix is not null),
        (VerifyOptions.Signed, "signed", config.Signed is not null),
        (VerifyOptions.TimestampHeader, "timestampHeader", config.TimestampHeader is not null),
        (VerifyOptions.IdHeader, "idHeader", config.IdHeader is not null),
        (VerifyOptions.Version, "version", config.Version is not null),
        (VerifyOptions.User, "user", config.User is not null),
        (VerifyOptions.Issuer, "issuer", config.Issuer is not null),
        (VerifyOptions.Audience, "audience", config.Audience is not null),
        (VerifyOptions.JwksUrl, "jwksUrl", config.JwksUrl is not null),
        (VerifyOptions.Certificates, "certificates", config.Certificates is not null),
        (VerifyOptions.ChallengeSecret, "challengeSecret", config.ChallengeSecret is not null),
        (VerifyOptions.ToleranceSeconds, "toleranceSeconds", config.ToleranceSeconds is not null),
    ];
}
