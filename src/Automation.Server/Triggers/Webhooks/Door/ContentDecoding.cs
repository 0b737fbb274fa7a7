using System.IO.Compression;

namespace Automation.Server.Triggers.Webhooks.Door;

/// <summary>Takes the <c>Content-Encoding</c> off a body (RFC 9110 §8.4): <c>gzip</c>, <c>deflate</c> or <c>br</c>, one of them.</summary>
internal static class ContentDecoding
{
    public const string Known = "gzip, deflate, br";

    /// <summary>The encoding in lower case; "" for none. Null, when it is not taken.</summary>
    public static string? Of(HttpRequest request) => request.Headers.ContentEncoding switch
    {
        { Count: 0 } => "",
        [{ } single] when single.Trim().ToLowerInvariant() is "identity" or "" => "",
        [{ } single] when single.Trim().ToLowerInvariant() is "gzip" or "x-gzip" or "deflate" or "br" => single.Trim().ToLowerInvariant(),
        _ => null,
    };

    /// <summary>The plain bytes. Stops at <paramref name="limit"/>, whatever the sender's few bytes would become.</summary>
    /// <param name="encoding">As <see cref="Of"/> says.</param>
    /// <param name="body">Encoded.</param>
    /// <param name="limit">Bytes.</param>
    /// <param name="share">Where the memory is counted.</param>
    public static RequestBody Decode(string encoding, ReadOnlyMemory<byte> body, long limit, BodyBudget.Share share)
    {
        try
        {
            using var encoded = new MemoryStream(body.ToArray(), writable: false);
            using Stream decoder = encoding switch
            {
                "br" => new BrotliStream(encoded, CompressionMode.Decompress),
                "deflate" => new ZLibStream(encoded, CompressionMode.Decompress),
                _ => new GZipStream(encoded, CompressionMode.Decompress),
            };
            using var plain = new MemoryStream();
            var buffer = new byte[16 << 10];
            while (decoder.Read(buffer) is var read and > 0)
            {
                if (plain.Length + read > limit) return new RequestBody(default, Refusal.TooLarge(limit));
                if (!share.TryTake(read)) return RequestBody.NoRoom;
                plain.Write(buffer, 0, read);
            }

            return new RequestBody(plain.ToArray());
        }
        // InvalidOperationException: what BrotliStream says of bytes that are not Brotli.
        catch (Exception error) when (error is InvalidDataException or InvalidOperationException or IOException)
        {
            return new RequestBody(default, new Refusal(StatusCodes.Status400BadRequest, $"The body is not {encoding}, as its Content-Encoding says."));
        }
    }
}
