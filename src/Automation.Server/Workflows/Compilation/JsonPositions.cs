using System.Text;
using System.Text.Json;

namespace Automation.Server.Workflows.Compilation;

/// <summary>Where in a JSON file each pointer's value and name begin, and which names occur twice.</summary>
internal sealed class JsonPositions
{
    private readonly byte[] file;
    private readonly Dictionary<string, (int Name, int Value)> offsets = new(StringComparer.Ordinal);
    private readonly List<(string Pointer, int Offset)> duplicates = [];

    private JsonPositions(byte[] file) => this.file = file;

    /// <summary>Names that occur twice in their object, with the place of the later one.</summary>
    public IEnumerable<(string Pointer, int Line, int Column)> Duplicates => duplicates.Select(d => (d.Pointer, LineAndColumn(d.Offset).Line, LineAndColumn(d.Offset).Column));

    /// <param name="file">Valid JSON.</param>
    public static JsonPositions Of(byte[] file)
    {
        var positions = new JsonPositions(file);
        var reader = new Utf8JsonReader(file);
        reader.Read();
        positions.Visit(ref reader, "", 0);
        return positions;
    }

    /// <summary>The place of the value at a pointer, or of its name; of the nearest value above when there is none.</summary>
    public (int Line, int Column) Of(string pointer, bool atName)
    {
        while (true)
        {
            if (offsets.TryGetValue(pointer, out var found)) return LineAndColumn(atName ? found.Name : found.Value);
            if (pointer.Length == 0) return (1, 1);
            pointer = pointer[..Math.Max(0, pointer.LastIndexOf('/'))];
        }
    }

    /// <summary>1-based; the column counts UTF-16 units, as editors do.</summary>
    public (int Line, int Column) LineAndColumn(int offset) => LineAndColumn(file, offset);

    /// <inheritdoc cref="LineAndColumn(int)"/>
    public static (int Line, int Column) LineAndColumn(ReadOnlySpan<byte> file, int offset)
    {
        var before = file[..Math.Min(offset, file.Length)];
        var lineStart = before.LastIndexOf((byte)'\n') + 1;
        return (before.Count((byte)'\n') + 1, Encoding.UTF8.GetCharCount(before[lineStart..]) + 1);
    }

    private void Visit(ref Utf8JsonReader reader, string pointer, int nameOffset)
    {
        offsets.TryAdd(pointer, (nameOffset, (int)reader.TokenStartIndex));
        if (reader.TokenType is JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
            {
                var child = pointer + "/" + JsonPointer.Escape(reader.GetString()!);
                var at = (int)reader.TokenStartIndex;
                if (offsets.ContainsKey(child)) duplicates.Add((child, at));
                reader.Read();
                Visit(ref reader, child, at);
            }
        }
        else if (reader.TokenType is JsonTokenType.StartArray)
        {
            for (var index = 0; reader.Read() && reader.TokenType is not JsonTokenType.EndArray; index++)
            {
                Visit(ref reader, $"{pointer}/{index}", (int)reader.TokenStartIndex);
            }
        }
    }
}
