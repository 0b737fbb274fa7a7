namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>Authorization: Bearer &lt;the secret&gt;</c> — RFC 6750 §2.1. Use https.</summary>
internal sealed class BearerScheme : VerificationScheme
{
    private const string Prefix = "Bearer ";

    public override string Name => "bearer";

    public override string SecretsAre => "the token";

    /// <summary>The token of <c>Authorization: Bearer …</c>.</summary>
    internal static bool TryRead(WebhookRequest request, out string token, out VerificationResult rejected)
    {
        token = "";
        if (!SignatureHeader.TryRead(request, "Authorization", out var value, out rejected)) return false;
        if (!value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)) rejected = VerificationResult.Rejected("header Authorization does not start with \"Bearer \"");
        else token = value[Prefix.Length..].Trim();
        return rejected.IsVerified;
    }

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [("Authorization", Prefix + input.Secret)];

    protected override VerificationResult Verify(VerificationInput input) => TryRead(input.Request, out var token, out var rejected) ? MacCheck.Equal(input, token, "the bearer token") : rejected;
}
