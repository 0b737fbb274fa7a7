namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary><c>GET ?challenge=…</c>: the challenge as text, as Dropbox and others ask — dropbox.com/developers, webhooks, the verification request.</summary>
internal sealed class EchoHandshake : IHandshake
{
    public HandshakeAnswer? Answer(HandshakeRequest request) =>
        HttpMethods.IsGet(request.Request.Method) && HandshakeQuery.Read(request.Request, "challenge") is { } challenge ? HandshakeAnswer.Text(challenge) : null;
}
