using Automation.Server.Secrets;
using Automation.Server.Triggers.Webhooks.Handshakes;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Asks a trigger's verification scheme and handshakes, with the values of its secrets.</summary>
internal sealed class Verifier(SecretLookup secret, KeySetLookup keySets, TimeProvider time)
{
    /// <summary>A trigger without <c>verify</c> takes anybody.</summary>
    public async ValueTask<Verified> VerifyAsync(WebhookRoute route, WebhookRequest request)
    {
        if (route.Verify is not { } verify) return new(VerificationResult.Verified(null), null);
        if (route.Scheme is not { } scheme) return new(VerificationResult.Rejected($"there is no scheme \"{verify.Scheme}\""), null);
        var values = Values(verify);
        if (values.Count == 0 && verify.Secrets is { } names) return new(VerificationResult.Rejected($"none of its secrets ({string.Join(", ", names)}) has a value"), null);
        var input = new VerificationInput(request, verify, values, time.GetUtcNow(), keySets);
        return new(await scheme.VerifyAsync(input), input);
    }

    /// <summary>The request's body without the secrets that came in it.</summary>
    public ReadOnlyMemory<byte> WithoutSecrets(WebhookRoute route, ReadOnlyMemory<byte> body)
    {
        if (route is not { Verify: { } verify, Scheme.SecretIsInBody: true }) return body;
        var bytes = body.ToArray();
        new SecretRedactor([.. Values(verify).Select(value => new Secret(value.Name, value.Value))]).Mask(bytes);
        return bytes;
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

    /// <param name="Result">Of the verification.</param>
    /// <param name="Input">What it was made with; null when it did not come to that.</param>
    internal readonly record struct Verified(VerificationResult Result, VerificationInput? Input);

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
