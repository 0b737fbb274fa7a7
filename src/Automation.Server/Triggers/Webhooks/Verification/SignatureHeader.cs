namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Reads a header that counts for verification: there once, and not empty.</summary>
internal static class SignatureHeader
{
    // A sender has one for each secret; more is an attempt to make us work.
    private const int MaxEntries = 16;

    public static bool TryRead(WebhookRequest request, string name, out string value, out VerificationResult rejected)
    {
        value = "";
        rejected = default;
        var values = request.Headers[name];
        if (values.Count > 1) rejected = VerificationResult.Rejected($"header {name} is there {values.Count} times");
        else if (string.IsNullOrEmpty(values)) rejected = VerificationResult.Rejected($"header {name} is missing");
        else value = values.ToString();
        return rejected.IsVerified;
    }

    /// <summary>The values of one key in <c>t=1,v1=a,v1=b</c>.</summary>
    public static List<string> Entries(string header, string key)
    {
        var found = new List<string>(1);
        foreach (var range in header.AsSpan().Split(','))
        {
            var entry = header.AsSpan()[range].Trim();
            var equals = entry.IndexOf('=');
            if (equals < 0 || !entry[..equals].SequenceEqual(key)) continue;
            found.Add(entry[(equals + 1)..].ToString());
            if (found.Count == MaxEntries) break;
        }

        return found;
    }
}
