using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Automation.Server.Triggers.Webhooks.Verification;

namespace Automation.Server.Triggers.Webhooks.Handshakes;

/// <summary>
/// <c>{"event":"endpoint.url_validation","payload":{"plainToken":…}}</c>, at registration and each 72 h: <c>{"plainToken":…,"encryptedToken":&lt;hex HMAC-SHA256&gt;}</c> within 3 s —
/// developers.zoom.us, validate your webhook endpoint.
/// </summary>
internal sealed class ZoomHandshake : IHandshake
{
    private const int LargestBody = 8192, LongestToken = 128;

    // The answer is a signature over the token. What Zoom signs has colons and braces: no token may be such a text.
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    public HandshakeAnswer? Answer(HandshakeRequest request)
    {
        var body = request.Request.Body;
        if (request.Secrets.Count == 0 || body.Length is 0 or > LargestBody || BodyProperty.Read(body, "event") is not "endpoint.url_validation" || Token(body) is not { } token) return null;
        var code = HMACSHA256.HashData(MacCheck.Utf8(request.Secrets[0].Value), MacCheck.Utf8(token));
        return HandshakeAnswer.Json(JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["plainToken"] = token, ["encryptedToken"] = Convert.ToHexStringLower(code) }));
    }

    private static string? Token(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 128 });
            return json.RootElement.TryGetProperty("payload", out var payload) && payload.ValueKind is JsonValueKind.Object && payload.TryGetProperty("plainToken", out var token) &&
                token.ValueKind is JsonValueKind.String && token.GetString() is { Length: > 0 and <= LongestToken } text && !text.AsSpan().ContainsAnyExcept(TokenCharacters)
                    ? text
                    : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null; // not JSON to its end, or half a surrogate pair
        }
    }
}
