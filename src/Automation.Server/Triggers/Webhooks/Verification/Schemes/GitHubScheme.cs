namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>X-Hub-Signature-256: sha256=&lt;hex HMAC-SHA256 of the raw body&gt;</c> — docs.github.com, validating webhook deliveries.
/// The older SHA-1 header is ignored. Its <c>ping</c> is an event like others.
/// </summary>
internal sealed class GitHubScheme : BodyHmacScheme
{
    public override string Name => "github";

    protected override string Header => "X-Hub-Signature-256";

    protected override MacEncoding Encoding => MacEncoding.Hex;

    protected override string Prefix => "sha256=";

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => request.Headers["X-GitHub-Delivery"];
}
