using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary><c>GET ?crc_token=…</c>, at registration and hourly: <c>{"response_token":"sha256=&lt;base64 HMAC-SHA256 of the token&gt;"}</c> within 3 s — docs.x.com, challenge-response checks.</summary>
internal sealed class XHandshake : IHandshake
{
    private const int LongestToken = 200;

    // The answer is a signature over the token: no token may be the body of an event, which XScheme takes only as a JSON object.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.");

    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        if (!HttpMethods.IsGet(request.Request.Method) || request.Secrets.Count == 0 || HandshakeQuery.Read(request.Request, "crc_token") is not { Length: <= LongestToken } token || token.AsSpan().ContainsAnyExcept(TokenCharacters)) return null;
        var code = HMACSHA256.HashData(MacCheck.Utf8(request.Secrets[0].Value), MacCheck.Utf8(token));
        return HandshakeAnswer.Json(Encoding.ASCII.GetBytes($"{{\"response_token\":\"sha256={Convert.ToBase64String(code)}\"}}"));
    }
}
