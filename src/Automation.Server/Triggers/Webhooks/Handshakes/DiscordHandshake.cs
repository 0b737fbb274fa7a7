using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>
/// A signed PING: <c>{"type":1}</c> of interactions is answered with <c>{"type":1}</c>, <c>{"type":0}</c> of webhook events with 204 — discord.com/developers, receiving interactions,
/// webhook events. Of the second kind <c>type</c> 1 is an event; it has the property <c>event</c>.
/// </summary>
internal sealed class DiscordHandshake : IHandshake
{
    private const int LargestBody = 8192;

    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        var body = request.Request.Body;
        if (body.Length is 0 or > LargestBody) return null;
        return BodyProperty.Read(body, "type") switch
        {
            "1" when !BodyProperty.Has(body, "event") => HandshakeAnswer.Json("{\"type\":1}"u8.ToArray(), isSigned: true),
            "0" => new HandshakeAnswer(StatusCodes.Status204NoContent, null, default, IsSigned: true),
            _ => null,
        };
    }
}
