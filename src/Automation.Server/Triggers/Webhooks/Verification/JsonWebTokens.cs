using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Checks JSON Web Tokens (RFC 7519): signature, expiry, issuer, audience.</summary>
internal static class JsonWebTokens
{
    private const int LongestToken = 16 << 10;

    private static readonly string[] SharedKeyAlgorithms = [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512];

    private static readonly string[] PublicKeyAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512, SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512, SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = LongestToken, MapInboundClaims = false };

    /// <param name="token">As sent.</param>
    /// <param name="input">Shared keys, audience, clock and tolerance.</param>
    /// <param name="jwksUrl">Where the issuer's keys are; null for the shared keys.</param>
    /// <param name="issuer">Null for any.</param>
    public static async ValueTask<VerificationResult> VerifyAsync(string token, VerificationInput input, string? jwksUrl, string? issuer)
    {
        if (token.Length > LongestToken) return VerificationResult.Rejected($"the token is longer than {LongestToken} characters");
        string? keyId;
        try
        {
            keyId = new JsonWebToken(token).Kid;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or SecurityTokenException or System.Text.Json.JsonException)
        {
            return VerificationResult.Rejected("the token is not a JSON Web Token of three parts");
        }

        if (jwksUrl is null)
        {
            foreach (var secret in input.Secrets)
            {
                if (await ProblemAsync(token, input, [new SymmetricSecurityKey(MacCheck.Utf8(secret.Value))], SharedKeyAlgorithms, issuer) is not { } problem) return VerificationResult.Verified(secret.Name);
                if (problem.IsAboutKey && input.Secrets.Count > 1 && secret != input.Secrets[^1]) continue;
                return VerificationResult.Rejected(problem.Reason);
            }

            return VerificationResult.Rejected(MacCheck.NoMatch);
        }

        var (keys, unreachable) = await input.KeySets(jwksUrl, keyId);
        if (keys is null) return VerificationResult.Rejected($"the keys at {jwksUrl} cannot be had: {unreachable}");
        return await ProblemAsync(token, input, keys, PublicKeyAlgorithms, issuer) is { } wrong ? VerificationResult.Rejected(wrong.Reason) : VerificationResult.Verified(null);
    }

    /// <summary>A token under a shared key, good for five minutes.</summary>
    /// <exception cref="FormatException">The key is too short for HS256.</exception>
    public static string Create(SigningInput input)
    {
        if (MacCheck.Utf8(input.Secret) is not { Length: >= 32 } key) throw new FormatException("HS256 needs a key of at least 32 bytes (RFC 7518, section 3.2).");
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = input.Config.Issuer,
            Audience = input.Config.Audience,
            IssuedAt = input.Now.UtcDateTime,
            Expires = input.Now.UtcDateTime.AddMinutes(5),
            SigningCredentials = new SigningCredentials(new SymmetricSecurityKey(key), SecurityAlgorithms.HmacSha256),
        });
    }

    private static async ValueTask<TokenProblem?> ProblemAsync(string token, VerificationInput input, IEnumerable<SecurityKey> keys, string[] algorithms, string? issuer)
    {
        TokenProblem? time = null;
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            ValidAlgorithms = algorithms,
            TryAllIssuerSigningKeys = true,
            RequireSignedTokens = true,
            RequireExpirationTime = true,
            ValidateIssuer = issuer is not null,
            ValidIssuer = issuer,
            ValidateAudience = input.Config.Audience is not null,
            ValidAudience = input.Config.Audience,
            LifetimeValidator = (notBefore, expires, _, _) => (time = OutOfTime(input, notBefore, expires)) is null,
        });
        if (result.IsValid) return null;
        return result.Exception switch
        {
            SecurityTokenInvalidLifetimeException or SecurityTokenNoExpirationException => time ?? new("the token has no expiry (exp)"),
            SecurityTokenInvalidAudienceException => new("the token is for another audience (aud)"),
            SecurityTokenInvalidIssuerException => new("the token is of another issuer (iss)"),
            SecurityTokenSignatureKeyNotFoundException => new("no key fits the token (kid)", IsAboutKey: true),
            SecurityTokenInvalidAlgorithmException => new("the token's algorithm (alg) is not one of " + string.Join(", ", algorithms)),
            _ => new("the token's signature does not fit the key, or its algorithm (alg) is not one of " + string.Join(", ", algorithms), IsAboutKey: true),
        };
    }

    private static TokenProblem? OutOfTime(VerificationInput input, DateTime? notBefore, DateTime? expires)
    {
        var now = input.Now.UtcDateTime;
        var allowed = TimeSpan.FromSeconds(input.ToleranceSeconds);
        if (expires is not { } end) return new("the token has no expiry (exp)");
        if (now - end > allowed) return new($"the token expired {(long)(now - end).TotalSeconds} s ago (exp), {input.ToleranceSeconds} s are allowed");
        return notBefore is { } begin && begin - now > allowed ? new($"the token begins in {(long)(begin - now).TotalSeconds} s (nbf), {input.ToleranceSeconds} s are allowed") : null;
    }

    /// <param name="Reason">A sentence without its point.</param>
    /// <param name="IsAboutKey">Whether another key may fit.</param>
    private sealed record TokenProblem(string Reason, bool IsAboutKey = false);
}
