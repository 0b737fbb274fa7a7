namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// A JSON Web Token (RFC 7519) in <c>Authorization: Bearer …</c>, or in the header that the trigger names: signed under a shared key (HS256, HS384, HS512), or by an issuer whose keys are
/// at <c>jwksUrl</c> (RS, PS, ES). It proves who sent, not that the body is unchanged: use https.
/// </summary>
/// <remarks>Expiry is required. The algorithm follows from the trigger, never from the token, so that a public key cannot pass for a shared one.</remarks>
internal sealed class JwtScheme : VerificationScheme
{
    public override string Name => "jwt";

    public override string SecretsAre => "the key shared with the issuer";

    public override bool SecretsAreOptional => true;

    public override VerifyOptions Takes => VerifyOptions.Header | VerifyOptions.Issuer | VerifyOptions.Audience | VerifyOptions.JwksUrl | VerifyOptions.ToleranceSeconds;

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (config is { Secrets: null, JwksUrl: null }) yield return ("/jwksUrl", "The scheme jwt needs \"jwksUrl\" with the address of the issuer's keys, or \"secrets\" with a shared key.");
        if (config is { Secrets: not null, JwksUrl: not null }) yield return ("/secrets", "The scheme jwt takes \"jwksUrl\" or \"secrets\", not both.");
        if (config.JwksUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var address) && (address.Scheme is "https" || (address.Scheme is "http" && address.IsLoopback)))) yield return ("/jwksUrl", $"\"{url}\" is not an absolute https address.");
        if (config is { JwksUrl: not null, Audience: null }) yield return ("/audience", "Name the audience: without it a token that the issuer made for anybody else would be taken.");
    }

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [(input.Config.Header ?? "Authorization", "Bearer " + JsonWebTokens.Create(input))];

    public override async ValueTask<VerificationResult> VerifyAsync(VerificationInput input)
    {
        string token;
        if (input.Config.Header is { } header)
        {
            if (!SignatureHeader.TryRead(input.Request, header, out token, out var missing)) return missing;
            if (token.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) token = token["Bearer ".Length..];
        }
        else if (!BearerScheme.TryRead(input.Request, out token, out var rejected))
        {
            return rejected;
        }

        return await JsonWebTokens.VerifyAsync(token, input, input.Config.JwksUrl, input.Config.Issuer);
    }

}
