namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary><c>POST ?validationToken=…</c>: the token, decoded, as text within 10 s — learn.microsoft.com, change notifications, notificationUrl validation.</summary>
internal sealed class MicrosoftGraphHandshake : IHandshake
{
    public HandshakeAnswer? Answer(HandshakeRequest request) =>
        HttpMethods.IsPost(request.Request.Method) && HandshakeQuery.Read(request.Request, "validationToken") is { } token ? HandshakeAnswer.Text(token) : null;
}
