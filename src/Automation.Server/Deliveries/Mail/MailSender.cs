using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Automation.Server.Deliveries.Mail;

/// <summary>Hands a message to a mail server (SMTP, RFC 5321; STARTTLS, RFC 3207; AUTH PLAIN and LOGIN, RFC 4954 and 4616; SMTPUTF8, RFC 6531), each on a connection of its own.</summary>
/// <remarks>
/// 4yz is tried again, 5yz is for good, but for a refused sign-in, which an operator can mend. A recipient that is put off holds the message back for all of them, so that nobody gets it twice; the last attempt hands it
/// over for those that the server takes. Recipients that are refused for good are told of, and hold nobody up. At least once: where the answer to the message is lost it is sent again, with the same Message-ID.
/// </remarks>
internal sealed class MailSender(OutboundTcp network, TimeProvider time)
{
    /// <summary>Method and headers of a delivery that is a message: its envelope.</summary>
    public const string Method = "MAIL", From = "MAIL FROM", To = "RCPT TO";

    /// <param name="address">Of the server, secrets put in.</param>
    /// <param name="from">Address that failures are reported to.</param>
    /// <param name="to">Addresses that get it.</param>
    /// <param name="message">As <see cref="MimeMessage"/> writes it.</param>
    /// <param name="isLast">Whether there is no attempt after this.</param>
    /// <param name="notes">Written down as it goes.</param>
    /// <param name="timing">Written down as it goes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="OutboundException">Why the message was not taken.</exception>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async Task SendAsync(SmtpAddress address, string from, IReadOnlyList<string> to, ReadOnlyMemory<byte> message, bool isLast, SmtpNotes notes, ConnectionTiming timing, CancellationToken cancellation)
    {
        using var connecting = new CancellationTokenSource(network.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(connecting.Token, cancellation);
        Stream stream;
        try
        {
            stream = await network.ConnectAsync(new DnsEndPoint(address.Host, address.Port), timing, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new OutboundException("connection_failed", "No connection to the mail server: no answer within the connect time-out.");
        }

        var name = LocalName((NetworkStream)stream);
        await using var plain = stream;
        if (address.ImplicitTls) stream = await SecureAsync(stream, address.Host, timing, cancellation);
        await using var first = stream;
        var session = new SmtpSession(stream, notes, text => Masked(text, address));
        Require(await session.ReadAsync(cancellation), "did not greet");
        var offers = await GreetAsync(session, name, cancellation);
        if (address.StartTls)
        {
            if (!offers.ContainsKey("STARTTLS")) throw new OutboundException("tls_failed", "The mail server offers no STARTTLS. Use smtps://, or write ?tls=none at the end of the address where the network between is trusted.");
            Require(await session.AskAsync("STARTTLS", cancellation), "does not begin TLS");
            await session.SecureAsync(clear => SecureAsync(clear, address.Host, timing, cancellation));
            offers = await GreetAsync(session, name, cancellation); // what was said in the clear does not count — RFC 3207 §4.2
        }

        await using var last = session.Stream;
        await SignInAsync(session, address, offers, cancellation);
        await HandOverAsync(session, from, to, message, isLast, offers, notes, cancellation);
        try
        {
            await session.Stream.WriteAsync("QUIT\r\n"u8.ToArray(), CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It took the message and is gone: that is no reason to send it again.
        }
    }

    private static async Task HandOverAsync(SmtpSession session, string from, IReadOnlyList<string> to, ReadOnlyMemory<byte> message, bool isLast, Dictionary<string, string> offers, SmtpNotes notes, CancellationToken cancellation)
    {
        if (offers.TryGetValue("SIZE", out var size) && long.TryParse(size, out var most) && most > 0 && message.Length > most)
            throw new OutboundException("receiver_refused", $"The mail server takes messages of up to {most} bytes; this one has {message.Length}.", final: true);
        var parameters = offers.ContainsKey("SIZE") ? $" SIZE={message.Length}" : "";
        if (message.Span.ContainsAnyInRange((byte)0x80, (byte)0xff) || !Ascii.IsValid(from) || to.Any(t => !Ascii.IsValid(t)))
        {
            if (!offers.ContainsKey("SMTPUTF8") || !offers.ContainsKey("8BITMIME")) throw new OutboundException("receiver_refused", "The mail server takes no addresses with letters beyond ASCII (SMTPUTF8).", final: true);
            parameters += " BODY=8BITMIME SMTPUTF8";
        }

        Require(await session.AskAsync($"MAIL FROM:<{from}>{parameters}", cancellation), "does not take the sender");
        var refused = new List<string>();
        SmtpReply? putOff = null, refusal = null;
        foreach (var recipient in to)
        {
            var reply = await session.AskAsync($"RCPT TO:<{recipient}>", cancellation);
            if (reply.IsPositive) continue;
            if (reply.IsFinal) refusal = reply;
            else putOff = reply;
            refused.Add($"{recipient}: {reply}");
        }

        if (refused.Count == to.Count) Require(putOff ?? refusal!, to.Count == 1 ? "does not take the recipient" : "takes none of the recipients");
        if (putOff is not null && !isLast) Require(putOff, "puts a recipient off, so the message waits for all");
        Require(await session.AskAsync("DATA", cancellation), "does not take the message");
        await session.Stream.WriteAsync(Stuffed(message.Span), cancellation);
        notes.Say($"({message.Length} bytes)");
        Require(await session.ReadAsync(cancellation), "does not take the message");
        if (refused.Count > 0) notes.Remark = $"Taken for {to.Count - refused.Count} of {to.Count} recipients; not for {string.Join("; ", refused)}";
    }

    /// <summary>What the server offers, by keyword.</summary>
    private static async Task<Dictionary<string, string>> GreetAsync(SmtpSession session, string name, CancellationToken cancellation)
    {
        var reply = await session.AskAsync("EHLO " + name, cancellation);
        if (reply.Code is 500 or 502) reply = await session.AskAsync("HELO " + name, cancellation); // RFC 5321 §3.2
        Require(reply, "does not greet back");
        var offers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in reply.Lines.Skip(1))
        {
            var words = line.Split(' ', 2);
            offers[words[0]] = words.Length > 1 ? words[1] : "";
        }

        return offers;
    }

    private static async Task SignInAsync(SmtpSession session, SmtpAddress address, Dictionary<string, string> offers, CancellationToken cancellation)
    {
        if (address.User.Length == 0) return;
        var ways = (offers.GetValueOrDefault("AUTH") ?? "").Split(' ');
        SmtpReply reply;
        if (ways.Contains("PLAIN", StringComparer.OrdinalIgnoreCase))
        {
            reply = await session.AskAsync("AUTH PLAIN " + Base64($"\0{address.User}\0{address.Password}"), cancellation, "AUTH PLAIN •••");
        }
        else if (ways.Contains("LOGIN", StringComparer.OrdinalIgnoreCase))
        {
            reply = await session.AskAsync("AUTH LOGIN", cancellation);
            if (reply.Code == 334) reply = await session.AskAsync(Base64(address.User), cancellation, "•••");
            if (reply.Code == 334) reply = await session.AskAsync(Base64(address.Password), cancellation, "•••");
        }
        else
        {
            throw new OutboundException("login_failed", "The mail server offers no sign-in by PLAIN or LOGIN, and the address has a user.");
        }

        if (reply.Code != 235) throw new OutboundException("login_failed", $"The mail server refuses the sign-in: {reply}");
    }

    private async Task<Stream> SecureAsync(Stream stream, string host, ConnectionTiming timing, CancellationToken cancellation)
    {
        var secured = new SslStream(stream, leaveInnerStreamOpen: true);
        try
        {
            await secured.AuthenticateAsClientAsync(network.TlsTo(host), cancellation);
            timing.Secured();
            return secured;
        }
        catch (AuthenticationException error)
        {
            await secured.DisposeAsync();
            throw new OutboundException("tls_failed", $"No secure connection to the mail server: {(error.InnerException is null ? error.Message : "the handshake failed.")}");
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
    }

    private static void Require(SmtpReply reply, string what)
    {
        if (!reply.IsPositive) throw new OutboundException("receiver_refused", $"The mail server {what}: {reply}", reply.IsFinal);
    }

    // A line that begins with a dot gets another, and a dot alone ends the message — RFC 5321 §4.5.2
    private static byte[] Stuffed(ReadOnlySpan<byte> message)
    {
        using var stuffed = new MemoryStream(message.Length + 64);
        var atStart = true;
        foreach (var next in message)
        {
            if (atStart && next == '.') stuffed.WriteByte((byte)'.');
            stuffed.WriteByte(next);
            atStart = next == '\n';
        }

        stuffed.Write(atStart ? ".\r\n"u8 : "\r\n.\r\n"u8);
        return stuffed.ToArray();
    }

    // An address literal: this machine's name is often none that others know — RFC 5321 §4.1.3
    private static string LocalName(NetworkStream stream)
    {
        var address = ((IPEndPoint)stream.Socket.LocalEndPoint!).Address;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        address = new IPAddress(address.GetAddressBytes()); // without its scope
        return address.AddressFamily is AddressFamily.InterNetworkV6 ? $"[IPv6:{address}]" : $"[{address}]";
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Masked(string text, SmtpAddress address)
    {
        if (address.Password.Length == 0) return text;
        return text.Replace(address.Password, "•••", StringComparison.Ordinal).Replace(Base64(address.Password), "•••", StringComparison.Ordinal).Replace(Base64($"\0{address.User}\0{address.Password}"), "•••", StringComparison.Ordinal);
    }
}
