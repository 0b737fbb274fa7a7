using System.Buffers;
using System.Security.Cryptography;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Codes as they are written in headers. Hexadecimal in either letter case; base64 with its padding, as RFC 4648 §4 has it.</summary>
internal static class MacText
{
    /// <summary>Null, with a reason, when the text is not a code of that many bytes.</summary>
    public static byte[]? Decode(ReadOnlySpan<char> text, MacEncoding encoding, int size, string where, out VerificationResult rejected)
    {
        rejected = default;
        var bytes = new byte[size];
        if (TryDecode(text, encoding, bytes)) return bytes;
        rejected = VerificationResult.Rejected($"{where} is not a {size * 8}-bit code in {Words(encoding)}{Hint(text, encoding, size)}");
        return null;
    }

    /// <summary>Those of the texts that are codes of that many bytes.</summary>
    public static List<byte[]> DecodeAll(IEnumerable<string> texts, MacEncoding encoding, int size)
    {
        var codes = new List<byte[]>(1);
        foreach (var text in texts)
        {
            var code = new byte[size];
            if (TryDecode(text, encoding, code)) codes.Add(code);
        }

        return codes;
    }

    public static bool TryDecode(ReadOnlySpan<char> text, MacEncoding encoding, Span<byte> code) => encoding is MacEncoding.Base64
        ? Convert.TryFromBase64Chars(text, code, out var length) && length == code.Length
        : Convert.FromHexString(text, code, out _, out length) is OperationStatus.Done && length == code.Length;

    public static string Encode(ReadOnlySpan<byte> code, MacEncoding encoding) => encoding is MacEncoding.Base64 ? Convert.ToBase64String(code) : Convert.ToHexStringLower(code);

    private static string Words(MacEncoding encoding) => encoding is MacEncoding.Hex ? "hexadecimal" : "base64";

    // What senders get wrong most; nothing is taken that the scheme does not allow.
    private static string Hint(ReadOnlySpan<char> text, MacEncoding encoding, int size)
    {
        Span<byte> code = stackalloc byte[HMACSHA512.HashSizeInBytes];
        var other = encoding is MacEncoding.Hex ? MacEncoding.Base64 : MacEncoding.Hex;
        if (TryDecode(text, other, code[..size])) return $"; it is {Words(other)}";
        return encoding is MacEncoding.Base64 && TryDecode($"{text}{new string('=', (4 - (text.Length % 4)) % 4)}", encoding, code[..size]) ? "; its padding (=) is missing" : "";
    }
}
