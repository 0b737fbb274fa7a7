using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Automation.Server.Triggers.Webhooks;

/// <summary>A request's body as a whole, or why it was not read to its end.</summary>
internal readonly record struct RequestBody(ReadOnlyMemory<byte> Bytes, Refusal? Refusal = null)
{
    public static readonly RequestBody NoRoom = new(default, Refusal.RetryLater("Too much of other requests is being received; nothing was stored. Send it again after a second."));

    /// <summary>The body, in an array of exactly its size; a refusal when it is larger than <paramref name="limit"/> bytes, or when <paramref name="share"/> has no room for it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">Bytes.</param>
    /// <param name="share">Where the memory is counted.</param>
    /// <param name="patience">From the first byte to the last.</param>
    /// <param name="time">Measures it.</param>
    /// <exception cref="BadHttpRequestException">The sender broke the HTTP framing, or sent too slowly.</exception>
    /// <exception cref="IOException">The sender went away.</exception>
    public static async ValueTask<RequestBody> ReadAsync(HttpContext context, long limit, BodyBudget.Share share, TimeSpan patience, TimeProvider time)
    {
        var length = context.Request.ContentLength;
        if (length > limit) return TooLarge(limit);
        if (length is 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return default;
        if (!share.HasRoom(length ?? 0)) return NoRoom;

        // The trigger's limit stands for the server-wide one, which may be smaller.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server) server.MaxRequestBodySize = null;
        using var slow = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(slow.Token, context.RequestAborted);
        try
        {
            return await ReadAsync(context.Request.BodyReader, length, limit, share, either.Token);
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return new RequestBody(default, new Refusal(StatusCodes.Status408RequestTimeout, $"The body was not there within {patience.TotalSeconds} seconds; nothing was stored.", "Connection", "close"));
        }
    }

    // Memory is taken as the bytes come: a length that is only announced costs nothing.
    private static async ValueTask<RequestBody> ReadAsync(PipeReader reader, long? length, long limit, BodyBudget.Share share, CancellationToken cancellation)
    {
        byte[] body = [];
        var filled = 0;
        while (filled != length)
        {
            var read = await reader.ReadAsync(cancellation);
            var size = filled + read.Buffer.Length;
            var refusal = size > limit ? TooLarge(limit) : TryGrow(ref body, size, length ?? limit, share) ? default : NoRoom;
            if (refusal.Refusal is null) read.Buffer.CopyTo(body.AsSpan(filled));
            reader.AdvanceTo(read.Buffer.End);
            if (refusal.Refusal is not null) return refusal;
            filled = (int)size;
            if (!read.IsCompleted) continue;
            if (filled < length) throw new BadHttpRequestException("The body ended early.");
            break;
        }

        return new RequestBody(filled == body.Length ? body : body.AsSpan(0, filled).ToArray());
    }

    private static bool TryGrow(ref byte[] body, long size, long most, BodyBudget.Share share)
    {
        if (size <= body.Length) return true;
        var capacity = Math.Min(Math.Max(size, body.Length * 2L), most);
        if (!share.TryTake(capacity - body.Length)) return false;
        Array.Resize(ref body, (int)capacity);
        return true;
    }

    private static RequestBody TooLarge(long limit) => new(default, Refusal.TooLarge(limit));
}
