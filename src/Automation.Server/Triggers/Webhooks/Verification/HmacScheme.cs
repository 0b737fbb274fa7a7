namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Any sender that puts an HMAC of the raw body into one header: the trigger names the header, hash, encoding and prefix.</summary>
internal sealed class HmacScheme : IVerificationScheme
{
    public string Name => "hmac";

    public IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (string.IsNullOrEmpty(config.Header)) yield return ("/header", "The scheme hmac needs the name of the header with the signature, as \"X-Signature\".");
        else if (!config.Header.All(IsTokenCharacter)) yield return ("/header", $"\"{config.Header}\" is not a header name.");
        if (config.ToleranceSeconds is not null) yield return ("/toleranceSeconds", "The scheme hmac signs no timestamp; remove this option.");
    }

    public VerificationResult Verify(in WebhookRequest request, VerifyConfig config, IReadOnlyList<string> secrets, DateTimeOffset now) =>
        HmacSignature.Verify(request, config.Header!, config.Algorithm ?? HmacAlgorithm.Sha256, config.Encoding ?? MacEncoding.Hex, config.Prefix ?? "", secrets);

    // RFC 9110 §5.6.2.
    private static bool IsTokenCharacter(char character) => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal);
}
