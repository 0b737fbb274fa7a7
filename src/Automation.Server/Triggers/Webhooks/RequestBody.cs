using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>Reads a request's body as a whole, up to a limit.</summary>
internal static class RequestBody
{
    /// <summary>The body, in an array of exactly its size when the sender named it; null when it is larger than <paramref name="limit"/> bytes.</summary>
    /// <exception cref="BadHttpRequestException">The sender broke the HTTP framing, or sent too slowly.</exception>
    /// <exception cref="IOException">The sender went away.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, long limit)
    {
        var length = context.Request.ContentLength;
        if (length > limit) return null;
        if (length is 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return ReadOnlyMemory<byte>.Empty;

        // The trigger's limit stands for the server-wide one, which may be smaller.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = null;
        return length is { } known
            ? await ReadKnownAsync(context.Request.BodyReader, (int)known, context.RequestAborted)
            : await ReadChunkedAsync(context.Request.BodyReader, limit, context.RequestAborted);
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadKnownAsync(PipeReader reader, int length, CancellationToken cancellation)
    {
        var body = new byte[length];
        var filled = 0;
        while (filled < length)
        {
            var read = await reader.ReadAsync(cancellation);
            read.Buffer.CopyTo(body.AsSpan(filled));
            filled += (int)read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted && filled < length) throw new BadHttpRequestException("The body ended early.");
        }

        return body;
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadChunkedAsync(PipeReader reader, long limit, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await reader.ReadAsync(cancellation);
            var isTooLarge = body.WrittenCount + read.Buffer.Length > limit;
            if (!isTooLarge)
            {
                foreach (var part in read.Buffer) body.Write(part.Span);
            }

            reader.AdvanceTo(read.Buffer.End);
            if (isTooLarge) return null;
            if (read.IsCompleted) return body.WrittenSpan.ToArray();
        }
    }
}
