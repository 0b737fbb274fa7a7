using System.Text.Json;

namespace Automation.Server.Values;

/// <summary>Texts in JSON that comes from outside.</summary>
internal static class JsonText
{
    /// <summary>The string that the reader is at; null when it spells half of a character, which no .NET text can hold.</summary>
    public static string? Of(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
