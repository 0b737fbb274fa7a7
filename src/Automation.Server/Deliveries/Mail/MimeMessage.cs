using System.Globalization;
using System.Net.Mail;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Automation.Server.Deliveries.Mail;

/// <summary>A file that goes with a message.</summary>
internal sealed record MimeAttachment(string Name, string ContentType, ReadOnlyMemory<byte> Content);

/// <summary>A message as it is sent — RFC 5322, MIME 2045 to 2047, names of files by RFC 2231. Everything in it is ASCII in lines of at most 78, but for addresses with other letters.</summary>
/// <param name="Id">Unique and stable: the Message-ID and the boundaries come of it.</param>
/// <param name="Date">When it was written.</param>
/// <param name="From">Who sends it.</param>
/// <param name="To">Whom it is for.</param>
/// <param name="Cc">Who gets it too.</param>
/// <param name="ReplyTo">Where answers go; none for the sender.</param>
/// <param name="Subject">Without line breaks.</param>
/// <param name="Text">The plain text; null for none.</param>
/// <param name="Html">The same as HTML; null for none.</param>
/// <param name="Attachments">Files that go with it.</param>
internal sealed partial record MimeMessage(string Id, DateTimeOffset Date, MailAddress From, IReadOnlyList<MailAddress> To, IReadOnlyList<MailAddress> Cc, IReadOnlyList<MailAddress> ReplyTo, string Subject, string? Text, string? Html, IReadOnlyList<MimeAttachment> Attachments)
{
    private const int LineLength = 76, EncodedWordBytes = 42; // =?utf-8?B?…?= of 42 bytes has 68 characters; 75 are allowed
    private static readonly IdnMapping Idn = new();
    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(" <>\"\\,;:()[]");

    /// <summary>An address as mail servers know it; the domain in ASCII.</summary>
    public static string Plain(MailAddress address) => $"{address.User}@{Idn.GetAscii(address.Host)}";

    /// <summary>Reads <c>name@host</c> or <c>Name &lt;name@host&gt;</c>; null when it is neither, or holds what could begin a header or a command of its own.</summary>
    public static MailAddress? ReadAddress(string text)
    {
        if (text.Length > 400 || text.Any(char.IsControl)) return null;
        var (name, bare) = ("", text.Trim());
        if (bare.EndsWith('>') && bare.LastIndexOf('<') is var open and >= 0) (name, bare) = (bare[..open].Trim(), bare[(open + 1)..^1]);
        if (name is ['"', .., '"']) name = Quoted().Replace(name[1..^1], "$1");
        if (name.AsSpan().IndexOfAny('<', '>') >= 0 || !MailAddress.TryCreate(bare, name, out var address)) return null;
        if ($"{address.User}@{address.Host}" != bare || address.User.AsSpan().IndexOfAny(Special) >= 0 || address.Host.AsSpan().IndexOfAny(Special) >= 0 || address.User.Length > 64) return null;
        try
        {
            return Plain(address).Length <= 254 ? address : null;
        }
        catch (ArgumentException)
        {
            return null; // no domain's name
        }
    }

