namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Reads a header that counts for verification: there once, and not empty.</summary>
internal static class SignatureHeader
{
    public static bool TryRead(in WebhookRequest request, string name, out string value, out VerificationResult rejected)
    {
        value = "";
        rejected = default;
        var values = request.Headers[name];
        if (values.Count > 1) rejected = VerificationResult.Rejected($"header {name} is there {values.Count} times");
        else if (string.IsNullOrEmpty(values)) rejected = VerificationResult.Rejected($"header {name} is missing");
        else value = values.ToString();
        return rejected.IsVerified;
    }
}
