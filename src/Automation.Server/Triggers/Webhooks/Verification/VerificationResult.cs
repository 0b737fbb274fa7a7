namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Verified, or why not: words for the operator, never for the sender, and without any part of a secret.</summary>
/// <param name="Reason">Null when verified.</param>
/// <param name="Secret">Name of the secret that matched.</param>
/// <param name="Signed">What the signature was compared over, in order; null when it did not come to that.</param>
internal readonly record struct VerificationResult(string? Reason, string? Secret = null, ReadOnlyMemory<byte>[]? Signed = null)
{
    public bool IsVerified => Reason is null;

    /// <param name="secret">Name of the secret that matched; null when the scheme has none.</param>
    public static VerificationResult Verified(string? secret) => new(null, secret);

    public static VerificationResult Rejected(string reason, params ReadOnlyMemory<byte>[]? signed) => new(reason, Signed: signed is { Length: > 0 } ? signed : null);
}
