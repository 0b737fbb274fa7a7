namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Gitlab-Token</c> is the secret itself — docs.gitlab.com, webhooks. It proves who sent, not that the body is unchanged: use https.</summary>
internal sealed class GitLabScheme : VerificationScheme
{
    public override string Name => "gitlab";

    public override string SecretsAre => "the secret token";

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => (string?)request.Headers["Idempotency-Key"] ?? request.Headers["X-Gitlab-Event-UUID"];

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [("X-Gitlab-Token", input.Secret)];

    protected override VerificationResult Verify(VerificationInput input) =>
        SignatureHeader.TryRead(input.Request, "X-Gitlab-Token", out var value, out var rejected) ? MacCheck.Equal(input, value, "header X-Gitlab-Token") : rejected;
}
