namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>A header, <c>X-API-Key</c> unless the trigger names another, is the secret itself. Use https.</summary>
internal sealed class ApiKeyScheme : VerificationScheme
{
    private const string DefaultHeader = "X-API-Key";

    public override string Name => "api-key";

    public override string SecretsAre => "the key";

    public override VerifyOptions Takes => VerifyOptions.Header;

    public override IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [(input.Config.Header ?? DefaultHeader, input.Secret)];

    protected override VerificationResult Verify(VerificationInput input)
    {
        var header = input.Config.Header ?? DefaultHeader;
        return SignatureHeader.TryRead(input.Request, header, out var value, out var rejected) ? MacCheck.Equal(input, value, "header " + header) : rejected;
    }
}
