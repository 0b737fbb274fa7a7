using Automation.Server.Triggers.Webhooks.Handshakes;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>
/// How one kind of sender proves that a request is its own. A new scheme is one sealed class in <c>Schemes</c>, a line in <see cref="VerificationSchemes.BuiltIn"/> and
/// a row in <c>docs/webhooks.md</c>.
/// </summary>
internal abstract class VerificationScheme
{
    /// <summary>As a workflow file's <c>verify.scheme</c> names it.</summary>
    public abstract string Name { get; }

    /// <summary>What the secrets that <c>verify.secrets</c> names hold, for messages: "the signing secret". Null when the scheme takes none.</summary>
    public virtual string? SecretsAre => "the signing secret";

    /// <summary>Whether <c>verify.secrets</c> may be left out although the scheme takes some.</summary>
    public virtual bool SecretsAreOptional => false;

    /// <summary>Options of <see cref="VerifyConfig"/> that this scheme reads. Another one that is given is a mistake.</summary>
    public virtual VerifyOptions Takes => VerifyOptions.None;

    /// <summary>Of <see cref="Takes"/> those that have to be given.</summary>
    public virtual VerifyOptions Needs => VerifyOptions.None;

    /// <summary>What this sender asks before it sends events; null when nothing.</summary>
    public virtual IHandshake? Handshake => null;

    /// <summary>What the sender has to be answered in place of 202 and the event's id; null when that will do.</summary>
    public virtual HandshakeAnswer? Accepted => null;

    /// <summary>Whether the secret comes in the body, and has to be taken out of what is kept.</summary>
    public virtual bool SecretIsInBody => false;

    /// <summary>What else is wrong with a trigger's options, at load: JSON pointer below <c>verify</c>, as <c>/header</c>, and a sentence.</summary>
    public virtual IEnumerable<(string Pointer, string Message)> Check(VerifyConfig config) => [];

    /// <summary>Decides about one request, over the bytes as they came. Never throws for what a sender can send.</summary>
    public virtual ValueTask<VerificationResult> VerifyAsync(VerificationInput input) => ValueTask.FromResult(Verify(input));

    /// <summary>The sender's own id of the message, equal in its retries; null when it sends none. Asked after verification.</summary>
    /// <remarks>Where none is sent, what is signed, time included, is one: never a signature as it is written, which can be written in many ways.</remarks>
    public virtual string? MessageId(WebhookRequest request, VerifyConfig config) => null;

    /// <summary>The headers that a sender of this scheme sends with a message. Empty where the proof is in the body or the connection.</summary>
    /// <exception cref="FormatException">The secret cannot sign: it has the wrong form. The message does not repeat it.</exception>
    public virtual IEnumerable<(string Name, string Value)> Sign(SigningInput input) => [];

    /// <summary>For schemes that have to ask nobody.</summary>
    protected virtual VerificationResult Verify(VerificationInput input) => throw new NotSupportedException($"{GetType().Name} verifies in VerifyAsync.");
}

/// <summary>The options of <see cref="VerifyConfig"/> that not every scheme takes.</summary>
[Flags]
internal enum VerifyOptions
{
    None = 0,
    Header = 1,
    Algorithm = 1 << 1,
    Encoding = 1 << 2,
    Prefix = 1 << 3,
    ToleranceSeconds = 1 << 4,
    Signed = 1 << 5,
    TimestampHeader = 1 << 6,
    IdHeader = 1 << 7,
    Version = 1 << 8,
    User = 1 << 9,
    Issuer = 1 << 10,
    Audience = 1 << 11,
    JwksUrl = 1 << 12,
    Certificates = 1 << 13,
    ChallengeSecret = 1 << 14,
}
