using System.Text;
using System.Text.Json;

namespace Automation.Server.Workflows.Compilation;

/// <summary>Reads the text of a file that people write as JSON, and says where it is none.</summary>
internal static class JsonFile
{
    /// <param name="json">Valid UTF-8 without a byte order mark.</param>
    /// <param name="noun">What the file should be, as <c>workflow</c>.</param>
    /// <param name="problems">Told of every name that occurs twice, or of the place where the text is no JSON.</param>
    /// <returns>Null when the text is no JSON, or holds half of a character. With names that occur twice there is a document all the same.</returns>
    public static JsonDocument? Parse(byte[] json, string noun, ProblemList problems)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException broken)
        {
            var (line, column) = JsonPositions.LineAndColumn(json, OffsetOf(json, broken));
            var message = string.IsNullOrWhiteSpace(Encoding.UTF8.GetString(json)) ? $"The file is empty; write a {noun} into it." : $"The file is not valid JSON: {FirstSentence(broken.Message)} Look at line {line}, column {column}.";
            problems.Add(new Problem(problems.File, "", message, line, column));
            return null;
        }

        if (HalfCharacter(json) is { } half)
        {
            document.Dispose();
            var (line, column) = JsonPositions.LineAndColumn(json, half);
            problems.Add(new Problem(problems.File, "", "The string holds half of a character as a \\u escape; write the character itself.", line, column));
            return null;
        }

        if (HasDuplicates(json))
        {
            foreach (var (pointer, line, column) in JsonPositions.Of(json).Duplicates)
                problems.Add(new Problem(problems.File, pointer, "The name occurs twice in its object; remove one.", line, column));
        }

        return document;
    }

    /// <summary>Offset of the first string with a lone surrogate, which JSON can spell but text cannot hold; null when there is none.</summary>
    public static int? HalfCharacter(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\u"u8) < 0) return null;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Values.JsonFormat.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                return (int)reader.TokenStartIndex;
            }
        }

        return null;
    }

    private static bool HasDuplicates(byte[] json)
    {
        try
        {
            JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false }).Dispose();
            return false;
        }
        catch (JsonException)
        {
            return true;
        }
    }

    private static int OffsetOf(byte[] json, JsonException broken)
    {
        var offset = 0;
        for (var line = broken.LineNumber ?? 0; line > 0 && offset < json.Length; line--) offset = Array.IndexOf(json, (byte)'\n', offset) + 1;
        return offset + (int)(broken.BytePositionInLine ?? 0);
    }

    private static string FirstSentence(string message) => message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and >= 0 ? message[..end] : message;
}
