using System.Text.Json;
using Automation.Server.Values;

namespace Automation.Server.Triggers.Webhooks.Bodies;

/// <summary>A JSON body: the value itself, its text kept as sent.</summary>
internal static class JsonBody
{
    /// <summary>Deepest nesting taken; what the server's own readers and most receivers allow.</summary>
    public const int MaxDepth = 64;

    // Without comments and trailing commas, which is the reader's default.
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    public static bool TryParse(string? charset, ReadOnlyMemory<byte> body, out Json data, out string reason)
    {
        data = default;
        return Charset.TryToUtf8(charset, body, out var utf8, out reason) && TryParse(utf8, out data, out reason);
    }

    /// <summary>Walks over the bytes once; builds nothing, copies nothing. <paramref name="utf8"/> has to be valid UTF-8.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, out Json data, out string reason)
    {
        data = default;
        reason = "";
        try
        {
            var reader = new Utf8JsonReader(utf8.Span, Strict);
            while (reader.Read())
            {
            }

            data = new Json(utf8);
            return true;
        }
        catch (JsonException problem)
        {
            reason = Describe(problem);
            return false;
        }
    }

    /// <summary>As "The body is not valid JSON at line 1, byte 17: '}' is an invalid start of a value."</summary>
    public static string Describe(JsonException problem)
    {
        var said = problem.Message;
        var place = said.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (place < 0) place = said.IndexOf(" Path:", StringComparison.Ordinal);
        if (place >= 0) said = said[..place];
        return $"The body is not valid JSON at line {(problem.LineNumber ?? 0) + 1}, byte {(problem.BytePositionInLine ?? 0) + 1}: {said}";
    }
}
