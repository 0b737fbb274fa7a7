using Automation.Server.Cryptography;
using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary><c>X-Signature-Ed25519: &lt;hex&gt;</c> over <c>{X-Signature-Timestamp}{raw body}</c> under the app's public key — discord.com/developers, interactions, security.</summary>
/// <remarks>Discord probes with bad signatures and wants 401 for them.</remarks>
internal sealed class DiscordScheme : VerificationScheme
{
    private const string Header = "X-Signature-Ed25519", TimestampHeader = "X-Signature-Timestamp";

    public override string Name => "discord";

    public override string SecretsAre => "the app's public key, 64 hexadecimal digits";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds;

    public override IHandshake Handshake { get; } = new DiscordHandshake();

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => BodyProperty.Read(request.Body, "id");

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var seed = new byte[Ed25519.SeedSize];
        if (!MacText.TryDecode(input.Secret, MacEncoding.Hex, seed)) throw new FormatException("The private key is not 64 hexadecimal digits.");
        return [(TimestampHeader, input.Seconds), (Header, Convert.ToHexStringLower(Ed25519.Sign(seed, [.. MacCheck.Utf8(input.Seconds), .. input.Body.Span])))];
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        var request = input.Request;
        if (!SignatureHeader.TryRead(request, Header, out var value, out var rejected)) return rejected;
        if (!SignatureHeader.TryRead(request, TimestampHeader, out var timestamp, out rejected)) return rejected;
        if (MacText.Decode(value, MacEncoding.Hex, Ed25519.SignatureSize, "header " + Header, out rejected) is not { } signature) return rejected;

        // The timestamp and the body are signed without anything between: only a length that is known keeps them apart.
        if (timestamp.Length != 10 || !timestamp.All(char.IsAsciiDigit)) return VerificationResult.Rejected($"header {TimestampHeader} is not a number of seconds of 10 digits");

        // Discord states no tolerance of its own.
        if (input.Config.ToleranceSeconds is not null && !Freshness.IsFresh(input, "header " + TimestampHeader, timestamp, unitsPerSecond: 1, out rejected)) return rejected;
        byte[] message = [.. MacCheck.Utf8(timestamp), .. request.Body.Span];
        var key = new byte[Ed25519.PublicKeySize];
        var usable = false;
        foreach (var secret in input.Secrets)
        {
            if (!MacText.TryDecode(secret.Value.Trim(), MacEncoding.Hex, key)) continue;
            usable = true;
            if (Ed25519.Verify(key, message, signature)) return VerificationResult.Verified(secret.Name);
        }

        return usable ? VerificationResult.Rejected(MacCheck.NoMatch, message) : VerificationResult.Rejected($"{MacCheck.Names(input)} is not a public key of 64 hexadecimal digits");
    }
}
