namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>
/// <c>X-Convoy-Signature</c>. Advanced: <c>t=&lt;seconds&gt;,v1=&lt;code&gt;[,v1=…]</c> over <c>{t},{raw body}</c>, with a comma. Simple: the code alone over the raw body — getconvoy.io, webhook
/// signatures. Hash and encoding are those of the Convoy project.
/// </summary>
internal sealed class ConvoyScheme : VerificationScheme
{
    private const string Header = "X-Convoy-Signature";

    public override string Name => "convoy";

    public override VerifyOptions Takes => VerifyOptions.ToleranceSeconds | VerifyOptions.Version | VerifyOptions.Algorithm | VerifyOptions.Encoding;

    public override string? MessageId(WebhookRequest request, VerifyConfig config) => config.Version is "simple" ? null : StampedHmacScheme.MessageId(request, Header);

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config)
    {
        if (config.Version is not (null or "simple" or "advanced")) yield return ("/version", $"The scheme convoy knows the versions simple and advanced, not \"{config.Version}\".");
        if (config is { Version: "simple", ToleranceSeconds: not null }) yield return ("/toleranceSeconds", "Convoy's simple signatures have no timestamp; remove this option.");
    }

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input)
    {
        var simple = input.Config.Version is "simple";
        var head = simple ? "" : input.Seconds + ",";
        var code = MacText.Encode(input.Hmac(input.Config.Algorithm.Hash().Name, MacCheck.Utf8(head), input.Body), input.Config.Encoding ?? MacEncoding.Hex);
        return [(Header, simple ? code : $"t={input.Seconds},v1={code}")];
    }

    protected override VerificationResult Verify(VerificationInput input)
    {
        var encoding = input.Config.Encoding ?? MacEncoding.Hex;
        if (input.Config.Version is "simple") return BodyHmacScheme.Verify(input, Header, input.Config.Algorithm, encoding, "", input.Request.Body);

        // One entry for each pair of scheme and secret of the project: v1, v2 and so on.
        return StampedHmacScheme.Verify(input, Header, Enumerable.Range(1, 9).Select(version => $"v{version}"), unitsPerSecond: 1, ",", input.Config.Algorithm, encoding);
    }
}
