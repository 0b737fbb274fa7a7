using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>
/// <c>GET ?hub.mode=subscribe&amp;hub.challenge=…&amp;hub.verify_token=…</c>: the challenge when the token is the one that the trigger's <c>challengeSecret</c> holds, else 403 —
/// developers.facebook.com, Graph API webhooks, verification requests.
/// </summary>
internal sealed class MetaHandshake : IHandshake
{
    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        if (!HttpMethods.IsGet(request.Request.Method) || HandshakeQuery.Read(request.Request, "hub.mode") is not "subscribe" || HandshakeQuery.Read(request.Request, "hub.challenge") is not { } challenge) return null;
        if (request.Challenge is not { Length: > 0 } token)
        {
            return HandshakeAnswer.Refused(StatusCodes.Status403Forbidden, request.Config?.ChallengeSecret is { } name
                ? $"the secret {name} of \"challengeSecret\" has no value"
                : "the trigger's \"verify\" names no \"challengeSecret\" to compare hub.verify_token with");
        }

        return HandshakeQuery.Read(request.Request, "hub.verify_token") is { } sent && MacCheck.AreEqual(sent, token)
            ? HandshakeAnswer.Text(challenge)
            : HandshakeAnswer.Refused(StatusCodes.Status403Forbidden, $"hub.verify_token is not the value of secret {request.Config!.ChallengeSecret}");
    }
}
