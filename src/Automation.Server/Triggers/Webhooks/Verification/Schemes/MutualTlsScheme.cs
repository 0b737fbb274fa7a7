namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>The sender's certificate, by its fingerprint or a name in it. Its chain has been checked by the listener, or by the trusted proxy that passes it on.</summary>
internal sealed class MutualTlsScheme : VerificationScheme
{
    public override string Name => "mtls";

    public override string? SecretsAre => null;

    public override VerifyOptions Takes => VerifyOptions.Certificates;

    public override VerifyOptions Needs => VerifyOptions.Certificates;

    public override IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config) => ClientCertificates.Check(config);

    protected override VerificationResult Verify(VerificationInput input) => ClientCertificates.Verify(input);
}
