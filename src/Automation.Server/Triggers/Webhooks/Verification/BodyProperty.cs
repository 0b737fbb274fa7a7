using System.Text;
using System.Text.Json;

namespace Automation.Server.Triggers.Webhooks.Verification;

/// <summary>Reads one property of a JSON body without reading the rest into memory.</summary>
internal static class BodyProperty
{
    private const int MaxDepth = 128;

    public static bool Has(ReadOnlyMemory<byte> body, string name) => TryFind(body, name, out _);

    /// <summary>A text or number at the top level; null when it is not there or the body is not a JSON object.</summary>
    public static string? Read(ReadOnlyMemory<byte> body, string name) => TryFind(body, name, out var value) ? value : null;

    private static bool TryFind(ReadOnlyMemory<byte> body, string name, out string? value)
    {
        value = null;
        try
        {
            var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var found = reader.ValueTextEquals(name);
                if (!reader.Read()) return false;
                if (!found)
                {
                    reader.Skip();
                    continue;
                }

                if (reader.TokenType is JsonTokenType.String) value = reader.GetString();
                else if (reader.TokenType is JsonTokenType.Number) value = Encoding.ASCII.GetString(reader.ValueSpan);
                return true;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Not JSON, or text that is not UTF-8: it has no such property.
        }

        return false;
    }
}
