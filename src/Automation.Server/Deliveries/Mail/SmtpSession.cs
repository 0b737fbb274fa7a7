using System.Globalization;
using System.Text;

namespace Automation.Server.Deliveries.Mail;

/// <summary>What was said in a session, as far as it is kept: 8 KB of ours, 20 KB of the server's.</summary>
internal sealed class SmtpNotes
{
    private readonly StringBuilder sent = new(), received = new();

    public string Sent => sent.ToString();

    public string Received => received.ToString();

    /// <summary>Of the last reply; null when there was none.</summary>
    public int? Status { get; private set; }

    /// <summary>What a success leaves to be said: recipients that were refused.</summary>
    public string? Remark { get; set; }

    public void Say(string line) => Append(sent, line, RequestHead.Limit);

    public void Hear(int status, string line)
    {
        Status = status;
        Append(received, line, ResponseHead.Limit);
    }

    private static void Append(StringBuilder text, string line, int limit)
    {
        if (text.Length + line.Length < limit) text.Append(line).Append('\n');
    }
}

/// <summary>A server's reply.</summary>
/// <param name="Code">As 250 — RFC 5321 §4.2.</param>
/// <param name="Lines">Its texts.</param>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    public bool IsPositive => Code is >= 200 and < 400;

    /// <summary>Trying again cannot help.</summary>
    public bool IsFinal => Code >= 500;

    public override string ToString() => $"{Code} {string.Join(' ', Lines)}" is { Length: > 300 } text ? text[..300] + "…" : $"{Code} {string.Join(' ', Lines)}";
}

/// <summary>Commands and replies over one connection — RFC 5321 §4.</summary>
/// <param name="stream">To the server; another one after STARTTLS.</param>
/// <param name="notes">Where they are written down.</param>
/// <param name="mask">Takes credentials out of what the server says.</param>
internal sealed class SmtpSession(Stream stream, SmtpNotes notes, Func<string, string> mask)
{
    // RFC 5321 §4.5.3.1.5 allows 512 octets a line; some say more. All that a session hears is bounded.
    private const int LongestLine = 2000, MostLines = 100, MostBytes = 256 * 1024;

    private readonly byte[] buffer = new byte[4096];
    private int start, end, heard;

    public Stream Stream { get; private set; } = stream;

    /// <exception cref="OutboundException">What came is no reply.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async ValueTask<SmtpReply> ReadAsync(CancellationToken cancellation)
    {
        var lines = new List<string>();
        while (true)
        {
            // 250-SIZE 1000, and 250 OK for the last
            var line = await LineAsync(cancellation);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code is < 200 or > 599 || (line.Length > 3 && line[3] is not (' ' or '-')) || lines.Count >= MostLines)
                throw NotSmtp();
            var text = mask(line.Length > 4 ? line[4..] : "");
            notes.Hear(code, $"{line[..3]}{(line.Length > 3 ? line[3] : ' ')}{text}");
            lines.Add(text);
            if (line.Length == 3 || line[3] == ' ') return new SmtpReply(code, lines);
        }
    }

    /// <param name="command">Without its line end.</param>
    /// <param name="shown">In its place in the notes, where it holds credentials.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <inheritdoc cref="ReadAsync"/>
    public async ValueTask<SmtpReply> AskAsync(string command, CancellationToken cancellation, string? shown = null)
    {
        if (command.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0) throw new OutboundException("invalid_message", "An address or name holds a line break.");
        notes.Say(shown ?? command);
        await Stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"), cancellation);
        return await ReadAsync(cancellation);
    }

    /// <summary>Goes on over TLS. What the server said before the handshake is not taken for something said in it (CVE-2011-0411).</summary>
    public async ValueTask SecureAsync(Func<Stream, Task<Stream>> handshake)
    {
        if (end > start) throw new OutboundException("tls_failed", "The mail server, or somebody between, said more than it was asked before TLS began.");
        Stream = await handshake(Stream);
    }

    private async ValueTask<string> LineAsync(CancellationToken cancellation)
    {
        var line = new List<byte>(80);
        while (true)
        {
            while (start < end)
            {
                var next = buffer[start++];
                if (next == '\n') return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
                if (line.Count == LongestLine) throw NotSmtp();
                line.Add(next is < 32 and not (byte)'\r' ? (byte)'?' : next);
            }

            (start, end) = (0, await Stream.ReadAsync(buffer, cancellation));
            heard += end;
            if (end == 0) throw new IOException("The mail server closed the connection.");
            if (heard > MostBytes) throw NotSmtp();
        }
    }

    private static OutboundException NotSmtp() => new("invalid_response", "What the mail server answers is not SMTP, or too much.", final: false);
}
