using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Automation.Server.Workflows;

/// <summary>Lays out JSON by the rules of <see cref="CanonicalFormat"/>.</summary>
internal sealed class CanonicalWriter
{
    private const int Columns = 100;
    private readonly StringBuilder text = new();
    private int indent;
    private int lineStart;

    public byte[] ToArray() => Encoding.UTF8.GetBytes(text.ToString());

    public void End() => text.Append('\n');

    /// <param name="properties">In the order to write.</param>
    /// <param name="value">Writes one property's value.</param>
    /// <param name="oneLine">On one line, if it fits.</param>
    public void Object(IEnumerable<JsonProperty> properties, Action<JsonProperty> value, bool oneLine) =>
        Entries([.. properties], '{', '}', " ", oneLine, property =>
        {
            Quoted(property.Name);
            text.Append(": ");
            value(property);
        });

    /// <inheritdoc cref="Object"/>
    public void List(IEnumerable<JsonElement> items, Action<JsonElement> value, bool oneLine) => Entries([.. items], '[', ']', "", oneLine, value);

    public void Scalar(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.String) Quoted(value.GetString()!);
        else text.Append(value.GetRawText());
    }

    private void Entries<T>(List<T> entries, char open, char close, string padding, bool oneLine, Action<T> write)
    {
        var start = text.Length;
        text.Append(open);
        if (entries.Count == 0)
        {
            text.Append(close);
            return;
        }

        if (oneLine)
        {
            text.Append(padding);
            for (var i = 0; i < entries.Count; i++)
            {
                if (i > 0) text.Append(", ");
                write(entries[i]);
            }

            text.Append(padding).Append(close);
            if (text.Length - lineStart + 1 <= Columns) return;
            text.Length = start + 1;
        }

        indent++;
        for (var i = 0; i < entries.Count; i++)
        {
            if (i > 0) text.Append(',');
            NewLine();
            write(entries[i]);
        }

        indent--;
        NewLine();
        text.Append(close);
    }

    private void NewLine()
    {
        text.Append('\n');
        lineStart = text.Length;
        text.Append(' ', indent * 2);
    }

    private void Quoted(string value)
    {
        text.Append('"');
        foreach (var character in value)
        {
            _ = character switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' or '\u007f' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}"),
                _ => text.Append(character),
            };
        }

        text.Append('"');
    }
}
