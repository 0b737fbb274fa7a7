namespace Automation.Server.Triggers.Webhooks.Verification.Schemes;

/// <summary>Anyone may call: the author says so, in the file.</summary>
internal sealed class NoneScheme : VerificationScheme
{
    public override string Name => "none";

    public override string? SecretsAre => null;

    protected override VerificationResult Verify(VerificationInput input) => VerificationResult.Verified(null);
}
