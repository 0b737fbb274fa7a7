namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>
/// <c>X-Hub-Signature-256: sha256=&lt;hex HMAC-SHA256 of the raw body&gt;</c> — docs.github.com, validating webhook deliveries.
/// The older SHA-1 header is ignored.
/// </summary>
internal sealed class GitHubScheme : IVerificationScheme
{
    public string Name => "github";

    public IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config) => OptionCheck.Unused(config, Name, allowTolerance: false);

    public VerificationResult Verify(in WebhookRequest request, VerifyConfig config, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        HmacSignature.Verify(request, "X-Hub-Signature-256", HmacAlgorithm.Sha256, MacEncoding.Hex, "sha256=", secrets);
}
