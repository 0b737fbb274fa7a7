using Automation.Server.Triggers.Webhooks.Handshakes;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Asks a trigger's verification scheme and handshakes, with the values of its secrets.</summary>
internal sealed class Verifier(SecretLookup secret, KeySetLookup keySets, TimeProvider time)
{
    /// <summary>A trigger without <c>verify</c> takes anybody.</summary>
    public async ValueTask<VerificationResult> VerifyAsync(WebhookRoute route, WebhookRequest request)
    {
        if (route.Verify is not { } verify) return VerificationResult.Verified(null);
        if (route.Scheme is not { } scheme) return VerificationResult.Rejected($"there is no scheme \"{verify.Scheme}\"");
        var values = Values(verify);
        if (values.Count == 0 && verify.Secrets is { } names) return VerificationResult.Rejected($"none of its secrets ({string.Join(", ", names)}) has a value");
        return await scheme.VerifyAsync(new VerificationInput(request, verify, values, time.GetUtcNow(), keySets));
    }

    /// <summary>Null when the request is an event, not a question.</summary>
    public HandshakeAnswer? Answer(WebhookRoute route, WebhookRequest request)
    {
        if (route.Handshakes.Count == 0) return null;
        var values = route.Verify is { } verify ? Values(verify) : [];
        var challenge = route.Verify?.ChallengeSecret is { } name ? secret(name) : null;
        foreach (var handshake in route.Handshakes)
        {
            if (handshake.Answer(new HandshakeRequest(request, route.Verify, values, challenge)) is { } answer) return answer;
        }

        return null;
    }

    // An empty key would verify whatever the sender signed with nothing.
    private List<NamedSecret> Values(VerifyConfig verify)
    {
        var values = new List<NamedSecret>(verify.Secrets?.Count ?? 0);
        foreach (var name in verify.Secrets ?? [])
        {
            if (secret(name) is { Length: > 0 } value) values.Add(new NamedSecret(name, value));
        }

        return values;
    }
}
