using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Server.Values;

/// <summary>So many in a time, as workflow files write it: <c>"60/1m"</c>, <c>"10/s"</c>. At least one.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Rate(int Count, TimeSpan Per)
{
    public const string Pattern = "^[0-9]+/.+$", Expected = "a rate such as \"60/1m\" or \"10/1s\"";

    public static bool TryParse(string? text, out Rate rate)
    {
        rate = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash <= 0 || !int.TryParse(text.AsSpan(0, slash), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count == 0) return false;
        var per = text![(slash + 1)..];
        if (!Duration.TryParse(per.Length > 0 && char.IsAsciiLetterLower(per[0]) ? "1" + per : per, out var duration) || duration.Value <= TimeSpan.Zero) return false;
        rate = new Rate(count, duration);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}/{new Duration(Per)}");

    private sealed class Converter : JsonConverter<Rate>
    {
        public override Rate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not JsonTokenType.String) throw new JsonException($"Expected {Expected}.");
            var text = reader.GetString();
            return TryParse(text, out var rate) ? rate : throw new JsonException($"\"{text}\" is not {Expected}.");
        }

        public override void Write(Utf8JsonWriter writer, Rate value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