    public byte[] ToBytes()
    {
        var message = new StringBuilder();
        var seed = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Id)))[..24];
        message.Append(CultureInfo.InvariantCulture, $"Date: {Date.UtcDateTime:ddd, dd MMM yyyy HH:mm:ss} +0000\r\n");
        Addresses(message, "From", [From]);
        Addresses(message, "Reply-To", ReplyTo);
        Addresses(message, "To", To);
        Addresses(message, "Cc", Cc);
        if (To.Count + Cc.Count == 0) message.Append("To: undisclosed-recipients:;\r\n");
        message.Append("Subject: ").Append(Words(Subject, "Subject: ".Length)).Append("\r\n");
        message.Append(CultureInfo.InvariantCulture, $"Message-ID: <{LocalId(Id)}.{seed}@{Idn.GetAscii(From.Host)}>\r\n");
        message.Append("MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"); // RFC 3834: no answers of machines
        if (Attachments.Count == 0)
        {
            Body(message, seed);
        }
        else
        {
            // "=_" occurs in no line of quoted-printable or Base64, so no boundary occurs in a part.
            message.Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=\"=_{seed}m\"\r\n\r\n--=_{seed}m\r\n");
            Body(message, seed);
            foreach (var attachment in Attachments)
            {
                message.Append(CultureInfo.InvariantCulture, $"\r\n--=_{seed}m\r\nContent-Type: {attachment.ContentType}\r\nContent-Disposition: attachment;{FileName(attachment.Name)}\r\nContent-Transfer-Encoding: base64\r\n\r\n");
                Base64Lines(message, attachment.Content.Span);
            }

            message.Append(CultureInfo.InvariantCulture, $"\r\n--=_{seed}m--\r\n");
        }

        return Encoding.UTF8.GetBytes(message.ToString());
    }

    private void Body(StringBuilder message, string seed)
    {
        if (Text is not null && Html is not null)
        {
            message.Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/alternative; boundary=\"=_{seed}a\"\r\n\r\n--=_{seed}a\r\n");
            Part(message, "plain", Text);
            message.Append(CultureInfo.InvariantCulture, $"\r\n--=_{seed}a\r\n");
            Part(message, "html", Html);
            message.Append(CultureInfo.InvariantCulture, $"\r\n--=_{seed}a--\r\n");
        }
        else
        {
            Part(message, Html is null ? "plain" : "html", Html ?? Text ?? "");
        }
    }

    // Quoted-printable — RFC 2045 §6.7
    private static void Part(StringBuilder message, string kind, string text)
    {
        message.Append(CultureInfo.InvariantCulture, $"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            var length = 0;
            var bytes = Encoding.UTF8.GetBytes(line);
            for (var at = 0; at < bytes.Length; at++)
            {
                var isLast = at == bytes.Length - 1;
                var plain = bytes[at] is > 32 and < 127 and not (byte)'=' || (bytes[at] is (byte)' ' or (byte)'\t' && !isLast);
                var width = plain ? 1 : 3;
                if (length + width > LineLength - 1)
                {
                    message.Append("=\r\n");
                    length = 0;
                }

                if (plain) message.Append((char)bytes[at]);
                else message.Append('=').Append(bytes[at].ToString("X2", CultureInfo.InvariantCulture));
                length += width;
            }

            message.Append("\r\n");
        }
    }

    private static void Base64Lines(StringBuilder message, ReadOnlySpan<byte> content)
    {
        for (var at = 0; at < content.Length; at += LineLength / 4 * 3)
            message.Append(Convert.ToBase64String(content.Slice(at, Math.Min(LineLength / 4 * 3, content.Length - at)))).Append("\r\n");
    }

    private static void Addresses(StringBuilder message, string header, IReadOnlyList<MailAddress> addresses)
    {
        if (addresses.Count == 0) return;
        message.Append(header).Append(": ");
        foreach (var (index, address) in addresses.Index())
        {
            if (index > 0) message.Append(",\r\n ");
            if (address.DisplayName.Length == 0)
            {
                message.Append(Plain(address));
                continue;
            }

            message.Append(Phrase(address.DisplayName, header.Length + 2)).Append("\r\n <").Append(Plain(address)).Append('>');
        }

        message.Append("\r\n");
    }

    /// <summary>A name before an address: quoted where ASCII and short, else as encoded words.</summary>
    private static string Phrase(string name, int at) =>
        Ascii.IsValid(name) && name.Length < 60 ? "\"" + name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"" : Encoded(name, at);

    /// <summary>Text of a header: as it is where it is short ASCII that nobody takes for an encoded word.</summary>
    private static string Words(string text, int at) =>
        Ascii.IsValid(text) && at + text.Length <= 78 && !text.Contains("=?", StringComparison.Ordinal) ? text : Encoded(text, at);

    // =?utf-8?B?…?=, each of whole characters, parted by folds — RFC 2047 §2, §5
    private static string Encoded(string text, int at)
    {
        var words = new StringBuilder();
        var word = new List<byte>();
        var room = Math.Min(EncodedWordBytes, (78 - at - 12) / 4 * 3);
        Span<byte> one = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var length = rune.EncodeToUtf8(one);
            if (word.Count + length > room)
            {
                Flush(words, word);
                words.Append("\r\n ");
                room = EncodedWordBytes;
            }

            word.AddRange(one[..length]);
        }

        Flush(words, word);
        return words.ToString();

        static void Flush(StringBuilder words, List<byte> word)
        {
            words.Append("=?utf-8?B?").Append(Convert.ToBase64String([.. word])).Append("?=");
            word.Clear();
        }
    }

    // filename*0*=utf-8''…; filename*1*=… — RFC 2231 §3, §4
    private static string FileName(string name)
    {
        if (Ascii.IsValid(name) && name.Length < 60 && name.AsSpan().IndexOfAny("\"\\") < 0) return $"\r\n filename=\"{name}\"";
        var parts = new StringBuilder();
        var encoded = Uri.EscapeDataString(name).Replace("'", "%27", StringComparison.Ordinal).Replace("(", "%28", StringComparison.Ordinal).Replace(")", "%29", StringComparison.Ordinal).Replace("*", "%2A", StringComparison.Ordinal);
        for (int at = 0, number = 0; at < encoded.Length; number++)
        {
            var length = Math.Min(54, encoded.Length - at);
            if (at + length < encoded.Length && encoded.AsSpan(at + length - 2, 2).IndexOf('%') is var cut and >= 0) length -= 2 - cut; // not within %XX
            parts.Append(CultureInfo.InvariantCulture, $"{(number > 0 ? ";" : "")}\r\n filename*{number}*={(number == 0 ? "utf-8''" : "")}{encoded.AsSpan(at, length)}");
            at += length;
        }

        return parts.ToString();
    }

    private static string LocalId(string id)
    {
        var local = new StringBuilder();
        foreach (var character in id.AsSpan(0, Math.Min(id.Length, 40))) local.Append(char.IsAsciiLetterOrDigit(character) || character is '_' or '-' ? character : '-');
        return local.ToString();
    }

    // A backslash in a quoted string and what it stands before — RFC 5322 §3.2.4
    [GeneratedRegex(@"\\(.)", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();
}
