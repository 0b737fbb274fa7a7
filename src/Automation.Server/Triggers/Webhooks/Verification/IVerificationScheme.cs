namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>How one kind of sender proves that a request is its own. A new scheme is one sealed class and a line in <see cref="VerificationSchemes.BuiltIn"/>.</summary>
internal interface IVerificationScheme
{
    /// <summary>As a workflow file's <c>verify.scheme</c> names it.</summary>
    string Name { get; }

    /// <summary>What is wrong with a trigger's options, at load: JSON pointer below <c>verify</c>, as <c>/header</c>, and a sentence.</summary>
    IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config);

    /// <summary>Decides about one request, over the bytes as they came.</summary>
    /// <param name="request">The request.</param>
    /// <param name="config">The trigger's <c>verify</c>, checked at load.</param>
    /// <param name="secrets">Values of the secrets that exist, never empty; one match is enough.</param>
    /// <param name="now">For schemes with a timestamp.</param>
    VerificationResult Verify(in WebhookRequest request, VerifyConfig config, IReadOnlyList<string> secrets, DateTimeOffset now);
}

/// <summary>What a scheme gets to see of a request.</summary>
/// <param name="Headers">Names in any letter case.</param>
/// <param name="Body">The raw bytes.</param>
internal readonly record struct WebhookRequest(IHeaderDictionary Headers, ReadOnlyMemory<byte> Body);

/// <summary>Verified, or why not: words for the operator's log, never for the sender, and without any part of a secret.</summary>
internal readonly record struct VerificationResult(string? Reason)
{
    public static VerificationResult Verified => default;

    public bool IsVerified => Reason is null;

    public static VerificationResult Rejected(string reason) => new(reason);
}
