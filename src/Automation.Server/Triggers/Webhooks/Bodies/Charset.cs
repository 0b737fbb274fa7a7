using System.Text;
using System.Text.Unicode;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>The character sets a body may be in: utf-8, us-ascii, iso-8859-1 and utf-16, the ones every platform has.</summary>
internal static class Charset
{
    public const string Known = "utf-8, us-ascii, iso-8859-1 and utf-16";

    private static readonly UnicodeEncoding LittleEndian = new(bigEndian: false, byteOrderMark: true, throwOnInvalidBytes: true);
    private static readonly UnicodeEncoding BigEndian = new(bigEndian: true, byteOrderMark: true, throwOnInvalidBytes: true);

    public static bool IsKnown(string? charset) => IsUtf8(charset) || Find(charset!) is not null;

    /// <summary>
    /// The body as valid UTF-8 without a byte order mark: the same memory when it is in UTF-8 already, else a copy. us-ascii is read as UTF-8.
    /// </summary>
    /// <returns>False, with a reason, when the charset is unknown or the bytes are not text in it.</returns>
    public static bool TryToUtf8(string? charset, ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> utf8, out string reason)
    {
        utf8 = default;
        reason = "";
        if (IsUtf8(charset))
        {
            utf8 = body.Span.StartsWith("\uFEFF"u8) ? body[3..] : body;
            if (Utf8.IsValid(utf8.Span)) return true;
            reason = "The body is not valid UTF-8.";
            return false;
        }

        if (Find(charset!) is not { } encoding)
        {
            reason = $"The charset \"{charset}\" is not known; send {Known}.";
            return false;
        }

        try
        {
            if (encoding == LittleEndian && body.Span is [0xFE, 0xFF, ..]) encoding = BigEndian;
            if (encoding is UnicodeEncoding && body.Span.StartsWith(encoding.Preamble)) body = body[2..];
            utf8 = Encoding.UTF8.GetBytes(encoding.GetString(body.Span));
            return true;
        }
        catch (DecoderFallbackException)
        {
            reason = $"The body is not valid {charset}.";
            return false;
        }
    }

    private static bool IsUtf8(string? charset) => charset is null || Is(charset, "utf-8") || Is(charset, "utf8") || Is(charset, "us-ascii") || Is(charset, "ascii");

    private static Encoding? Find(string charset) =>
        Is(charset, "iso-8859-1") || Is(charset, "latin1") ? Encoding.Latin1
        : Is(charset, "utf-16") || Is(charset, "utf-16le") ? LittleEndian // without a byte order mark little-endian, as browsers read it
        : Is(charset, "utf-16be") ? BigEndian
        : null;

    private static bool Is(string charset, string name) => charset.Equals(name, StringComparison.OrdinalIgnoreCase);
}
