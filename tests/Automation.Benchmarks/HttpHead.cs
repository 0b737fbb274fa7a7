using System.Buffers.Text;

namespace Automation.Benchmarks;

/// <summary>As much of HTTP/1.1 as the load needs: where a message ends. Raw sockets keep the generator's own cost small, which shares the cores.</summary>
internal static class HttpHead
{
    /// <summary>Length of the first message in the buffer, head and body; 0 when it is not complete. Only bodies with a Content-Length.</summary>
    public static int MessageLength(ReadOnlySpan<byte> buffer, out int bodyStart)
    {
        bodyStart = 0;
        var end = buffer.IndexOf("\r\n\r\n"u8);
        if (end < 0) return 0;
        bodyStart = end + 4;
        var head = buffer[..end];
        if (Contains(head, "\r\ntransfer-encoding:"u8)) throw new IOException("The load's HTTP reads no chunked bodies.");
        var length = bodyStart + ContentLength(head);
        return buffer.Length >= length ? length : 0;
    }

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        var at = IndexOf(head, "\r\ncontent-length:"u8);
        if (at < 0) return 0;
        var value = head[(at + "\r\ncontent-length:".Length)..].TrimStart((byte)' ');
        return Utf8Parser.TryParse(value, out int length, out _) ? length : 0;
    }

    private static bool Contains(ReadOnlySpan<byte> head, ReadOnlySpan<byte> lowerName) => IndexOf(head, lowerName) >= 0;

    private static int IndexOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> lowerName)
    {
        for (var from = 0; from < head.Length;)
        {
            var at = head[from..].IndexOf((byte)'\r');
            if (at < 0) return -1;
            from += at;
            if (head.Length - from >= lowerName.Length && System.Text.Ascii.EqualsIgnoreCase(head.Slice(from, lowerName.Length), lowerName)) return from;
            from++;
        }

        return -1;
    }
}
