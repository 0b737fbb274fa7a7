using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Mqtt.Transport;

/// <summary>The server's part of a WebSocket opening handshake — RFC 6455 §4.2, MQTT 5 §6.</summary>
internal static class WebSocketUpgrade
{
    public const string Protocol = "mqtt";

    // Bytes of an unfinished or refused request that are read before the connection is let go, so that the answer is not lost to a reset.
    private const int MaximumDiscarded = 64 * 1024;

    /// <summary>Reads the request and answers it.</summary>
    /// <returns>False when it was refused or its head is incomplete; the stream is at its end then.</returns>
    public static async ValueTask<bool> TryAcceptAsync(Stream stream, MqttWebSocketOptions options, Action finish)
    {
        var answer = await AnswerAsync(stream, options);
        if (answer is null)
            return false;
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer.Text));
        await stream.FlushAsync();
        if (answer.IsAccepted)
            return true;
        finish();
        await DiscardAsync(stream);
        return false;
    }

    /// <summary>What is answered to a request.</summary>
    public static Answer Decide(UpgradeRequest? request, MqttWebSocketOptions options)
    {
        if (request is null || request.Header("Host") is not { } host || host.Contains(',', StringComparison.Ordinal))
            return Answer.Refusal("400 Bad Request", "This is no HTTP/1.1 request.");
        if (request.Target.Split('?', 2)[0] != options.Path)
            return Answer.Refusal("404 Not Found", $"WebSocket clients connect to {options.Path}.");
        if (request.Method != "GET")
            return Answer.Refusal("405 Method Not Allowed", "Only GET is answered here.", "Allow: GET\r\nConnection: close\r\n");
        if (request.Header("Transfer-Encoding") is not null || request.Header("Content-Length") is not (null or "0"))
            return Answer.Refusal("400 Bad Request", "A WebSocket request has no body.");
        if (!request.HasToken("Upgrade", "websocket", StringComparison.OrdinalIgnoreCase)
            || !request.HasToken("Connection", "upgrade", StringComparison.OrdinalIgnoreCase))
            return Answer.Refusal("426 Upgrade Required", "Only WebSocket is spoken here.", "Upgrade: websocket\r\nConnection: Upgrade, close\r\n");
        if (request.Header("Sec-WebSocket-Version") != "13")
            return Answer.Refusal("426 Upgrade Required", "WebSocket version 13 is needed.", "Sec-WebSocket-Version: 13\r\nConnection: close\r\n");
        if (!TryAcceptKey(request.Header("Sec-WebSocket-Key"), out var accept))
            return Answer.Refusal("400 Bad Request", "Sec-WebSocket-Key is not 16 bytes in base64.");
        if (!request.HasToken("Sec-WebSocket-Protocol", Protocol, StringComparison.Ordinal))
            return Answer.Refusal("400 Bad Request", "The subprotocol mqtt is needed."); // MQTT-6.0.0-3
        if (!IsOriginAllowed(request.Header("Origin"), host, options.Origins))
            return Answer.Refusal("403 Forbidden", "Pages of this origin may not connect.");
        return Answer.Acceptance(accept);
    }

    private static async ValueTask<Answer?> AnswerAsync(Stream stream, MqttWebSocketOptions options)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(UpgradeRequest.MaximumBytes);
        try
        {
            var count = 0;
            while (count < UpgradeRequest.MaximumBytes)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(count, UpgradeRequest.MaximumBytes - count));
                if (read == 0)
                    return null;
                count += read;
                var length = UpgradeRequest.LengthOf(buffer.AsSpan(0, count));
                if (length == 0)
                    continue;
                // A client sends nothing more before it has the answer — RFC 6455 §4.1.
                return length == count
                    ? Decide(UpgradeRequest.Parse(buffer.AsSpan(0, length)), options)
                    : Answer.Refusal("400 Bad Request", "Bytes came before the answer to the request.");
            }

            return Answer.Refusal("431 Request Header Fields Too Large", $"The head of the request has more than {UpgradeRequest.MaximumBytes} bytes.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async ValueTask DiscardAsync(Stream stream)
    {
        var buffer = new byte[1024];
        for (var left = MaximumDiscarded; left > 0;)
        {
            var read = await stream.ReadAsync(buffer);
            if (read == 0)
                return;
            left -= read;
        }
    }

    // base64(SHA-1(key + GUID)) — RFC 6455 §4.2.2. SHA-1 proves here that WebSocket is spoken, nothing else.
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 6455 asks for it; nothing rests on its strength.")]
    private static bool TryAcceptKey(string? key, [NotNullWhen(true)] out string? accept)
    {
        accept = null;
        if (key is not { Length: 24 } || !Convert.TryFromBase64String(key, stackalloc byte[18], out var length) || length != 16)
            return false;
        accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        return true;
    }

    // The host that a page came from, and the one it asks for, are both what a name led to; a name can be made to lead here, a number cannot.
    private static bool IsOriginAllowed(string? origin, string host, IReadOnlyList<string> allowed)
    {
        if (origin is null || allowed.Contains("*") || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase))
            return true;
        return Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && Uri.TryCreate($"http://{host}/", UriKind.Absolute, out var here)
            && page.IdnHost.Equals(here.IdnHost, StringComparison.OrdinalIgnoreCase)
            && (here.IdnHost is "localhost" || IPAddress.TryParse(here.IdnHost, out _));
    }

    /// <summary>An HTTP answer.</summary>
    internal sealed record Answer(bool IsAccepted, string Text)
    {
        // The subprotocol is echoed — MQTT-6.0.0-4.
        public static Answer Acceptance(string accept) => new(
            true,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
            $"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {Protocol}\r\n\r\n");

        public static Answer Refusal(string status, string reason, string headers = "Connection: close\r\n") => new(
            false, $"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {reason.Length + 1}\r\n{headers}\r\n{reason}\n");
    }
}
