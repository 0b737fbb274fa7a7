using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>What a sender asks before it sends events, or while it does, to see whether the receiver is who it should be. The server answers by itself; no run starts.</summary>
internal interface IHandshake
{
    /// <summary>Null when the request is not this handshake but an event. A handshake by GET or OPTIONS is asked for whatever methods the trigger names.</summary>
    HandshakeAnswer? Answer(HandshakeRequest request);
}

/// <param name="Request">Without a body for GET and OPTIONS.</param>
/// <param name="Config">The trigger's <c>verify</c>; null when it has none.</param>
/// <param name="Secrets">Of <c>verify.secrets</c>, with a value.</param>
/// <param name="Challenge">Value of the secret that <c>verify.challengeSecret</c> names; null when there is none.</param>
internal sealed record HandshakeRequest(WebhookRequest Request, VerifyConfig? Config, IReadOnlyList<NamedSecret> Secrets, string? Challenge = null);

/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Null without a body.</param>
/// <param name="Body">Bytes.</param>
/// <param name="IsSigned">Whether the request has to be verified before this is answered.</param>
/// <param name="Reason">Why it was refused; null when it was not.</param>
internal sealed record HandshakeAnswer(int Status, string? ContentType, ReadOnlyMemory<byte> Body, bool IsSigned = false, string? Reason = null)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public static HandshakeAnswer Text(string text, bool isSigned = false) => new(StatusCodes.Status200OK, "text/plain; charset=utf-8", System.Text.Encoding.UTF8.GetBytes(text), isSigned)
    {
        Headers = [("X-Content-Type-Options", "nosniff")], // what is echoed came from outside: no browser may take it for a page
    };

    public static HandshakeAnswer Json(ReadOnlyMemory<byte> json, bool isSigned = false) => new(StatusCodes.Status200OK, "application/json", json, isSigned);

    public static HandshakeAnswer Refused(int status, string reason) => new(status, null, default, Reason: reason);
}
