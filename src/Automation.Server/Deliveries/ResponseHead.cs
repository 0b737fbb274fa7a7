using System.Buffers;
using System.Globalization;
using System.Text;
using Automation.Server.Secrets;

namespace Automation.Server.Deliveries;

/// <summary>Reads what people want to see of an answer: status line, headers and the first bytes of the body, 20 KB at most.</summary>
internal static class ResponseHead
{
    public const int Limit = 20 * 1024;
    private const int UsualSize = 2 * 1024;

    /// <summary>Never fails because of the body: what broke or came too late is simply not in it.</summary>
    /// <remarks>Reads to the end where the body is short, so that the connection can be used again; a longer or endless one is left to the connection's drain limits.</remarks>
    public static async ValueTask<string> ReadAsync(HttpResponseMessage response, SecretRedactor? redactor, CancellationToken cancellation)
    {
        var head = new StringBuilder(512);
        head.Append(CultureInfo.InvariantCulture, $"HTTP/{response.Version.ToString(2)} {(int)response.StatusCode} {response.ReasonPhrase}\n");
        foreach (var (name, values) in response.Headers.NonValidated) AppendHeader(head, name, values);
        foreach (var (name, values) in response.Content.Headers.NonValidated) AppendHeader(head, name, values);
        head.Append('\n');
        var cut = head.Length > Limit || await AppendBodyAsync(head, response.Content, Limit - head.Length, cancellation);
        if (redactor is null && head.Length <= Limit) return head.ToString();
        var text = redactor?.Mask(head.ToString(), cut) ?? head.ToString();
        return text.Length <= Limit ? text : text[..Limit];
    }

    private static void AppendHeader(StringBuilder head, string name, System.Net.Http.Headers.HeaderStringValues values)
    {
        foreach (var value in values) head.Append(name).Append(": ").Append(value).Append('\n');
    }

    /// <summary>Returns true when there was more.</summary>
    private static async ValueTask<bool> AppendBodyAsync(StringBuilder head, HttpContent content, int room, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength == 0) return false;
        var buffer = ArrayPool<byte>.Shared.Rent(content.Headers.ContentLength is < UsualSize ? UsualSize : room + 1);
        var length = 0;
        var ended = false;
        try
        {
            using var stream = await content.ReadAsStreamAsync(cancellation);
            var most = Math.Min(buffer.Length, room + 1);
            while (length < most)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length, most - length), cancellation);
                if (read == 0)
                {
                    ended = true;
                    break;
                }

                length += read;
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or HttpRequestException)
        {
            // The status has been read; that the body broke off does not change what it said.
        }

        var shown = Math.Min(length, room);
        head.Append(Encoding.UTF8.GetString(buffer, 0, shown));
        ArrayPool<byte>.Shared.Return(buffer);
        return !ended;
    }
}
