using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Server.Values;

/// <summary>A number of bytes as workflow files and settings write it: <c>"512B"</c>, <c>"256KB"</c>, <c>"1MB"</c>, <c>"1GB"</c>. 1 KB is 1024 bytes. Never negative.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct ByteSize(long Bytes)
{
    /// <summary>What a size looks like, for JSON Schema; <see cref="TryParse"/> takes the same texts, short of overflow.</summary>
    public const string Pattern = @"^[0-9]+(\.[0-9]+)?(B|KB|MB|GB)$";

    public const string Expected = "a size such as \"512B\", \"256KB\", \"1MB\" or \"1GB\"";

    private static readonly (string Suffix, long Bytes)[] Units = [("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10), ("B", 1)];

    public static bool TryParse(string? text, out ByteSize size)
    {
        size = default;
        if (string.IsNullOrEmpty(text)) return false;
        foreach (var (suffix, unit) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
            var number = text.AsSpan(0, text.Length - suffix.Length);
            // 18 characters keep the product below decimal's range.
            if (number.IsEmpty || number.Length > 18 || !char.IsAsciiDigit(number[0]) || !char.IsAsciiDigit(number[^1])) return false;
            if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)) return false;
            if (value * unit is var bytes && (bytes > long.MaxValue || bytes != decimal.Truncate(bytes))) return false;
            size = new ByteSize((long)bytes);
            return true;
        }

        return false;
    }

    /// <exception cref="FormatException">The text is not a size; the message says what one looks like.</exception>
    public static ByteSize Parse(string? text) =>
        TryParse(text, out var size) ? size : throw new FormatException($"\"{text}\" is not {Expected}.");

    /// <summary>The form with the largest unit that divides it.</summary>
    public override string ToString()
    {
        foreach (var (suffix, unit) in Units)
        {
            if (Bytes != 0 && Bytes % unit == 0) return string.Create(CultureInfo.InvariantCulture, $"{Bytes / unit}{suffix}");
        }

        return "0B";
    }

    private sealed class Converter : JsonConverter<ByteSize>
    {
        public override ByteSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not JsonTokenType.String) throw new JsonException($"Expected {Expected}.");
            var text = reader.GetString();
            return TryParse(text, out var size) ? size : throw new JsonException($"\"{text}\" is not {Expected}.");
        }

        public override void Write(Utf8JsonWriter writer, ByteSize value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
