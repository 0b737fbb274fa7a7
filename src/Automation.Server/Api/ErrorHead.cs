using System.Text;
using System.Text.Json;

namespace Automation.Server.Api;

/// <summary>Code and message of a run's error, without its details, which may be large.</summary>
internal readonly record struct ErrorHead(string Code, string Message)
{
    /// <summary>So many characters of a stored error are read.</summary>
    public const int Length = 4096;

    private const int LongestMessage = 500;

    // Shorter words with digits are names, as utf8 and http2.
    private const int ShortestId = 8;

    /// <param name="json">The beginning of <c>{ "code": string, "message": string, … }</c>; null for no error.</param>
    public static ErrorHead Of(string? json)
    {
        if (json is null) return new("", "");
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), isFinalBlock: false, default);
        var (code, message) = ("", "");
        while (reader.Read() && (code.Length == 0 || message.Length == 0))
        {
            if (reader.TokenType is not JsonTokenType.PropertyName || reader.CurrentDepth != 1) continue;
            var (isCode, isMessage) = (reader.ValueTextEquals("code"), reader.ValueTextEquals("message"));
            if (!reader.Read()) break;
            if (isCode) code = reader.GetString() ?? "";
            else if (isMessage) message = reader.GetString() ?? "";
        }

        return new(code, message.Length <= LongestMessage ? message : message[..LongestMessage] + "…");
    }

    /// <summary>The message with … in place of numbers and ids, so that the same mistake is the same text. An HTTP status stays.</summary>
    public static string Folded(string message)
    {
        var folded = new StringBuilder(message.Length);
        for (var at = 0; at < message.Length;)
        {
            var end = at;
            while (end < message.Length && (char.IsLetterOrDigit(message[end]) || message[end] is '_' or '-')) end++;
            if (end == at) folded.Append(message[at++]);
            else
            {
                var word = message.AsSpan(at, end - at);
                if (!IsNumberOrId(word)) folded.Append(word);
                else if (!IsRest(folded)) folded.Append('…');
                at = end;
            }
        }

        return folded.ToString();
    }

    private static bool IsNumberOrId(ReadOnlySpan<char> word)
    {
        if (word is [>= '1' and <= '5', >= '0' and <= '9', >= '0' and <= '9']) return false; // an HTTP status
        if (char.IsAsciiDigit(word.TrimStart('-') is [var first, ..] ? first : ' ')) return true;
        var digits = 0;
        foreach (var character in word) digits += char.IsAsciiDigit(character) ? 1 : 0;
        return word.Length >= ShortestId && digits >= 2;
    }

    /// <summary>Whether a number only goes on, as behind the point of 1.5 or a colon of 08:00; then that sign goes, too.</summary>
    private static bool IsRest(StringBuilder folded)
    {
        if (folded.Length < 2 || folded[^1] is not ('.' or ':' or ',') || folded[^2] != '…') return false;
        folded.Length--;
        return true;
    }
}
